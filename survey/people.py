"""The people of a study, as its researcher needs them: to approve, to pay, to ask who left.

python -m survey people studies/poster
python -m survey people studies/poster --csv > people.csv
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from survey.outcomes import destination, ending, is_screened
from survey.protocol import completion_code
from survey.report.evidence import open_evidence
from survey.report.exclusion import flagged, sentences
from survey.report.safe_csv import write_sheet
from survey.study import Study


@dataclass(frozen=True)
class Person:
    participant: int
    panel_id: str | None
    panel_details: dict[str, str]  # what else the panel's link said, by parameter
    code: str  # "" until they have the end page
    state: str  # finished | last questions | screened out | under way
    minutes: float  # from consent to the last that was heard of them
    rules: dict[str, bool]  # each rule in force, and whether they keep it


def people(source: str | Path, data: str | Path | None = None) -> list[Person]:
    """Everyone who consented, in the order of their coming."""
    with open_evidence(source, data) as evidence:
        return list(_people(evidence.db, evidence.study))


def _people(db: Database, study: Study) -> Iterable[Person]:
    flags, rules = flagged(db, study), tuple(sentences(study.exclusion))
    for row in db.query("SELECT * FROM participants ORDER BY id"):
        finished, state = row["finished_at"] is not None, _state(db, study, row)
        broken = flags.get(row["id"], () if finished else _of_unfinished(study, row))
        yield Person(
            participant=row["id"],
            panel_id=row["panel_id"],
            panel_details=json.loads(row.get("panel_details") or "{}"),
            code=_code(db, study, row["token"], state, broken),
            state=state,
            minutes=round((row["seen_at"] - row["begun_at"]) / 60, 1),
            rules={rule: rule not in broken for rule in rules},
        )


def _state(db: Database, study: Study, row: dict[str, Any]) -> str:
    if is_screened(db, study, row):
        return "screened out"
    if row["finished_at"] is None:
        return "under way"
    query = "SELECT COUNT(*) FROM responses WHERE participant = ? AND page = 'after'"
    left = study.after and not db.execute(query, (row["id"],)).fetchone()[0]
    return "last questions" if left else "finished"


def _of_unfinished(study: Study, row: dict[str, Any]) -> tuple[str, ...]:
    """The rules that somebody breaks who has no scored vote."""
    deficient = study.exclusion.colour_deficient and row["colour_vision"] == "deficient"
    return ("unfinished", "colour_vision") if deficient else ("unfinished",)


def _code(db: Database, study: Study, token: str, state: str, broken: tuple[str, ...]) -> str:
    """What the person was given at the end: a code, or the address of the panel."""
    if state not in ("finished", "screened out"):
        return ""
    outcome = "excluded" if broken and destination(db, "excluded") else "finished"
    outcome = "screened" if state == "screened out" else outcome
    given = ending(db, outcome, completion_code(study, token))
    return given.code or given.address


def as_rows(persons: Iterable[Person]) -> list[dict[str, Any]]:
    """For a table: a column for each rule, 'kept' or 'broken', and for each detail of the panel."""
    everyone = list(persons)
    details = list(dict.fromkeys(name for person in everyone for name in person.panel_details))
    rows = []
    for person in everyone:
        row = asdict(person)
        rules, said = row.pop("rules"), row.pop("panel_details")
        row |= {rule: "kept" if kept else "broken" for rule, kept in rules.items()}
        rows.append(row | {(f"panel {n}" if n in row else n): said.get(n) for n in details})
    return rows


def as_csv(persons: Iterable[Person]) -> str:
    """For a spreadsheet; what a panel or a person wrote is no formula there."""
    rows, text = as_rows(persons), io.StringIO(newline="")
    if rows:
        write_sheet(text, rows[0], (row.values() for row in rows))
    return text.getvalue()


def as_table(persons: Iterable[Person]) -> str:
    """For a terminal, which what a panel sent cannot command."""
    rows = as_rows(persons)
    if not rows:
        return "Nobody has consented yet."
    lines = [list(rows[0])] + [[_plain(cell) for cell in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _plain(cell: object) -> str:
    return "" if cell is None else "".join(c if c.isprintable() else "?" for c in str(cell))
