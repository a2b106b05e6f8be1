import json
import resource

import pytest

from survey.mirror import Mirror, files
from survey.protocol import StudyProtocol
from survey.store import Store
from tests.helpers.study import Participant


def lines(folder) -> list[dict]:
    return [json.loads(line) for path in files(folder) for line in path.read_text().splitlines()]


def test_every_vote_has_its_line_when_it_is_acknowledged(folder, tmp_path, clock):
    mirror = Mirror(tmp_path / "mirror")
    store = Store(folder, mirror=mirror, durable=False)
    person = Participant(StudyProtocol(store, clock), clock)
    n = 0
    while person.trial:
        person.answer()
        n += 1
        assert [line["vote"]["id"] for line in lines(tmp_path / "mirror")] == list(range(1, n + 1))
    votes = store.transact(lambda ledger: ledger.db.execute("SELECT * FROM votes").fetchall())
    assert [line["vote"] for line in lines(tmp_path / "mirror")] == [dict(v) for v in votes]
    last = lines(tmp_path / "mirror")[-1]
    assert last["study"] == store.study.sha256
    assert last["participant"]["token"] == person.token
    assert last["participant"]["answered"] == n
    assert len(files(tmp_path / "mirror")) == 1
    store.close()


def test_each_process_has_a_file_of_its_own(tmp_path):
    for number in (1, 2):
        mirror = Mirror(tmp_path)
        assert mirror.last_id() == number - 1
        mirror.write([{"vote": {"id": number}}])
        mirror.close()
    assert len(files(tmp_path)) == 2


def test_votes_whose_line_was_cut_off_or_never_written_get_it_later(folder, tmp_path, clock):
    mirror = Mirror(tmp_path / "mirror")
    store = Store(folder, mirror=mirror, durable=False)
    person = Participant(StudyProtocol(store, clock), clock)
    for _ in range(3):
        person.answer()
    store.close()
    (path,) = files(tmp_path / "mirror")
    path.write_bytes(path.read_bytes()[:-10])  # as a kill in the middle of a write leaves it
    assert Mirror(tmp_path / "mirror").last_id() == 2

    mirror = Mirror(tmp_path / "mirror")
    store = Store(folder, mirror=mirror, durable=False)
    whole = [p for p in files(tmp_path / "mirror") if p != path]
    assert [json.loads(p.read_text())["vote"]["id"] for p in whole] == [3]
    store.close()


def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_no_half_one(tmp_path):
    mirror = Mirror(tmp_path)
    mirror.write([{"vote": {"id": 1}}])
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 20_000, hard))
    try:
        with pytest.raises(OSError):
            mirror.write([{"vote": {"id": 2, "much": "x" * 30_000}}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == whole
    mirror.write([{"vote": {"id": 2}}])  # there is room again
    mirror.close()
    assert [line["vote"]["id"] for line in lines(tmp_path)] == [1, 2]


@pytest.mark.parametrize("tail", [b"\0" * 300, b"\0" * 300 + b"\n", b"\xff\n[]\n7\n"])
def test_the_last_vote_is_found_before_what_a_lost_power_left(tmp_path, tail):
    (tmp_path / "a.jsonl").write_bytes(b'{"vote": {"id": 3}}\n' + tail)
    assert Mirror(tmp_path).last_id() == 3


def test_after_a_return_to_a_backup_new_votes_have_their_lines(folder, tmp_path, clock):
    mirror = Mirror(tmp_path / "mirror")
    mirror.last_id = lambda: 1_000  # of a later state of this database
    store = Store(folder, mirror=mirror, durable=False)
    Participant(StudyProtocol(store, clock), clock).answer()
    assert [line["vote"]["id"] for line in lines(tmp_path / "mirror")] == [1]
    store.close()
