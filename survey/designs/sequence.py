"""A real photo and its synthesized twin, one after the other: which of the two was real?

    python -m survey build photos/ --models regression --design sequence --output studies/turns

As in a pair, but both stand in the same place, each for the whole exposure and covered after it, so
that nobody can compare them side by side: slot < K: the real photo first; slot >= K: second.
"""

from __future__ import annotations

from survey.designs.design import Answer, Words
from survey.designs.pair import Pair


class Sequence(Pair):
    name = "sequence"
    summary = "which of two, one after the other"
    answers = (
        Answer("first", "The first", "ArrowLeft"),
        Answer("second", "The second", "ArrowRight"),
    )
    images_in_turn = 2
    words = Words(
        question="Which one was real?",
        how=(
            "You will see the same photo twice, one after the other: once in its real colours, "
            "once in colours that a computer put in. Say whether the first or the second was real."
        ),
        pictures=("First photo", "Second photo"),
        captions={"first": ("Real", "Synthesized"), "second": ("Synthesized", "Real")},
        facts="pairs in sequence",
        method=(
            "A real photo and its synthesized twin, one after the other in the same place; people "
            "say which one was real."
        ),
        condition="What stood before or after the real photo: a model's name, or catch",
        truth="The right answer: when the real photo was shown, first or second",
        debrief=(
            "The question was how believable colours are that a computer puts into black-and-white "
            "photos. Of two images one had the photo's own colours, the other those of a model "
            "that knew only its lightness."
        ),
    )
