"""Two models' versions of one photo, side by side: whose colours do people prefer?

    python -m survey build photos/ --models regression,rebalanced,classification \
        --design preference --output studies/taste

No answer is right, but in catch trials, where absurd colours stand beside a model's. Slots are the
ordered pairs of models: slot < P: pair `slot` of the P pairs; slot >= P: pair slot - P with its
sides exchanged.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from survey.designs.design import Answer, Design, OwnFindings, Presentation, Words, happens

if TYPE_CHECKING:
    from sqlite_utils import Database

    from survey.study import Study

T = TypeVar("T")
LEFT = "CASE answer WHEN 'left' THEN 1 WHEN 'undecided' THEN 0.5 ELSE 0 END"  # won by the left
SIDE, TIE = 0.1, -0.7  # of simulated people, in logits: a fifth cannot decide between equals
SEEN = 3.5  # likewise: 97 % say at once where the absurd colours are
CONSENT = """\
You will see photos twice, side by side, in colours that two computers put in; you say which \
colours you prefer. Do you agree to take part?"""
DEBRIEF = """\
The question was which colours people like better of those that computers put into black-and-white \
photos. Both pictures showed the same photo, each in the colours of another model, which knew its \
lightness alone. A few times the colours of one side were impossible on purpose."""

CLAIMS = {
    "Preferred": "Share of the votes on a model's versions that preferred it to what stood beside "
    "it; who could not decide counts a half. It depends on the other models: the ratings do not "
    "only take the mean.",
    "Strength": "Bradley–Terry log odds against the mean of the models, with Davidson's ties "
    "(1970) and one leaning to a side for all. Variance clustered on participants and on photos "
    "(sandwich), Student's quantile for as many as the uneven ones are worth; all votes of a "
    "person together count less than 20 of different people.",
    "One ranking": "Score test of the ratings against a share of its own for every pair, clustered "
    "likewise. Where it refuses, read each pair by its own votes.",
    "Votes more": "From the variance as it is now: what people add shrinks with new people, what "
    "the photos add does not.",
}


class Preference(Design):
    name = "preference"
    summary = "which of two models is preferred"
    answers = (
        Answer("left", "Left", "ArrowLeft"),
        Answer("undecided", "Cannot decide", "ArrowDown"),
        Answer("right", "Right", "ArrowRight"),
    )
    believed = LEFT
    simulated_rates = (0.38, 0.62)
    chance = 1 / 3
    reference = 0.5
    least_models = 2
    exposure_ms = None
    practice = 3
    pairings = ("balanced", "uncertain")
    judged = 2
    is_yes_or_no = False
    shows_real = False
    has_published_figures = False
    words = Words(
        question="Which colours do you prefer?",
        how=(
            "You will see the same photo twice, side by side, in the colours of two computers. "
            "Say on which side you like the colours better. Nothing is right or wrong here."
        ),
        pictures=("Left photo", "Right photo"),
        captions={},
        facts="pairs of models",
        method="Two synthesized versions of a photo side by side; people say whose colours they "
        "prefer, or that they cannot decide.",
        condition="The version on the left: a model's name, or catch (absurd colours)",
        truth="The side without absurd colours in a catch trial; empty in all others",
        columns={
            "left": "The version on the left: a model's name, or catch (absurd colours)",
            "right": "The version on the right, likewise",
        },
        consent=CONSENT,
        practice="The first {n} are to get used to it; they do not count.",
        scored="From now on your answers count. Answer with your first impression.",
        debrief=DEBRIEF,
        share="preferred",
        favoured="preferred",
        reference="as often preferred as not",
        tests="The strengths of every two models, by Bradley and Terry with Davidson's ties: the "
        "95 % interval of their difference, for people and photos like these, excludes 0 or not; "
        "and whether one ranking explains all pairs (score test, 5 %).",
        claims=CLAIMS,
    )

    def slots(self, models: Sequence[str]) -> int:
        return len(models) * (len(models) - 1)

    def versions(self, models: Sequence[str], role: str) -> tuple[str, ...]:
        return ("catch", *models) if role == "catch" else tuple(models)

    def presentation(self, models: Sequence[str], kind: str, slot: int) -> Presentation:
        half, pair = divmod(slot, self.slots(models) // 2)
        versions = pairs(models)[pair]
        if kind == "catch":
            versions = ("catch", versions[1])
        versions = versions[::-1] if half else versions
        truth = ("left" if half else "right") if kind == "catch" else None
        return Presentation(versions[0], versions, truth)

    def next_slot(
        self, models: Sequence[str], half: int, cast: Mapping[tuple[int, str], int], seed: list[int]
    ) -> int:
        """Of the pair where a vote makes the ratings surest; the half says who stands left."""
        from survey.preference.pairing import next_pair
        from survey.preference.votes import counted

        met = set(next_pair(counted(self, models, cast), seed))
        number = next(n for n, pair in enumerate(pairs(range(len(models)))) if set(pair) == met)
        return half * (self.slots(models) // 2) + number

    def conditions(self, models: Sequence[str]) -> tuple[str, ...]:
        return tuple(models)

    def judgements(self, models: Sequence[str]) -> str:
        """Each vote judges both versions; who cannot decide gives each a half."""
        shown = [self.presentation(models, "trial", slot) for slot in range(self.slots(models))]
        sides = (", ".join(map(_quoted, one.versions)) for one in shown)
        rows = ", ".join(f"({slot}, {two})" for slot, two in enumerate(sides))
        scored = "FROM votes JOIN shown USING (slot) WHERE kind = 'trial'"
        return f"""
            WITH shown (slot, one, other) AS (VALUES {rows})
            SELECT participant, photo, one AS condition, {LEFT} AS believed {scored}
            UNION ALL SELECT participant, photo, other, 1 - {LEFT} {scored}"""

    def find(self, db: Database, study: Study, left_out: Sequence[int]) -> OwnFindings | None:
        from survey.report.preference import Preferences

        return Preferences.of(db, study, left_out)

    def lead(self, rates: Mapping[str, str]) -> str:
        said = ", ".join(f"{name} {rate}" for name, rate in rates.items())
        return f"Preferred to the version beside it: {said}. At 50 % neither is."

    def viewer(
        self, shown: Presentation, appeal: Callable[[str], float], rng: random.Random
    ) -> str:
        """By Davidson's model of ties; see survey/preference/bradley_terry.py."""
        if shown.truth and happens(SEEN, rng):
            return shown.truth
        left, right = map(appeal, shown.versions)
        half = (left - right + SIDE) / 2
        weights = [math.exp(half), math.exp(TIE), math.exp(-half)]
        return rng.choices([answer.name for answer in self.answers], weights)[0]


def pairs(models: Sequence[T]) -> list[tuple[T, T]]:
    """Every two models, from left to right; each about as often on one side as on the other."""
    return [
        (models[i], models[j]) if (j - i) % 2 else (models[j], models[i])
        for i, j in combinations(range(len(models)), 2)
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
