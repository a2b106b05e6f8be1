"""How a participation can end, and the code or address that a panel expects for it.

    python -m survey open studies/poster --outcome finished=C1A2B3 \\
        --outcome full=https://app.prolific.com/submissions/complete?cc=FULL

The study's own codes stand outside the frozen design, since a panel gives them when the study is
built. A finished participation without one gets a code of its own. `excluded` and `screened` end a
participation only where they have a code or an address; whoever they concern is told why.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from survey.language.wording import ENGLISH, wording
from survey.ledger import Ledger
from survey.study import Study

OUTCOMES: dict[str, str] = wording(ENGLISH)["outcomes"]  # "" where the page has said it already
LONGEST = 500


class OutcomeError(ValueError):
    """No code and no address."""


@dataclass(frozen=True)
class Ending:
    outcome: str
    sentence: str
    code: str = ""
    address: str = ""


def destination(db: sqlite3.Connection | Database, outcome: str) -> str:
    """The study's code or address for this outcome; "" if it has none."""
    known = "SELECT 1 FROM sqlite_master WHERE name = 'outcomes'"
    if db.execute(known).fetchone() is None:  # no app has opened it since there are any
        return ""
    query = "SELECT destination FROM outcomes WHERE outcome = ?"
    row = db.execute(query, (outcome,)).fetchone()
    return str(row[0]) if row else ""


def ending(db: sqlite3.Connection | Database, outcome: str, own_code: str = "") -> Ending:
    """What this participant gets; their own code where the study has none."""
    given = destination(db, outcome)
    sentence = OUTCOMES[outcome]
    if given.startswith("https://"):
        return Ending(outcome, sentence, address=given)
    return Ending(outcome, sentence, code=given or own_code)


def is_screened(
    db: sqlite3.Connection | Database, study: Study, person: Mapping[str, Any] | sqlite3.Row
) -> bool:
    """Did a person (a row) end before the first trial, by their own account of their colours?"""
    deficient = study.exclusion.colour_deficient and not person["answered"]
    deficient = deficient and person["colour_vision"] == "deficient"
    return bool(deficient and destination(db, "screened"))


def read(text: str) -> tuple[str, str]:
    """`finished=C1A2B3` in its two parts."""
    outcome, _, given = text.partition("=")
    plain = given.isprintable() and given.isascii() and " " not in given
    address = given.startswith("https://") or "://" not in given
    if outcome not in OUTCOMES or not (plain and address and 0 < len(given) <= LONGEST):
        raise OutcomeError(
            f"{text!r} is no outcome; write one of {', '.join(OUTCOMES)}, then = and a code of "
            "letters and digits or an address that begins with https://"
        )
    return outcome, given


def decide(ledger: Ledger, endings: Iterable[tuple[str, str]]) -> None:
    """Outcomes, and the code or address of each."""
    ledger.db.executemany("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", endings)
