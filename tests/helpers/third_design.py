"""A third question type, to be thrown away: which of two models' colours do you like more?

It has three answers, none of them right, two conditions a vote, and slots of pairs of models. It
shows that a type is a file with its words, and no change anywhere else.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest

from survey.designs import DESIGNS
from survey.designs.design import Answer, Design, Presentation, Words
from survey.report.evidence import Evidence
from survey.report.findings import Findings

LEFT = "CASE answer WHEN 'left' THEN 1 WHEN 'same' THEN 0.5 ELSE 0 END"


class Taste(Design):
    name = "taste"
    summary = "which of two models"
    answers = (
        Answer("left", "Left", "ArrowLeft"),
        Answer("same", "Cannot decide", "ArrowDown"),
        Answer("right", "Right", "ArrowRight"),
    )
    believed = LEFT
    simulated_rates = (0.3, 0.7)
    chance = 1 / 3
    reference = 0.5
    least_models = 2
    exposure_ms = None
    judged = 2
    is_yes_or_no = False
    has_published_figures = False
    words = Words(
        question="Which do you like more?",
        how="You will see the same photo twice, in the colours of two computers.",
        pictures=("Left photo", "Right photo"),
        captions={},
        facts="pairs of models",
        method="Two synthesized versions side by side; people say which they like more.",
        condition="The version on the left; the slot says which stood on the right",
        truth="The side without absurd colours in a catch trial; empty in all others",
        consent="You say whose colours you like. Do you agree to take part?",
        practice="The first {n} are for practice.",
        scored="From now on your answers count.",
        share="preferred",
        favoured="preferred",
        reference="neither is preferred",
    )

    def slots(self, models: Sequence[str]) -> int:
        return len(models) * (len(models) - 1)

    def versions(self, models: Sequence[str], role: str) -> tuple[str, ...]:
        return ("catch", *models) if role == "catch" else tuple(models)

    def presentation(self, models: Sequence[str], kind: str, slot: int) -> Presentation:
        half, pair = divmod(slot, self.slots(models) // 2)
        first, second = list(combinations(models, 2))[pair]
        if kind == "catch":
            first, second = "catch", first
        versions = (second, first) if half else (first, second)
        truth = ("left" if half else "right") if kind == "catch" else None
        return Presentation(versions[0], versions, truth)

    def conditions(self, models: Sequence[str]) -> tuple[str, ...]:
        return tuple(models)

    def judgements(self, models: Sequence[str]) -> str:
        shown = [
            (slot, *self.presentation(models, "trial", slot).versions)
            for slot in range(self.slots(models))
        ]
        rows = ", ".join(f"({slot}, {quoted(a)}, {quoted(b)})" for slot, a, b in shown)
        scored = "FROM votes JOIN shown USING (slot) WHERE kind = 'trial'"
        return f"""
            WITH shown (slot, a, b) AS (VALUES {rows})
            SELECT participant, photo, a AS condition, {LEFT} AS believed {scored}
            UNION ALL SELECT participant, photo, b, 1 - {LEFT} {scored}"""

    def lead(self, rates: Mapping[str, str]) -> str:
        return "Preferred: " + ", ".join(f"{name} {rate}" for name, rate in rates.items()) + "."

    def sections(self, evidence: Evidence, findings: Findings) -> list[str]:
        query = "SELECT COUNT(*) FROM votes WHERE kind = 'trial' AND answer = 'same'"
        return [f"<h2>Undecided: {evidence.db.execute(query).fetchone()[0]}</h2>"]

    def viewer(
        self, shown: Presentation, appeal: Callable[[str], float], rng: random.Random
    ) -> str:
        left, right = map(appeal, shown.versions)
        felt = left - right + rng.gauss(0, 1)
        return "same" if abs(felt) < 0.3 else "left" if felt > 0 else "right"

    def scores(self, chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.where(rng.random(chance.shape) < 0.2, 0.5, rng.random(chance.shape) < chance)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture
def taste(monkeypatch: pytest.MonkeyPatch) -> Taste:
    """The third type, as long as a test takes."""
    design = Taste()
    monkeypatch.setitem(DESIGNS, design.name, design)
    return design
