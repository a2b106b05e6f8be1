"""One image at a time: is it real or synthesized?

    python -m survey build photos/ --models regression --design single --output studies/poster

slot < K: the real photo; slot >= K: the photo in the colours of model slot - K, or in absurd ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from survey.designs.design import Answer, Design, Presentation, Words, happens

if TYPE_CHECKING:
    from survey.comparison import Votes
    from survey.stats import Array, Interval


class Single(Design):
    name = "single"
    summary = "one image"
    answers = (
        Answer("real", "Real", "ArrowLeft"),
        Answer("synthesized", "Synthesized", "ArrowRight"),
    )
    believed = "answer = 'real'"
    simulated_rates = (0.25, 0.55)
    chance = 0.5
    reference = None
    catch_half = 1  # absurd colours are synthesized
    is_order_free = True
    words = Words(
        question="Real or synthesized?",
        how=(
            "You will see one photo at a time. Some are real: their colours are those that the "
            "camera took. Some are synthesized: a computer put the colours in. Say which."
        ),
        pictures=("The photo to judge",),
        captions={"real": ("Real",), "synthesized": ("Synthesized",)},
        facts="one image at a time",
        method="One image at a time; people say whether it is real or synthesized.",
        reference="the rate of the real photos",
        condition="What the image was: real, a model's name, or catch (absurd colours)",
        truth="The right answer: real or synthesized",
    )

    def presentation(self, models: Sequence[str], kind: str, slot: int) -> Presentation:
        half, model = divmod(slot, len(models))
        condition = "real"
        if half:
            condition = "catch" if kind == "catch" else models[model]
        return Presentation(condition, (condition,), self.answers[half].name)

    def conditions(self, models: Sequence[str]) -> tuple[str, ...]:
        return ("real", *models)

    def d_prime(self, believed: Votes, real: Votes | None) -> Interval[Array] | None:
        from survey import dprime

        return None if real is None else dprime.sensitivity(real, believed)

    def criterion(self, believed: Votes, real: Votes | None) -> Interval[Array] | None:
        from survey import dprime

        return None if real is None else dprime.criterion(real, believed)

    def lead(self, rates: Mapping[str, str]) -> str:
        said = [f"{name} {rate}" for name, rate in rates.items() if name != "real"]
        real = f"; real photos {rates['real']}" if "real" in rates else ""
        return f"Called real: {', '.join(said)}{real}."

    def viewer(
        self, shown: Presentation, appeal: Callable[[str], float], rng: random.Random
    ) -> str:
        return "real" if happens(appeal(shown.condition), rng) else "synthesized"
