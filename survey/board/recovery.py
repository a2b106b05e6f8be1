"""A board's votes as its mirror keeps them, and the database made again from these lines.

    from survey.board.store import BoardStore
    print(BoardStore("studies/board").restored)     # what the database lacked came from its mirror

A line says all of its vote, with its voter and the lineup it was drawn from:

    {"voter": {"token": "3f…", …}, "lineup": {"models": "[…]", …}, "vote": {"id": 96, …}}
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from survey.board.ledger import BoardLedger
from survey.mirror import Record
from survey.store_errors import StoreError

COLUMNS = {
    "voter": ("token", "begun_at"),
    "lineup": ("models", "since"),
    "vote": (
        *("id", "voter", "photo", "first", "second", "answer", "response_ms", "network"),
        *("lineup", "drawn", "after", "shown_at", "received_at"),
    ),
}
LINES = """
SELECT votes.*, token, begun_at, models, since FROM votes
JOIN voters ON voters.id = voter JOIN lineups ON lineups.id = lineup
WHERE votes.id > ? ORDER BY votes.id LIMIT ?"""


def lines(db: sqlite3.Connection, after: int, most: int) -> list[Record]:
    """The votes after this one, as the mirror keeps them."""
    rows = db.execute(LINES, (after, most)).fetchall()
    return [{part: {c: row[c] for c in names} for part, names in COLUMNS.items()} for row in rows]


def restore(ledger: BoardLedger, mirrors: Iterable[Path]) -> int:
    """Add the votes that the mirrors hold and the database does not; how many they were."""
    added = 0
    known = {(vote["voter"], vote["received_at"]) for vote in ledger.votes()}
    for line in sorted(chain(*map(read, mirrors)), key=lambda line: int(line["vote"]["id"])):
        vote, voter = line["vote"], ledger.voter(line["voter"]["token"])
        vote["voter"] = voter["id"] if voter else ledger.insert("voters", line["voter"])
        if (vote["voter"], vote["received_at"]) in known:
            continue
        models, since = line["lineup"].values()
        vote["lineup"] = ledger.lineup(json.loads(models), since)
        vote["id"] = None if ledger.has_vote(vote["id"]) else vote["id"]
        ledger.insert("votes", vote)
        known.add((vote["voter"], vote["received_at"]))
        added += 1
    return added


def read(path: Path) -> Iterator[Record]:
    """The whole lines of a mirror's file; a kill may have torn the last."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                return
            try:
                said = json.loads(line)
                yield {part: {c: said[part][c] for c in names} for part, names in COLUMNS.items()}
            except (ValueError, KeyError, TypeError) as error:
                raise StoreError(
                    f"{path}, line {number}, is no vote of a board ({error!r}). Take that line "
                    "out, or move the file away; the others are read then."
                ) from error
