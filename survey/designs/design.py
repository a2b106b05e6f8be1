"""A question type: what is shown, what may be answered, what that counts as, and its words.

    python -c "from survey.designs import DESIGNS; print(*DESIGNS)"

Whatever of a study depends on its type is asked of the one object of that type: the plan and the
simulation as well as the database, the pages and the report.

A study of K models shows each photo in *slots* (see survey/randomization.py). What stands in a
slot is a `Presentation`: the versions to show, from left to right, and which answer is right, if
any is. A version is 'real', 'catch' (absurd colours) or a model's name. The *condition* of a vote
is the one version that it judges first of all.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # what reports and power need brings scipy: not for a vote
    import numpy as np
    from sqlite_utils import Database

    from survey.comparison import Votes
    from survey.report.evidence import Evidence
    from survey.report.findings import Findings
    from survey.report.tables import Table
    from survey.stats import Array, Interval
    from survey.study import Study

SIGNS = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓"}
CONSENT = """\
You will see photos for a short time. Some have their original colours, others were coloured by a \
computer; you say which. Do you agree to take part?"""
DEBRIEF = """\
The question was how believable colours are that a computer puts into black-and-white photos. Some \
photos had their own colours, the others those of a model that knew only their lightness."""


@dataclass(frozen=True)
class Answer:
    """Something that people may say: as it is recorded, on its button, and by which key."""

    name: str
    label: str
    key: str  # as browsers call it: KeyboardEvent.key

    @property
    def sign(self) -> str:
        """What is on the key."""
        return SIGNS.get(self.key, self.key.upper())


@dataclass(frozen=True)
class Presentation:
    """What stands in a slot."""

    condition: str
    versions: tuple[str, ...]  # to show, from left to right
    truth: str | None  # the right answer; None: there is none


@dataclass(frozen=True)
class Words:
    """What people and readers of a report are told; nothing here tells one trial's truth."""

    question: str  # unless the study asks in its own words
    how: str  # before the first trial
    pictures: tuple[str, ...]  # each image, for those who cannot see it
    captions: Mapping[str, tuple[str, ...]]  # under the images in practice, by the truth
    facts: str  # in a report's first line
    method: str  # in a report's description of the study
    condition: str  # what the column of this name holds
    truth: str  # likewise
    consent: str = CONSENT  # unless the study has its own
    practice: str = "The first {n} are for practice: you will be told the truth after each one."
    debrief: str = DEBRIEF  # likewise, when all is answered
    scored: str = (
        "You will no longer hear whether you were right; your score comes at the end. Nobody is "
        "sure every time: answer with your first impression."
    )
    share: str = "called real"  # what a rate is the share of
    favoured: str = "believed"  # what the photos with the highest rates are
    reference: str = "nobody could tell"  # what a report's dashed line marks
    tests: str = ""  # what a study's plan says is tested, where differences of shares are not
    claims: Mapping[str, str] = field(default_factory=dict)  # what the report's own numbers claim
    columns: Mapping[str, str] = field(default_factory=dict)  # each image's, in exported votes


class OwnFindings(Protocol):
    """What only one question type finds."""

    def sections(self) -> list[str]: ...  # of a report, before the rates: HTML

    def tables(self) -> list[Table]: ...  # for CSV files


class Design(ABC):
    """One question type. Methods get the models of the study, as it names them, in its order."""

    name: str  # in study.json
    summary: str  # among others, in a few words
    answers: tuple[Answer, ...]  # from left to right on the screen
    words: Words
    believed: str  # SQL: 1 where a row of `votes` favours its condition, 0 where not
    simulated_rates: tuple[float, float]  # favoured share of the first and the last model
    chance: float  # share right of those who guess
    reference: float | None  # share at which nobody could tell; None: that of the real photos
    least_models = 1
    exposure_ms: int | None = 1000  # of `survey build`, unless told otherwise; so is `practice`
    practice: int = 10
    images_in_turn = 1  # 2: a trial's images stand in one place, one after the other
    catch_half: int | None = None  # of all catch trials without `real_catches`; None: both
    is_order_free = False  # the answers are no places, so that keys may change their meanings
    pairings: tuple[str, ...] = ("balanced",)  # ways to choose which models meet
    judged = 1  # conditions that one vote judges
    is_yes_or_no = True  # each judgement is 0 or 1, so that differences can be tested by shuffling
    shows_real = True  # the photos' own colours are shown, so they need some
    has_published_figures = True  # from studies that asked what is real

    # What is shown

    @abstractmethod
    def presentation(self, models: Sequence[str], kind: str, slot: int) -> Presentation:
        """What stands in this slot in a trial of this kind: practice, trial or catch."""

    def slots(self, models: Sequence[str]) -> int:
        """Number of slots; the plan draws from their two halves equally often."""
        return 2 * len(models)

    def versions(self, models: Sequence[str], role: str) -> tuple[str, ...]:
        """The versions that a photo of this role is made in."""
        return ("real", "catch") if role == "catch" else ("real", *models)

    def next_slot(
        self, models: Sequence[str], half: int, cast: Mapping[tuple[int, str], int], seed: list[int]
    ) -> int:
        """The slot of this half to show next, by the votes so far (of each slot and answer).

        Asked where pairs of models are 'uncertain'. The same votes and seed give the same slot.
        """
        raise NotImplementedError(f"{self.name!r} leaves no choice of pairs.")

    # What it counts as

    @abstractmethod
    def conditions(self, models: Sequence[str]) -> tuple[str, ...]:
        """Whatever scored votes judge, in the order of a report."""

    def judgements(self, models: Sequence[str]) -> str:
        """SQL: participant, photo, condition and believed (0 to 1) of each judgement scored."""
        columns = f"participant, photo, condition, {self.believed} AS believed"
        return f"SELECT {columns} FROM votes WHERE kind = 'trial'"

    def d_prime(self, believed: Votes, real: Votes | None) -> Interval[Array] | None:
        """How well the crowd tells this condition apart; None where it has no meaning."""
        return None

    def criterion(self, believed: Votes, real: Votes | None) -> Interval[Array] | None:
        """How the crowd leans to one answer; None where it has no meaning."""
        return None

    def ranking(self, votes: Mapping[str, Votes]) -> dict[str, float | None]:
        """Strength of each model in log odds; None if not finite; empty without a ranking."""
        return {}

    def find(self, db: Database, study: Study, left_out: Sequence[int]) -> OwnFindings | None:
        """What only this type finds in the votes of all but these people."""
        return None

    # What a report says

    @abstractmethod
    def lead(self, rates: Mapping[str, str]) -> str:
        """The finding in a sentence; `rates` are percentages by condition."""

    def sections(self, evidence: Evidence, findings: Findings) -> list[str]:
        """Parts of a report (HTML) that no other type has."""
        return []

    # How simulated people answer

    @abstractmethod
    def viewer(
        self, shown: Presentation, appeal: Callable[[str], float], rng: random.Random
    ) -> str:
        """The answer of somebody to whom each version has this appeal, in logits."""

    def scores(self, chance: Array, rng: np.random.Generator) -> Array:
        """Judgements (0 to 1) of what is favoured with these chances, for `survey power`."""
        return (rng.random(chance.shape) < chance).astype(float)


def happens(logit: float, rng: random.Random) -> bool:
    """Chance decides, with these log odds."""
    return rng.random() < 1 / (1 + math.exp(-logit))
