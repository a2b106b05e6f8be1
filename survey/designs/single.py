"""One image at a time: is it real or synthesized?

    python -m survey build photos/ --models regression --design single --output studies/poster

slot < K: the real photo; slot >= K: the photo in the colours of model slot - K.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from survey.designs.design import Answer, Design, Presentation, Words, happens

if TYPE_CHECKING:
    from survey.stats import Array, Tally


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
        condition = "catch" if kind == "catch" else models[model] if half else "real"
        return Presentation(condition, (condition,), self.answers[half].name)

    def conditions(self, models: Sequence[str]) -> tuple[str, ...]:
        return ("real", *models)

    def d_prime(self, believed: Tally, real: Tally | None) -> Array | None:
        from survey import stats

        return None if real is None else stats.d_prime(real, believed)

    def criterion(self, believed: Tally, real: Tally | None) -> Array | None:
        from survey import stats

        return None if real is None else stats.criterion(real, believed)

    def lead(self, rates: Mapping[str, str]) -> str:
        said = [f"{name} {rate}" for name, rate in rates.items() if name != "real"]
        real = f"; real photos {rates['real']}" if "real" in rates else ""
        return f"Called real: {', '.join(said)}{real}."

    def viewer(
        self, shown: Presentation, appeal: Callable[[str], float], rng: random.Random
    ) -> str:
        return "real" if happens(appeal(shown.condition), rng) else "synthesized"
