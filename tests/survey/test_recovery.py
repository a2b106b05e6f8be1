import json
import sqlite3

import pytest

from survey.mirror import Mirror, files
from survey.protocol import StudyProtocol
from survey.recovery import DamagedMirror, Restored, backup, restore
from survey.simulate import simulate
from survey.store import Store
from survey.study import Study
from tests.helpers.study import Participant, make_study


@pytest.fixture
def mirrored(folder, tmp_path, clock):
    """A closed store with a mirror after a small study; one participant is on the way."""
    mirror = Mirror(tmp_path / "lines")
    store = Store(folder, mirror=mirror, durable=False)
    simulate(store, 12, mix={"viewer": 0.7, "quitting": 0.3})
    clock.now = 1_900_000_000
    person = Participant(StudyProtocol(store, clock), clock)
    for _ in range(4):
        person.answer()
    store.close()
    return store, person


def rows(store: Store, query: str) -> list[tuple]:
    return store.transact(lambda ledger: [tuple(r) for r in ledger.db.execute(query).fetchall()])


VOTES = "SELECT * FROM votes ORDER BY id"
PEOPLE = "SELECT * FROM participants WHERE answered ORDER BY id"
CELLS = "SELECT * FROM cells ORDER BY slot, photo"


def test_an_empty_disk_and_the_mirror_give_the_same_votes(folder, tmp_path, mirrored, clock):
    old, person = mirrored
    store = Store(folder, old.path.parent, durable=False)
    before = [rows(store, query) for query in (VOTES, PEOPLE)]
    store.close()

    store = Store(folder, tmp_path / "new", durable=False)
    found = restore(store, files(tmp_path / "lines"))
    assert found == Restored(lines=len(before[0]), votes=len(before[0]))
    assert [rows(store, query) for query in (VOTES, PEOPLE)] == before

    cells = rows(store, CELLS)
    voted = "SELECT COUNT(*) FROM votes WHERE kind = 'trial'"
    assert sum(cell[-1] for cell in cells) == rows(store, voted)[0][0]
    again = restore(store, files(tmp_path / "lines"))
    assert again == Restored(lines=len(before[0]))
    assert [rows(store, query) for query in (VOTES, PEOPLE, CELLS)] == [*before, cells]

    person.survey = StudyProtocol(store, clock)  # who was on the way goes on
    person.trial = person.survey.next_trial(person.token)
    assert person.trial.number == 3  # after two practice trials and two scored ones
    person.finish()
    store.close()


def test_mirrors_of_two_disks_are_put_together(folder, tmp_path, clock):
    tokens = []
    for disk in "ab":  # the second one began empty, so their numbers overlap
        mirror = Mirror(tmp_path / "lines")
        mirror.last_id = lambda: 0
        store = Store(folder, tmp_path / disk, mirror=mirror, durable=False)
        tokens.append(Participant(StudyProtocol(store, clock), clock).finish().token)
        store.close()
    store = Store(folder, tmp_path / "both", durable=False)
    assert restore(store, files(tmp_path / "lines")).votes == 2 * store.study.positions
    people = rows(store, "SELECT token FROM participants WHERE finished_at IS NOT NULL")
    assert {token for (token,) in people} == set(tokens)
    store.close()


def test_a_restore_into_a_living_database_brings_it_forward(folder, tmp_path, mirrored):
    old, person = mirrored
    store = Store(folder, tmp_path / "new", durable=False)
    (path,) = files(tmp_path / "lines")
    lines = path.read_text().splitlines(keepends=True)
    part = tmp_path / "part.jsonl"
    part.write_text("".join(lines[:-2]))
    restore(store, [part])
    StudyProtocol(store).next_trial(person.token)  # opens a trial that the rest has answered
    found = restore(store, [path])
    assert (found.votes, found.conflicts) == (2, 0)
    assert rows(store, "SELECT * FROM trials") == []
    store.close()


def test_half_a_line_is_left_out_and_told(folder, tmp_path, mirrored):
    (path,) = files(tmp_path / "lines")
    whole = len(path.read_text().splitlines())
    path.write_bytes(path.read_bytes()[:-7])
    store = Store(folder, tmp_path / "new", durable=False)
    assert restore(store, [path]) == Restored(lines=whole - 1, votes=whole - 1, torn=1)
    store.close()


def test_two_answers_to_one_trial_are_told(folder, tmp_path, mirrored):
    (path,) = files(tmp_path / "lines")
    record = json.loads(path.read_text().splitlines()[0])
    record["vote"]["received_at"] += 1
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(record) + "\n")
    store = Store(folder, tmp_path / "new", durable=False)
    assert restore(store, [path, other]).conflicts == 1
    store.close()


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "5", "{}", '{"study": 1, "participant": {}, "vote": 7}', "\x00"],
)
def test_what_is_no_mirror_is_refused(folder, tmp_path, line):
    path = tmp_path / "x.jsonl"
    path.write_text(line + "\n")
    store = Store(folder, durable=False)
    with pytest.raises(DamagedMirror, match=r"x\.jsonl, line 1"):
        restore(store, [path])
    store.close()


def test_the_mirror_of_another_design_is_refused(folder, tmp_path, mirrored):
    other = make_study(tmp_path / "other", title="Other")
    store = Store(tmp_path / "other", durable=False)
    with pytest.raises(DamagedMirror, match="another design"):
        restore(store, files(tmp_path / "lines"))
    assert other.sha256 != Study.load(folder).sha256
    assert rows(store, VOTES) == []
    store.close()


def test_a_backup_is_whole_while_the_study_runs(store, participant, tmp_path):
    for _ in range(3):
        participant.answer()
    assert backup(store.path, tmp_path / "b" / "copy.db") == 3
    participant.answer()
    copy = sqlite3.connect(tmp_path / "b" / "copy.db")
    assert copy.execute("SELECT COUNT(*) FROM votes").fetchone() == (3,)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["copy.db"]
    with pytest.raises(FileExistsError, match="name another file"):
        backup(store.path, tmp_path / "b" / "copy.db")
    with pytest.raises(FileNotFoundError, match="nothing to back up"):
        backup(tmp_path / "none.db", tmp_path / "c.db")


def test_a_full_disk_leaves_no_half_backup(store, participant, tmp_path, small_disk):
    participant.answer()
    small_disk.fill(leave=8)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        backup(store.path, small_disk.path / "copy.db")
    assert {path.name for path in small_disk.path.iterdir()} == {"filler"}
    small_disk.free()
    assert backup(store.path, small_disk.path / "copy.db") == 1
