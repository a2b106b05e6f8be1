"""A real photo beside its synthesized twin: which of the two is real?

    python -m survey build photos/ --models regression --design pair --output studies/pairs

slot < K: model slot, the real photo on the left; slot >= K: model slot - K, the real one right.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from survey.designs.design import Answer, Design, Presentation, Words, happens

if TYPE_CHECKING:
    from survey.comparison import Votes
    from survey.stats import Array, Interval


class Pair(Design):
    name = "pair"
    summary = "which of two"
    answers = (Answer("left", "Left", "ArrowLeft"), Answer("right", "Right", "ArrowRight"))
    believed = "answer <> truth"
    simulated_rates = (0.25 / 1.5, 0.55 / 1.5)  # the real photo beside it helps
    chance = 0.5
    reference = 0.5
    words = Words(
        question="Which of these is real?",
        how=(
            "You will see the same photo twice, side by side: once in its real colours, once in "
            "colours that a computer put in. Say on which side the real one is."
        ),
        pictures=("Left photo", "Right photo"),
        captions={"left": ("Real", "Synthesized"), "right": ("Synthesized", "Real")},
        facts="pairs",
        method="A real photo beside its synthesized twin; people say which one is real.",
        condition="What stood beside the real photo: a model's name, or catch (absurd colours)",
        truth="The right answer: the real photo's side, left or right",
        debrief=(
            "The question was how believable colours are that a computer puts into black-and-white "
            "photos. Of two images one had the photo's own colours, the other those of a model "
            "that knew only its lightness."
        ),
    )

    def presentation(self, models: Sequence[str], kind: str, slot: int) -> Presentation:
        half, model = divmod(slot, len(models))
        condition = "catch" if kind == "catch" else models[model]
        versions = (condition, "real") if half else ("real", condition)
        return Presentation(condition, versions, self.answers[half].name)

    def conditions(self, models: Sequence[str]) -> tuple[str, ...]:
        return tuple(models)

    def d_prime(self, believed: Votes, real: Votes | None) -> Interval[Array] | None:
        from survey import dprime

        return dprime.sensitivity_pair(believed)

    def ranking(self, votes: Mapping[str, Votes]) -> dict[str, float | None]:
        """Bradley–Terry strengths where the real photos have 0."""
        import numpy as np

        from survey.comparison import bradley_terry

        wins = np.zeros((len(votes) + 1, len(votes) + 1))  # the last player is the real photo
        for i, (people, _) in enumerate(votes.values()):
            wins[i, -1], wins[-1, i] = people.called.sum(), (people.shown - people.called).sum()
        strength, _, group = bradley_terry(wins)
        return {
            name: float(strength[i] - strength[-1]) if group[i] == group[-1] else None
            for i, name in enumerate(votes)
        }

    def lead(self, rates: Mapping[str, str]) -> str:
        said = ", ".join(f"{name} {rate}" for name, rate in rates.items())
        return f"Taken for the real photo beside it: {said}. At 50 % nobody could tell."

    def viewer(
        self, shown: Presentation, appeal: Callable[[str], float], rng: random.Random
    ) -> str:
        fooled = happens(appeal(shown.condition), rng)
        said = [answer.name for answer in self.answers]
        return next(name for name in said if (name == shown.truth) != fooled)
