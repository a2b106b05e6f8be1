"""A study's database: opening it, and every statement that changes it.

Columns are told in survey/schema.py, who may do what in survey/protocol.py. To look inside:

    from survey.store import read_only
    read_only("studies/poster/data/votes.db").query("SELECT condition, COUNT(*) FROM votes …")

A study's folder holds study.json (frozen design), manifest.json (which image is which; never
served), stimuli/ (images with random names) and data/: votes.db and mirror/, unless the data are
kept elsewhere.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from survey import manifest
from survey.ledger import Ledger
from survey.mirror import Mirror, Record
from survey.panel import PanelSeal
from survey.randomization import latin_list
from survey.schema import migrations
from survey.store_errors import StoreError, damaged, explained
from survey.study import DesignError, Study
from survey.writer import Writer

T = TypeVar("T")
DATABASE = "votes.db"
DATA = "data"
COPIES_AT_ONCE = 1_000
PATIENCE_S = 15.0  # with another program that holds the database
PERSON = (  # what the mirror keeps of a participant; the seed tells more
    *("id", "token", "seed", "list", "panel_id", "panel_details", "colour_vision", "begun_at"),
    *("seen_at", "answered", "finished_at"),
)
COPIED = {"votes": "vote", "responses": "response"}  # table: what the mirror calls a row of it


def connect(path: str | Path, *, durable: bool = True) -> sqlite3.Connection:
    """A connection for the writer: every commit reaches the disk, every reference is checked."""
    db = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA recursive_triggers = ON")  # or REPLACE slips past the DELETE trigger
    except sqlite3.Error:
        db.close()
        raise
    return db


def read_only(path: str | Path) -> Database:
    """The votes for reading, beside a running study; close it when done."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} does not exist; has the study been opened?")
    db = sqlite3.connect(path, timeout=PATIENCE_S)
    db.execute("PRAGMA query_only = ON")
    return Database(db)


