"""After a lost disk, and before one: the database made again from mirrors, and checked backups.

Try it: python -m survey restore studies/poster                   # from its own data/mirror/
        python -m survey restore studies/poster --hub you/votes   # from what was pushed
        python -m survey backup studies/poster --output votes-monday.db

To go back to a backup, stop the app and put the file in the place of data/votes.db.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from survey.ledger import Ledger
from survey.mirror import Record, tombstone
from survey.randomization import plan
from survey.store import Store
from survey.store_errors import StoreError

LINES_AT_ONCE = 1_000


class DamagedMirror(ValueError):
    """A mirror that cannot be read as one."""


@dataclass
class Restored:
    """What a restore found: lines read, votes that were new, and lines that do not fit."""

    lines: int = 0
    votes: int = 0
    responses: int = 0  # answers to question pages, likewise new
    torn: int = 0  # last lines cut short when a process was killed
    conflicts: int = 0  # another vote of the same participant at the same position came first


def restore(store: Store, files: Iterable[Path]) -> Restored:
    """Add the votes that the mirrors hold and the database does not; again changes nothing."""
    found, dead = Restored(), frozenset(store.transact(lambda ledger: ledger.forgotten()))
    for path in files:
        records = _read(path, store.study.sha256, found)
        while part := list(islice(records, LINES_AT_ONCE)):
            store.transact(partial(_add, records=part, found=found, dead=dead))
    store.transact(count_cells)
    return found


def backup(source: str | Path, target: str | Path) -> int:
    """Copy a database while it is in use; the number of votes in the copy, which was checked."""
    source, target = Path(source), Path(target)
    if not source.is_file():
        raise FileNotFoundError(f"{source} does not exist; there is nothing to back up.")
    if target.exists():
        raise FileExistsError(f"{target} exists; name another file for the backup.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        votes = _copy(source, part)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return votes


def _copy(source: Path, part: Path) -> int:
    with closing(sqlite3.connect(source, timeout=15)) as db, closing(sqlite3.connect(part)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise StoreError(f"{source} is damaged ({verdict}), and so would its backup be.")
        return int(copy.execute("SELECT COUNT(*) FROM votes").fetchone()[0])


def _read(path: Path, sha256: str, found: Restored) -> Iterator[Record]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                found.torn += 1
                return
            if set(line) == {" ", "\n"}:  # of somebody who was forgotten
                continue
            try:
                record = json.loads(line)
                row = record["response"] if "response" in record else record["vote"]
                study, rows = record["study"], (record["participant"], row)
                broken = not all(name.isidentifier() for row in rows for name in row)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DamagedMirror(
                    f"{path}, line {number}, is no vote ({error!r}). Take that line out, or move "
                    "the file away; the others are read then."
                ) from error
            if broken or study != sha256:
                raise DamagedMirror(
                    f"{path}, line {number}, belongs to another design; move the file away, or "
                    "keep the data of this design in a folder of its own."
                )
            found.lines += 1
            yield record


def _add(ledger: Ledger, records: list[Record], found: Restored, dead: frozenset[str]) -> None:
    for record in records:
        if dead and tombstone(str(record["participant"]["token"])) in dead:
            continue
        person = _person(ledger, record["participant"])
        if "response" in record:
            found.responses += _add_response(ledger, record["response"], person)
            continue
        vote = record["vote"] | {"id": ledger.next_vote(), "participant": person}
        known = ledger.vote(person, vote["position"])
        if known is None:
            ledger.insert("votes", vote)
            found.votes += 1
        elif known["received_at"] != vote["received_at"]:
            found.conflicts += 1


def _add_response(ledger: Ledger, copied: Record, person: int) -> int:
    """An answer to a question page, if it is not here; under its own number if that is free."""
    known = "SELECT 1 FROM responses WHERE participant = ? AND question = ?"
    if ledger.db.execute(known, (person, copied["question"])).fetchone():
        return 0
    taken = ledger.db.execute("SELECT 1 FROM responses WHERE id = ?", (copied["id"],)).fetchone()
    number = None if taken else copied["id"]
    ledger.insert("responses", copied | {"id": number, "participant": person})
    return 1


def _person(ledger: Ledger, copied: Record) -> int:
    """The participant's number here; brought up to date, or added."""
    person = ledger.person(copied["token"])
    if person is None:
        number = ledger.next_number() if ledger.has_number(copied["id"]) else copied["id"]
        sequence = " ".join(map(str, plan(ledger.study, copied["seed"])))
        ledger.insert("participants", copied | {"id": number, "plan": sequence})
        return int(number)
    if person["answered"] < copied["answered"]:
        moved = ("colour_vision", "seen_at", "answered", "finished_at")
        ledger.update_person(person["id"], **{name: copied[name] for name in moved})
        ledger.close_trial(person["id"])  # it was for a position that is answered now
    return int(person["id"])


def count_cells(ledger: Ledger) -> None:
    ledger.db.execute("UPDATE cells SET filled = 0")
    ledger.db.execute(
        """UPDATE cells SET filled = n FROM (
               SELECT slot, photo, COUNT(*) AS n FROM (
                   SELECT slot, photo FROM votes WHERE kind = 'trial'
                   UNION ALL SELECT slot, photo FROM trials WHERE reserved)
               GROUP BY slot, photo) AS shown
           WHERE cells.slot = shown.slot AND cells.photo = shown.photo"""
    )
