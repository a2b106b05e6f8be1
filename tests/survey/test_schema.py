"""Databases of the version before: brought up to date whole or not at all, and the same as new."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from survey import schema
from survey.store import DATA, DATABASE, Store
from tests.helpers.study import make_study

OLD = Path(__file__).parents[1] / "fixtures" / "version-1"
FIRST = OLD / "study-single" / DATA / DATABASE
CONTENT = ("study", "photos", "stimuli", "cells", "participants", "trials", "votes", "counters")


@pytest.fixture(params=["single", "pair"])
def old(request, tmp_path) -> Path:
    folder = tmp_path / "old"
    shutil.copytree(OLD / f"study-{request.param}", folder)
    return folder


def content(path: Path) -> dict[str, list[tuple]]:
    """Every row, in the columns that the version before had."""
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(FIRST)) as first:
        found = {}
        for table in CONTENT:
            columns = ", ".join(row[1] for row in first.execute(f"PRAGMA table_info({table})"))
            rows = db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
            found[table] = rows
        return found


def statements(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql <> ''")}


def test_an_old_database_keeps_every_row_and_becomes_as_a_new_one(old, tmp_path):
    path = old / DATA / DATABASE
    before = content(path)
    assert before["votes"] and before["trials"]
    store = Store(old)
    answers = store.transact(lambda ledger: ledger.db.execute("SELECT * FROM answers").fetchall())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.transact(lambda ledger: ledger.db.execute("DELETE FROM votes"))
    store.close()
    assert content(path) == before
    assert {answer for (answer,) in answers} == set(store.study.answers)
    make_study(tmp_path / "new")
    Store(tmp_path / "new").close()
    assert statements(path) == statements(tmp_path / "new" / DATA / DATABASE)
    assert not [sql for sql in statements(path) if "synthesized" in sql]


def test_a_migration_that_fails_leaves_the_database_as_it_was(old, monkeypatch):
    path = old / DATA / DATABASE
    before, tables = content(path), statements(path)

    def break_off(table: str) -> str:
        if "votes" in table.splitlines()[0]:
            raise OSError("The disk is full.")
        return table

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_without_lists", break_off)
        with pytest.raises(ValueError, match="disk is full"):
            Store(old)
    assert content(path) == before
    assert statements(path) == tables
    Store(old).close()
    assert content(path) == before
