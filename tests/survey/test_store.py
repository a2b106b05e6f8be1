import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from survey.protocol import StudyProtocol
from survey.store import Store, read_only
from survey.store_errors import StoreError
from survey.study import DesignError, Study
from tests.helpers.study import Participant, make_study


def sql(store: Store, query: str, *values):
    return store.transact(lambda ledger: ledger.db.execute(query, values).fetchall())


def test_durability_is_not_left_to_defaults(folder):
    store = Store(folder)
    pragmas = {p: sql(store, f"PRAGMA {p}")[0][0] for p in ("synchronous", "foreign_keys")}
    assert pragmas == {"synchronous": 2, "foreign_keys": 1}  # 2: FULL
    assert sql(store, "PRAGMA journal_mode")[0][0] == "wal"
    assert sql(store, "PRAGMA busy_timeout")[0][0] >= 5_000
    store.close()


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE votes SET answer = 'real'",
        "DELETE FROM votes",
        "INSERT OR REPLACE INTO votes SELECT * FROM votes LIMIT 1",
        "DELETE FROM participants",
    ],
)
def test_votes_can_only_be_added(store, participant, attack):
    participant.answer()
    before = sql(store, "SELECT * FROM votes")
    with pytest.raises(sqlite3.IntegrityError):
        sql(store, attack)
    assert sql(store, "SELECT * FROM votes") == before


@pytest.mark.parametrize(
    "change",
    [
        "position = position",
        "answer = 'maybe', position = 99, photo = 99",
        "answer = 'left', position = 99, photo = 8",
        "condition = 'unheard', position = 99, photo = 8",
        "response_ms = 'soon', position = 99, photo = 8",
    ],
)
def test_the_database_itself_refuses_impossible_votes(store, participant, change):
    participant.answer()
    (vote,) = sql(store, "SELECT * FROM votes")
    values = dict(vote) | {"id": None}
    for part in change.split(", "):
        name, value = part.split(" = ")
        values[name] = values[name] if value == name else value.strip("'")
    with pytest.raises(sqlite3.IntegrityError):
        store.transact(lambda ledger: ledger.insert("votes", values))


def test_no_column_could_hold_an_address(store):
    tables = [row[0] for row in sql(store, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {row["name"] for table in tables for row in sql(store, f"PRAGMA table_info({table})")}
    assert not {c for c in columns if {"ip", "address", "agent"} & set(c.split("_"))}


def test_another_design_is_taken_before_the_first_vote_and_refused_after(folder, clock):
    study = Study.load(folder)
    Store(folder).close()
    changed = replace(study, title="Better")
    changed.save(folder)
    store = Store(folder)
    assert sql(store, "SELECT sha256 FROM study")[0][0] == changed.sha256 != study.sha256
    Participant(StudyProtocol(store, clock), clock).answer()
    store.close()
    study.save(folder)
    with pytest.raises(DesignError, match="holds 1 votes on another design"):
        Store(folder)
    changed.save(folder)
    Store(folder).close()


def test_another_manifest_is_refused(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("1-real", "1-plain"))
    with pytest.raises(DesignError, match="not the one of this study"):
        Store(folder)
    path.unlink()
    with pytest.raises(DesignError, match="has no manifest"):
        Store(folder)


@pytest.fixture
def kept(folder, clock) -> Path:
    """A closed database with a few votes in it."""
    store = Store(folder)
    person = Participant(StudyProtocol(store, clock), clock)
    for _ in range(4):
        person.answer()
    store.close()
    return store.path


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"\xff" * 4096 + data[4096:],
        lambda data: data[:4096] + b"\xff" * 3 * 4096 + data[4 * 4096 :],
        lambda data: data[: len(data) // 2 // 4096 * 4096],
        lambda data: data[: len(data) // 2 + 77],
        lambda data: data[:50],
        lambda data: b"This is not a database.\n" * 1000,
    ],
    ids=["header", "middle", "cut at a page", "cut in a page", "cut short", "text"],
)
def test_a_damaged_database_is_not_opened(folder, kept, damage):
    damaged = damage(kept.read_bytes())
    kept.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"is damaged .* survey restore"):
        Store(folder)
    assert kept.read_bytes() == damaged  # nothing was made worse


def test_a_database_that_another_program_holds_is_told(folder, kept, monkeypatch):
    monkeypatch.setattr("survey.store.PATIENCE_S", 0.1)
    holder = sqlite3.connect(kept)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="database is locked.*end that one"):
        Store(folder)
    holder.close()
    Store(folder).close()


