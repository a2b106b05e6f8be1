"""A board's database: opened, checked, mirrored, and written by one writer.

    store = BoardStore("studies/board")
    store.transact(lambda ledger: ledger.votes())     # back when it is on the disk

The folder holds votes.db and mirror/ (a JSON line for each vote, as a study's) and, if its operator
laid some there, photos/.
"""

import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from survey.board.ledger import BoardLedger
from survey.board.recovery import lines, restore
from survey.board.schema import migrations
from survey.mirror import FOLDER, Mirror, files
from survey.store import COPIES_AT_ONCE, DATABASE, check_integrity, connect, last_row
from survey.store_errors import StoreError, explained
from survey.writer import Writer

T = TypeVar("T")
SEED_BITS = 53  # whole numbers that every reader of JSON keeps exactly


class BoardStore:
    """One board's database and its one writer, in one process."""

    def __init__(
        self,
        folder: str | Path,
        *,
        durable: bool = True,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        """`lock` is held while the mirror grows; a push holds it while it looks."""
        self.path = Path(folder, DATABASE)
        self.restored = 0  # votes that the database lacked and the mirror had
        self._mirrored = 0  # the newest vote that has its copy
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._mirror = Mirror(self.path.parent / FOLDER, lock)
            self._db = connect(self.path, durable=durable)
            self._open()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(explained(error, self.path)) from error
        self._writer = Writer(self._db, self._copy_votes)
        try:
            self._writer.run(self._catch_up)
        except BaseException:
            self.close()
            raise

    def transact(self, work: Callable[[BoardLedger], T]) -> T:
        """Do this in a transaction; back when it is on the disk and its votes in the mirror."""
        return self._writer.run(lambda: work(self._ledger))

    def close(self) -> None:
        """Finish what was begun, then close the database and the mirror."""
        self._writer.close()
        self._db.close()
        self._mirror.close()

    def _open(self) -> None:
        try:
            check_integrity(self._db, self.path)
            migrations.apply(Database(self._db))
            self._ledger = BoardLedger(self._db)
            if not self._ledger.board():
                chance = {"seed": secrets.randbits(SEED_BITS), "key": secrets.token_hex(32)}
                self._ledger.insert("board", chance | {"opened_at": time.time()})
        except BaseException:
            self._db.close()
            raise

    def _catch_up(self) -> None:
        """Take from the mirror what is lost here; the copying of the others follows."""
        last = self._mirror.last_id()
        if last > last_row(self._db, "votes"):
            self.restored = restore(self._ledger, files(self.path.parent / FOLDER))
        self._mirrored = min(last, last_row(self._db, "votes"))

    def _copy_votes(self) -> None:
        """Bring the mirror up to the last committed vote."""
        while copies := lines(self._db, self._mirrored, COPIES_AT_ONCE):
            self._mirror.write(copies)
            self._mirrored = copies[-1]["vote"]["id"]
