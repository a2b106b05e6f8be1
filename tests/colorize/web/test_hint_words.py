from dataclasses import replace

import numpy as np
import pytest

from colorize.colorizer import Colorizer
from colorize.hints import Hint
from colorize.look import Look
from colorize.photo import Photo
from colorize.web.hint_words import hint_notes, palette_words, reached

RED = "#c02020"


@pytest.fixture
def look(colorizer) -> Look:
    """A photo that is dark on its left and bright on its right."""
    y, x = np.mgrid[0:64, 0:96]
    grey = np.where(x < 48, 20, 240).astype(np.uint8)
    return colorizer.look(Photo(np.dstack([grey] * 3)))


def test_a_colour_that_a_spot_can_show_is_named_and_no_more_said(look):
    (note,) = hint_notes(look, [Hint(0.9, 0.5, "#ffe8e0")])
    assert note.words.startswith("light") and note.remark == ""


def test_a_spot_that_cannot_show_a_colour_says_so(look):
    dark, bright = hint_notes(look, [Hint(0.1, 0.5, "#ffff00"), Hint(0.9, 0.5, "#0000ff")])
    assert dark.remark == "shown as near as a spot so dark can show it"
    assert bright.remark == "shown as near as a spot so bright can show it"
    assert dark.color != "#ffff00" and bright.color != "#0000ff"


def test_a_hint_without_colour_is_left_as_it_is(look):
    (note,) = hint_notes(look, [Hint(0.5, 0.5)])
    assert (note.color, note.words, note.remark) == (None, "as it is", "")
    assert hint_notes(look, []) == []


def test_a_radius_bounds_what_is_reached(look):
    free, bound = (reached(look, [Hint(0.2, 0.5, RED, radius)])[0] for radius in (1.0, 0.05))
    assert bound < 0.02 <= free


def test_a_network_that_takes_hints_itself_leaves_their_reach_open(make_model):
    colorizer = Colorizer(make_model("siggraph17"), device="cpu")
    look = colorizer.look(Photo(np.full((32, 32, 3), 120, np.uint8)))
    (note,) = hint_notes(replace(look), [Hint(0.5, 0.5, RED)])
    assert note.reach == "" and "red" in note.words


def test_a_palette_names_each_colour_once():
    hints = [Hint(0.1, 0.1, RED), Hint(0.2, 0.1, RED), Hint(0.3, 0.1), Hint(0.4, 0.1, "#4080c0")]
    first, second = palette_words(hints).split(", ")
    assert "red" in first and "blue" in second
