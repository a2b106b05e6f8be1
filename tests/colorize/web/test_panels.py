import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from colorize.colours import mean_delta_e
from colorize.web.panels import Panel, first_panel, measures_table, model_panel, poster
from colorize.web.studio import Studio

RED, GREY = np.full((20, 30, 3), (255, 0, 0), np.uint8), np.full((20, 30, 3), 90, np.uint8)


PANELS = [
    Panel("original", "Set aside.", RED, 40.0),
    Panel("rebalanced", "Vivid.", GREY, 20.0, 10.0, 0.5, 9.5),
    Panel("eccv16", "", problem="It could not be fetched."),
]


def test_the_longest_bar_is_the_largest_number():
    root = ET.fromstring(measures_table(PANELS))
    rows = root.findall("./tbody/tr")
    assert [row.findtext("th") for row in rows] == ["original", "rebalanced"]  # no missing ones
    bars = [[rect.get("width") for rect in row.iter("rect")] for row in rows]
    assert bars == [["100.0"], ["50.0", "100.0", "100.0", "100.0"]]


def test_measures_that_nobody_has_are_left_out():
    head = [th.text for th in ET.fromstring(measures_table(PANELS[:1])).findall("./thead/tr/th")]
    assert head == ["Photo", "Colour\u00adfulness"]


def test_names_are_escaped():
    assert "<b>" not in measures_table([Panel("<b>", "", RED, 1.0)])


def test_the_poster_holds_every_photo():
    panels = [Panel("red", "", RED, 1.0), Panel("none", "", problem="!"), Panel("grey", "", GREY)]
    sheet = np.asarray(poster(panels, "Two"))
    assert (sheet == (255, 0, 0)).all(-1).sum() == (sheet == 90).all(-1).sum() == 560 * 373


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 1440), (1440, 1)])
def test_the_poster_of_the_thinnest_photos_is_of_an_ordinary_size(height, width):
    thin = np.full((height, width, 3), (255, 0, 0), np.uint8)
    sheet = poster([Panel("thin", "", thin), Panel("thin again", "", thin)], "Two")
    assert (np.asarray(sheet) == (255, 0, 0)).all(-1).any()
    assert sheet.width < 1500 and sheet.height < 1500


@pytest.fixture
def studio(zoo_of_tiny_models) -> Studio:
    return Studio("cpu")


def test_a_colour_photo_comes_back_as_the_original(studio, tmp_path):
    y, x = np.mgrid[0:90, 0:120]
    pixels = np.stack((x * 2, y * 2, 255 - x * 2), -1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    path = str(tmp_path / "p.png")
    original = first_panel(path)
    assert original.name == "original" and np.array_equal(original.pixels, pixels)
    panel = model_panel(studio, path, "rebalanced")
    assert panel.distance == pytest.approx(mean_delta_e(panel.pixels, pixels))
    assert panel.seconds > 0 and 0 < panel.millions < 1


def test_a_grey_photo_has_no_original(studio, tmp_path):
    Image.fromarray(GREY).save(tmp_path / "g.png")
    path = str(tmp_path / "g.png")
    assert first_panel(path).name == "as it came"
    assert model_panel(studio, path, "regression").distance is None