def check_integrity(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that a disk or a program spoiled."""
    (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise StoreError(damaged(path, verdict))


def last_row(db: sqlite3.Connection, table: str) -> int:
    """The number of a table's newest row; 0: none."""
    (newest,) = db.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()
    return int(newest)


def _copies(mirror: Mirror) -> dict[str, int]:
    """The newest row of each table that has its line."""
    return {"votes": mirror.last_id(), "responses": mirror.last_response()}


class Store:
    """One study's database and its one writer, in one process."""

    def __init__(
        self,
        folder: str | Path,
        data: str | Path | None = None,
        *,
        mirror: Mirror | None = None,
        durable: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self.study = Study.load(folder)
        self._stimuli = self.folder / manifest.STIMULI
        self.path = Path(data or self.folder / DATA, DATABASE)
        self.seal = PanelSeal(self.path.parent)
        self._mirror: Mirror | None = None
        self._mirrored = dict.fromkeys(COPIED, 0)  # the newest row of each that has its copy
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = connect(self.path, durable=durable)
            self._open()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(explained(error, self.path)) from error
        self._writer = Writer(self._db, self._copy_rows)
        if mirror:
            self.copy_to(mirror)

    def transact(self, work: Callable[[Ledger], T]) -> T:
        """Do this in a transaction; back when it is on the disk and its votes in the mirror."""
        return self._writer.run(lambda: work(self._ledger))

    def copy_to(self, mirror: Mirror) -> None:
        """Keep a copy of every vote there: of those that have none yet, and of all to come."""

        def begin() -> None:  # the copying follows the transaction
            for table, copied in _copies(mirror).items():
                self._mirrored[table] = min(copied, last_row(self._db, table))
            self._mirror = mirror

        try:
            self._writer.run(begin)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StoreError(explained(error, self.path)) from error

    def lacks(self, mirror: Mirror) -> bool:
        """Were votes or answers lost here of which there are copies?"""
        have = self._writer.run(lambda: {table: last_row(self._db, table) for table in COPIED})
        return any(copied > have[table] for table, copied in _copies(mirror).items())

    def image(self, file: str) -> bytes:
        return (self._stimuli / file).read_bytes()

    def close(self) -> None:
        """Finish what was begun, then close the database and the mirror."""
        self._writer.close()
        self._db.close()
        if self._mirror:
            self._mirror.close()

    def _open(self) -> None:
        """Take the database into use, once it is known to be sound and of this design."""
        try:
            check_integrity(self._db, self.path)
            migrations.apply(Database(self._db))
            self._ledger = Ledger(self._db, self.study)
            self._check_design()
        except BaseException:
            self._db.close()
            raise

    def _check_design(self) -> None:
        """Take in a design that is new here; refuse it where there are votes on another."""
        row = self._db.execute("SELECT sha256 FROM study").fetchone()
        if row and row["sha256"] == self.study.sha256:
            return
        counts = "SELECT (SELECT COUNT(*) FROM votes) + (SELECT COUNT(*) FROM responses)"
        (votes,) = self._db.execute(counts).fetchone()
        if votes:
            raise DesignError(
                f"{self.path} holds {votes} votes on another design than {self.folder} now has. "
                "Undo the change, or make a new version of the study in a folder of its own; if "
                f"those votes were only a try, move {self.path.parent} away."
            )
        self._take_in(manifest.load(self.folder, self.study))

    def _take_in(self, photos: list[manifest.Row]) -> None:
        """Load this design; one that was here before had no votes and goes."""
        study = {"id": 1, "sha256": self.study.sha256, "opened_at": time.time()}
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for table in (
                "trials",
                "answers",
                "participants",
                "changes",
                "cells",
                "stimuli",
                "photos",
                "study",
            ):
                self._db.execute(f"DELETE FROM {table}")
            self._ledger.insert("study", study | {"design": json.dumps(asdict(self.study))})
            for answer in self.study.answers:
                self._ledger.insert("answers", {"answer": answer})
            for photo in photos:
                self._take_in_photo(photo)
            self._take_in_cells([photo["id"] for photo in photos if photo["role"] == "trial"])
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _take_in_photo(self, photo: manifest.Row) -> None:
        row = {name: photo[name] for name in ("id", "role", "name")}
        self._ledger.insert("photos", row)
        for condition, image in photo["images"].items():
            self._ledger.insert("stimuli", {"photo": photo["id"], "condition": condition} | image)

    def _take_in_cells(self, photos: list[int]) -> None:
        for rank, photo in enumerate(photos):
            for slot in range(self.study.slots):
                cell = {"list": latin_list(self.study, slot, rank), "slot": slot, "photo": photo}
                condition = self.study.presentation("trial", slot).condition
                self._ledger.insert("cells", cell | {"condition": condition})

    def _copy_rows(self) -> None:
        """Bring the mirror up to what was committed last."""
        for table in COPIED if self._mirror else ():
            self._copy(table)

    def _copy(self, table: str) -> None:
        query = f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT {COPIES_AT_ONCE}"
        while self._mirror:
            rows = self._db.execute(query, (self._mirrored[table],)).fetchall()
            if rows:
                records = (self._record(COPIED[table], row) for row in rows)
                self._mirror.write([record for record in records if record])
                self._mirrored[table] = rows[-1]["id"]
            if len(rows) < COPIES_AT_ONCE:
                return

    def _record(self, name: str, row: sqlite3.Row) -> Record | None:
        """A row as the mirror keeps it; None: its person was forgotten in this very moment."""
        query = f"SELECT {', '.join(PERSON)} FROM participants WHERE id = ?"
        found = self._db.execute(query, (row["participant"],)).fetchone()
        if found is None:
            return None
        person = dict(found)
        if person["panel_id"]:
            person["panel_id"] = self.seal.of(person["panel_id"])
        if person["panel_details"]:
            person["panel_details"] = self.seal.of_details(person["panel_details"])
        return {"study": self.study.sha256, "participant": person, name: dict(row)}
