import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from colorize.bins import Grid
from colorize.web.belief import Belief
from colorize.web.belief_charts import CERTAIN, belief_chart, maps


def belief(shares: list[float] | None, original=None) -> Belief:
    centres = Grid(2).centres
    given = None if shares is None else torch.tensor(shares)
    return Belief(centres, given, 60.0, (30.0, 20.0), original)


def discs(html: str) -> list[float]:
    """The radii of the probabilities, in the order in which they are drawn."""
    second = ET.fromstring(html).findall(".//g")[1]
    return [float(disc.get("r")) for disc in second]


def test_the_area_of_a_disc_is_its_probability():
    radii = discs(belief_chart(belief([0.64, 0.0, 0.32, 0.04])))
    areas = [(radius / CERTAIN) ** 2 for radius in radii]
    assert areas == pytest.approx([0.64, 0.32, 0.04], abs=0.002)  # large ones below small ones


def test_the_list_says_what_the_chart_shows():
    html = belief_chart(belief([0.25, 0.5, 0.15, 0.1]))
    shares = [item.findtext("b") for item in ET.fromstring(html).iter("li")]
    assert shares == ["50%", "25%", "15%", "10%"]
    assert "Painted: brown" in html


def test_the_original_is_marked_if_there_is_one():
    assert 'class="original"' not in belief_chart(belief([0.25] * 4))
    assert "In the original: vivid red" in belief_chart(belief([0.25] * 4, (70.0, 40.0)))


def test_one_colour_only_is_said():
    html = belief_chart(belief(None))
    assert discs(html) == [] and "one colour only" in html


def test_the_chart_has_a_name_for_those_who_hear_it():
    svg = ET.fromstring(belief_chart(belief([0.9, 0.1, 0.0, 0.0]))).find("svg")
    assert svg.get("role") == "img" and "90%" in svg.get("aria-label")


@pytest.mark.parametrize("entropy, figures", [(torch.rand(6, 8), 3), (None, 2)])
def test_maps_are_figures_with_words(entropy, figures):
    html = maps(np.full((60, 80, 3), 128, np.uint8), entropy)
    assert html.count("<figure>") == html.count("alt=") == figures
