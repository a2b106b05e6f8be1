"""Forgetting a person who asks for it: rows, lines of the mirror and pushed copies.

    python -m survey forget studies/poster 5f2c…             # panel id, completion code or token
    python -m survey forget studies/poster 5f2c… --hub you/votes

What stays is a tombstone, the hash of a random token: a row of `forgotten` and a line in the mirror
that every start and every restore respects, so that no old copy brings the person back. It works
beside a running app.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from survey.ledger import Ledger, Row
from survey.mirror import TOMBSTONES, files, tombstone, tombstones, write_tombstone
from survey.protocol import completion_code
from survey.recovery import count_cells
from survey.store import Store


class UnknownPerson(ValueError):
    """Nobody here goes by that name."""


@dataclass(frozen=True)
class Forgotten:
    votes: int
    lines: int  # of the mirror
    token: str  # for the copies elsewhere; then it is to be dropped


def forget(store: Store, mirror: str | Path, name: str) -> Forgotten:
    """Remove whoever this is, everywhere on this disk; the tombstone comes first."""
    person = store.transact(lambda ledger: find(ledger, store, name))
    token = str(person["token"])
    write_tombstone(mirror, tombstone(token))
    votes = store.transact(lambda ledger: _remove(ledger, person))
    lines = sum(blank(path, token) for path in files(mirror))
    return Forgotten(votes, lines, token)


def find(ledger: Ledger, store: Store, name: str) -> Row:
    """By token, panel id or completion code."""
    person = ledger.person(name) or ledger.person_of_panel(name, store.seal.of(name))
    if person is None:
        everyone = ledger.db.execute("SELECT * FROM participants").fetchall()
        codes = {completion_code(store.study, row["token"]): row for row in everyone}
        person = codes.get(name.upper())
    if person is None:
        raise UnknownPerson(
            f"{name!r} is nobody's panel id, completion code or token in {store.path}; "
            f"`python -m survey people {store.folder}` lists who is."
        )
    return person


def respect(store: Store, mirror: str | Path) -> int:
    """Remove again whoever a backup or an older disk brought back; how many."""
    dead = set(tombstones(mirror))

    def remove(ledger: Ledger) -> int:
        for gone in dead:
            _remember(ledger, gone)
        known = {row[0] for row in ledger.db.execute("SELECT hash FROM forgotten")}
        if not known:
            return 0
        people = ledger.db.execute("SELECT * FROM participants").fetchall()
        back = [person for person in people if tombstone(person["token"]) in known]
        for person in back:
            _remove(ledger, person)
        return len(back)

    return store.transact(remove)


def _remember(ledger: Ledger, gone: str) -> None:
    """The tombstone's row; numbers given so far are not given again."""
    ledger.db.execute(
        """INSERT OR IGNORE INTO forgotten
           SELECT ?, ?, (SELECT COALESCE(MAX(id), 0) FROM votes),
                        (SELECT COALESCE(MAX(id), 0) FROM participants)""",
        (gone, time.time()),
    )


def _remove(ledger: Ledger, person: Row) -> int:
    """All rows of a person; the rules that nothing is ever deleted rest for this transaction."""
    db, number = ledger.db, person["id"]
    _remember(ledger, tombstone(person["token"]))
    db.execute("PRAGMA secure_delete = ON")  # zeros, not only free pages
    votes = _delete(db, "votes", number)
    _delete(db, "responses", number)
    db.execute("DELETE FROM trials WHERE participant = ?", (number,))
    db.execute("DELETE FROM participants WHERE id = ?", (number,))
    count_cells(ledger)
    return votes


def _delete(db: sqlite3.Connection, table: str, participant: int) -> int:
    """A person's rows of an append-only table."""
    rule = f"{table}_stay"
    (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (rule,)).fetchone()
    db.execute(f"DROP TRIGGER {rule}")
    gone = db.execute(f"DELETE FROM {table} WHERE participant = ?", (participant,)).rowcount
    db.execute(made)
    return gone


def blank(path: Path, token: str) -> int:
    """Write spaces over a person's lines; how many. Who appends here is not disturbed."""
    theirs, place = [], 0
    with path.open("r+b") as file:
        for line in file:
            if token.encode() in line and line.endswith(b"\n"):
                theirs.append((place, len(line) - 1))
            place += len(line)
        for start, length in theirs:
            file.seek(start)
            file.write(b" " * length)
    return len(theirs)


def forget_on_hub(repo: str, mirror: str | Path, token: str, key: str | None = None) -> int:
    """Blank a person's lines in a dataset, and drop its history, which still has them."""
    from survey.push import fetch, replace

    with TemporaryDirectory() as folder:
        fetch(repo, folder, key)
        changed = [path for path in files(folder) if blank(path, token)]
        contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in changed}
    for name in contents:  # what this disk has is newer
        if Path(mirror, name).is_file():
            contents[name] = Path(mirror, name).read_bytes()
    graves = list(Path(mirror).glob(TOMBSTONES))
    replace(repo, contents | {grave.name: grave.read_bytes() for grave in graves}, key)
    return len(contents)
