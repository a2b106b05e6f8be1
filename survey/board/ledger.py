"""The statements of a board: what is read and written about voters, lineups and votes.

A BoardLedger is lent to whatever runs inside a transaction of the store, one at a time:

    store.transact(lambda ledger: ledger.voter(token))

Columns are told in survey/board/schema.py.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

Row = sqlite3.Row


class BoardLedger:
    """Plain reads and writes; who may do what is decided in survey/board/protocol.py."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def board(self) -> Row | None:
        """The board's seed and key."""
        return self._row("SELECT * FROM board")

    def voter(self, token: str) -> Row | None:
        return self._row("SELECT * FROM voters WHERE token = ?", token)

    def has_vote(self, number: int) -> bool:
        return self._row("SELECT 1 FROM votes WHERE id = ?", number) is not None

    def votes(self) -> list[Row]:
        return self.db.execute("SELECT * FROM votes ORDER BY id").fetchall()

    def votes_of(self, voter: int) -> list[Row]:
        query = "SELECT photo, first, second FROM votes WHERE voter = ?"
        return self.db.execute(query, (voter,)).fetchall()

    def lineup(self, models: Sequence[str], now: float) -> int:
        """The number of this lineup; a new one unless it is the last."""
        last = self._row("SELECT * FROM lineups ORDER BY id DESC LIMIT 1")
        said = json.dumps(list(models))
        if last and last["models"] == said:
            return int(last["id"])
        return self.insert("lineups", {"models": said, "since": now})

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Add a row; its number."""
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        done = self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        return int(done.lastrowid or 0)

    def _row(self, query: str, *values: object) -> Row | None:
        row: Row | None = self.db.execute(query, values).fetchone()
        return row
