"""What happens at the pins, called as Gradio calls it."""

import json
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from colorize.web.hints_section import (
    FEW_OTHERS,
    NOTHING_ALIKE,
    ONE_COLOUR,
    HintsHandlers,
    loan_sentence,
    versions_sentence,
)
from colorize.web.studio import Studio
from colorize.web.widgets import Hints

USUAL = ("rebalanced", 0.4, 1.0)
RED = '[{"x": 0.5, "y": 0.5, "color": "#c02020"}]'


@pytest.fixture
def hand(zoo_of_tiny_models) -> HintsHandlers:
    return HintsHandlers(Studio("cpu"))


def told(widget: Hints, name: str):
    """What an answer changes of the widget."""
    return widget.constructor_args[name]


def test_each_pin_has_its_words(hand, rose):
    (note,) = told(hand.notes(rose, *USUAL, RED), "notes")
    assert note["hint"]["color"] == "#c02020" and note["words"] and note["reach"]
    assert told(hand.notes(rose, *USUAL, ""), "notes") == []
    assert told(hand.notes(None, *USUAL, RED), "notes") == []


def test_a_spot_is_answered_with_what_the_model_held_possible(hand, rose):
    said = told(hand.ask(rose, *USUAL, "", SimpleNamespace(x=0.25, y=1)), "spot")
    assert (said["x"], said["y"]) == (0.25, 1) and said["offers"]
    assert sum(offer["share"] for offer in said["offers"]) <= 1.001
    sure = hand.ask(rose, "regression", 0.4, 1.0, "", SimpleNamespace(x=0.25, y=1))
    assert told(sure, "spot")["offers"] == []


@pytest.mark.parametrize("sent", [{}, {"x": 2, "y": 0}, {"x": "a", "y": 0}, {"x": 0.5, "y": None}])
def test_a_place_outside_is_a_sentence(hand, rose, sent):
    with pytest.raises(gr.Error, match="must be a number from 0 to 1"):
        hand.ask(rose, *USUAL, "", SimpleNamespace(**sent))


def test_a_file_is_checked_and_taken_again(hand):
    event = SimpleNamespace(text=RED, name="dress.json")
    first, again = (told(hand.load(event), "loaded") for _ in range(2))
    assert json.loads(first["hints"]) == json.loads(RED)
    assert "dress.json" in first["words"] and first != again  # both are news to the page
    for text in ("", "[1]", '{"version": 7}', None):
        with pytest.raises(gr.Error, match="hints|Hint"):
            hand.load(SimpleNamespace(text=text, name="x.json"))


def test_versions_are_hints(hand, rose):
    found = hand.versions(rose, *USUAL, "")
    assert found["photo"] == rose and found["versions"]
    assert all(json.loads(version["hints"]) for version in found["versions"])
    assert hand.versions(rose, "regression", 0.4, 1.0, "")["sentence"] == ONE_COLOUR


def test_fewer_versions_are_explained():
    assert [versions_sentence(n, True) for n in range(4)] == [*FEW_OTHERS, ""]


def test_the_same_photo_lends_everywhere(hand, rose):
    loan = hand.borrow(rose, *USUAL, "", rose, 1.0)
    assert len(loan["pairs"]) == len(json.loads(loan["hints"]))
    assert loan["sentence"].startswith("All ")
    assert hand.borrow(rose, *USUAL, "", None, 1.0) is None


def test_a_reference_that_cannot_lend_is_a_sentence_in_its_place(hand, rose, tmp_path: Path):
    Image.new("L", (40, 40), 90).save(tmp_path / "grey.png")
    (tmp_path / "letter.png").write_text("Dear all")
    for name, words in (("grey.png", "it has no colours to give"), ("letter.png", "letter.png")):
        loan = hand.borrow(rose, *USUAL, "", str(tmp_path / name), 1.0)
        assert words in loan["sentence"] and "hints" not in loan


def test_a_loan_says_how_much_was_taken():
    assert loan_sentence(0, 30) == NOTHING_ALIKE
    assert loan_sentence(12, 30).startswith("12 of 30 places")
    assert "others" not in loan_sentence(30, 30)
