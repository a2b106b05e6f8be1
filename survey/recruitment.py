"""Whom a study still takes, and who may see its results: what may change after the first vote.

    python -m survey pause studies/poster                # those under way go on, nobody else begins
    python -m survey open studies/poster --target 60     # and more people than were planned
    python -m survey close studies/poster --results 2027-01-31

These decisions stand outside the frozen design, each with its time, in the table `changes`. They
are read whenever somebody comes, so a running app follows them at once.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlite_utils import Database

from survey.ledger import Ledger
from survey.report.exclusion import flagged
from survey.study import Study

STATES = ("open", "paused", "closed")
RESULTS = ("complete", "operator", "everyone")


class SettingError(ValueError):
    """A value that a setting cannot have; the text says which it can."""


@dataclass(frozen=True)
class Recruitment:
    """What holds now."""

    state: str  # open | paused | closed
    target: int  # valid finishers, then the study is full; 0: no limit
    results: (
        str  # open to everyone: when complete | never (operator) | now | from a day, YYYY-MM-DD
    )

    @classmethod
    def of(cls, db: sqlite3.Connection | Database, study: Study) -> Recruitment:
        """The design's own values, or what they were last changed to."""
        decided = {change.setting: change.value for change in changes(db)}
        return cls(
            state=decided.get("state", "open"),
            target=int(decided.get("target", study.target)),
            results=decided.get("results", "complete"),
        )

    def is_complete(self, valid: int) -> bool:
        """Has it as many valid finishers as it wants, or was it closed?"""
        return self.state == "closed" or valid >= self.target > 0

    def are_results_open(self, valid: int, now: float) -> bool:
        if self.results in ("operator", "everyone"):
            return self.results == "everyone"
        if self.results == "complete":
            return self.is_complete(valid)
        return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}" >= self.results


@dataclass(frozen=True)
class Change:
    setting: str
    value: str
    changed_at: float


def changes(db: sqlite3.Connection | Database) -> list[Change]:
    """All of them, the first one first; a database that no app has opened since has none."""
    known = "SELECT 1 FROM sqlite_master WHERE name = 'changes'"
    if db.execute(known).fetchone() is None:
        return []
    rows = db.execute("SELECT setting, value, changed_at FROM changes ORDER BY id").fetchall()
    return [Change(*row) for row in rows]


def change(ledger: Ledger, setting: str, value: str, now: float | None = None) -> None:
    """Decide anew, if this is possible."""
    sentence = _fault(setting, value)
    if sentence:
        raise SettingError(sentence)
    now = time.time() if now is None else now
    ledger.insert("changes", {"setting": setting, "value": value, "changed_at": now})


def decide(ledger: Ledger, decided: dict[str, str]) -> Recruitment:
    """Change what is different now; what holds then."""
    before = Recruitment.of(ledger.db, ledger.study)
    for setting, value in decided.items():
        if value != str(getattr(before, setting, None)):
            change(ledger, setting, value)
    return Recruitment.of(ledger.db, ledger.study)


def _fault(setting: str, value: str) -> str:
    """What is wrong with this value; "" if nothing is."""
    if setting == "state":
        return "" if value in STATES else f"state is {value!r}; use {', '.join(STATES)}."
    if setting == "target":
        good = value.isascii() and value.isdigit() and len(value) < 10
        return "" if good else f"target is {value!r}; use a number of people, 0 for no limit."
    if setting != "results":
        return f"{setting!r} cannot be changed; state, target and results can."
    try:
        good = value in RESULTS or date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    return "" if good else f"results is {value!r}; use {', '.join(RESULTS)} or a day, YYYY-MM-DD."


@dataclass(frozen=True)
class Finishers:
    valid: int  # finished, and break none of the rules of exclusion
    invalid: int


class ValidFinishers:
    """Counts them; anew only when there are more votes, since what a vote says never changes."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._counted: tuple[tuple[int, ...], Finishers] | None = None

    def among(self, db: sqlite3.Connection) -> Finishers:
        query = """SELECT (SELECT COUNT(finished_at) FROM participants),
                          (SELECT COUNT(*) FROM votes), (SELECT MAX(id) FROM votes)"""
        state = tuple(db.execute(query).fetchone())
        counted = self._counted
        if counted is None or counted[0] != state:
            counted = self._counted = (state, count_finishers(Database(db), self._study))
        return counted[1]


def count_finishers(db: Database, study: Study) -> Finishers:
    finished = db.execute("SELECT id FROM participants WHERE finished_at IS NOT NULL").fetchall()
    flags = flagged(db, study)
    valid = sum(not flags.get(participant) for (participant,) in finished)
    return Finishers(valid, len(finished) - valid)


def people_added(db: Database, study: Study) -> list[str]:
    """A sentence for each time the target was raised after the first vote."""
    (first,) = db.execute("SELECT MIN(received_at) FROM votes").fetchone()
    target, said = study.target, []
    for made in changes(db):
        if made.setting != "target":
            continue
        before, target = target, int(made.value)
        if first is None or made.changed_at < first or not _is_more(target, before):
            continue
        query = "SELECT COUNT(*) FROM participants WHERE finished_at <= ?"
        (finished,) = db.execute(query, (made.changed_at,)).fetchone()
        day = f"{datetime.fromtimestamp(made.changed_at, UTC):%Y-%m-%d}"
        said.append(
            f"On {day}, when {finished} participants had finished, the target was changed from "
            f"{_people(before)} to {_people(target)}: people were added after the first vote."
        )
    return said


def _is_more(target: int, before: int) -> bool:
    return before > 0 and (target == 0 or target > before)


def _people(target: int) -> str:
    return f"{target} people" if target else "no limit"