def test_a_database_that_is_held_later_loses_no_vote(folder, monkeypatch, clock):
    monkeypatch.setattr("survey.store.PATIENCE_S", 0.1)
    store = Store(folder)
    person = Participant(StudyProtocol(store, clock), clock)
    holder = sqlite3.connect(store.path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        person.answer()
    holder.close()
    person.finish()
    assert sql(store, "SELECT COUNT(*) FROM votes")[0][0] == store.study.positions
    store.close()


def test_a_folder_that_may_not_be_written_is_told(folder, small_disk):
    Store(folder, small_disk.path).close()
    small_disk.read_only()
    with pytest.raises(StoreError, match="cannot be used .* right to write in"):
        Store(folder, small_disk.path)
    with pytest.raises(StoreError, match="cannot be used .* right to write in"):
        Store(folder, small_disk.path / "new")


def test_no_right_to_write_is_told_wherever_the_tests_run(folder, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("survey.store.connect", refuse)
    with pytest.raises(StoreError, match="Permission denied.*name another --data"):
        Store(folder)


def test_reading_beside_a_running_study(store, participant):
    participant.answer()
    db = read_only(store.path)
    assert db.table("votes").count == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM counters")
    db.close()
    with pytest.raises(FileNotFoundError, match="has the study been opened"):
        read_only(store.path.with_name("none.db"))


def cells(store: Store) -> Counter:
    return Counter(
        {tuple(r)[:2]: r[2] for r in sql(store, "SELECT slot, photo, filled FROM cells")}
    )


def test_cells_count_votes_and_reservations(store, survey, clock):
    people = [Participant(survey, clock) for _ in range(5)]
    for n, person in enumerate(people):
        for _ in range(2 * n):
            person.answer()
    voted = Counter(map(tuple, sql(store, "SELECT slot, photo FROM votes WHERE kind = 'trial'")))
    reserved = "SELECT slot, photo FROM trials WHERE kind = 'trial'"
    assert +cells(store) == voted + Counter(map(tuple, sql(store, reserved)))


@pytest.mark.parametrize("reloaded", [False, True])
def test_reservations_expire_and_come_back_with_their_participant(store, survey, clock, reloaded):
    away = Participant(survey, clock)
    while not (scored := sql(store, "SELECT slot, photo FROM trials WHERE kind = 'trial'")):
        away.answer()
    slot, photo = scored[0]
    assert cells(store)[slot, photo] == 1
    clock.pass_(31 * 60)
    survey.begin(True)
    survey.begin(True)  # releasing twice would go below zero
    assert cells(store)[slot, photo] == 0
    if reloaded:
        away.trial = survey.next_trial(away.token)
        assert cells(store)[slot, photo] == 1
    away.answer()
    assert cells(store)[slot, photo] == 1


def test_the_allocation_can_be_replayed_from_the_seed(tmp_path, clock):
    shown = []
    for name in ("first", "second"):
        make_study(tmp_path / name, photos=20, seed=4)
        store = Store(tmp_path / name, durable=False)
        for _ in range(6):
            Participant(StudyProtocol(store, clock), clock).finish()
        query = "SELECT participant, position, photo, condition, truth FROM votes ORDER BY id"
        shown.append([tuple(row) for row in sql(store, query)])
        store.close()
    assert shown[0] == shown[1]


def test_lists_take_turns(store, survey):
    for _ in range(8):
        survey.begin(True)
    query = "SELECT COUNT(*) FROM participants GROUP BY list"
    assert [n for (n,) in sql(store, query)] == [2, 2, 2, 2]
