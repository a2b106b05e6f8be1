"""A disk that fills up while people vote: nothing half kept, and on when there is room."""

import json
import sqlite3

import pytest

from survey.mirror import Mirror, files
from survey.protocol import Refused, StudyProtocol
from survey.store import Store
from survey.store_errors import StoreError, explained
from tests.helpers.study import TIMING, Participant, make_study

FULL = (sqlite3.OperationalError, OSError)


def persist(person: Participant) -> None:
    """Answer once, as the page does: again after a failure, and on after "stale"."""
    person.look()
    said = (person.token, person.trial.nonce, person.trial.answers[0], TIMING)
    try:
        person.trial = person.survey.vote(*said).next
    except Refused as refused:
        assert refused.reason == "stale"
        person.trial = person.survey.next_trial(person.token)


def check(store: Store, lines: list) -> None:
    """Every vote once in the database, once in the mirror, in order."""
    votes = store.transact(lambda ledger: ledger.db.execute("SELECT * FROM votes").fetchall())
    assert [vote["position"] for vote in votes] == list(range(store.study.positions))
    copies = [json.loads(line)["vote"] for path in lines for line in path.read_text().splitlines()]
    assert copies == [dict(vote) for vote in votes]


@pytest.mark.parametrize("leave", [0, 1, 3])
def test_votes_wait_for_room(tmp_path, clock, small_disk, leave):
    """On a real disk, filled before every other vote but for some pages."""
    make_study(tmp_path / "study", trials=16)
    lines = small_disk.path / "mirror"
    store = Store(tmp_path / "study", small_disk.path, mirror=Mirror(lines))
    person = Participant(StudyProtocol(store, clock), clock)
    refused = 0
    while person.trial:
        small_disk.fill(leave)
        try:
            persist(person)
        except FULL as error:
            refused += 1
            assert "Make room" in explained(error, store.path)
        small_disk.free()
        if person.trial:
            person.trial = person.survey.next_trial(person.token)
    assert refused
    check(store, files(lines))
    store.close()


def test_votes_wait_for_room_on_a_disk_of_the_imagination(folder, tmp_path, clock, monkeypatch):
    """Where nothing may be mounted: the mirror refuses every other vote."""
    mirror = Mirror(tmp_path / "mirror")
    store = Store(folder, mirror=mirror, durable=False)
    person = Participant(StudyProtocol(store, clock), clock)
    write = mirror.write

    def full(_):
        raise OSError(28, "No space left on device")

    while person.trial:
        mirror.write = full
        with pytest.raises(OSError, match="No space"):
            persist(person)
        mirror.write = write
        person.trial = person.survey.next_trial(person.token)
    check(store, files(tmp_path / "mirror"))
    store.close()


def test_a_study_opens_once_there_is_room(folder, small_disk):
    small_disk.fill()
    for _ in range(2):
        with pytest.raises(StoreError, match="Make room on the disk"):
            Store(folder, small_disk.path)
    small_disk.free()
    Store(folder, small_disk.path).close()
