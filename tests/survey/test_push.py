"""Pushing, against a Hub that only remembers what it was sent, or does not take it."""

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from survey import push as push_module
from survey.push import Push, PushError, dataset, fetch


class Hub:
    def __init__(self, private: bool = True) -> None:
        self.private, self.down, self.sent = private, False, []
        self.answers = threading.Event()
        self.answers.set()

    def create_repo(self, repo_id, **_):
        self._answer()

    def repo_info(self, repo_id, **_):
        return SimpleNamespace(private=self.private)

    def create_commit(self, *, operations, **_):
        self._answer()
        for operation in operations:
            with operation.as_file() as file:
                self.sent.append((operation.path_in_repo, file.read()))

    def _answer(self) -> None:
        if self.down:
            raise ConnectionError("the Hub is away")
        self.answers.wait(20)


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    hub.answers.set()


@pytest.fixture
def push(tmp_path, hub):
    push = Push("you/votes", tmp_path, every=1e6, api=hub)
    yield push
    push.stop()


def test_what_grew_is_pushed_and_the_time_is_told(tmp_path, hub, push):
    votes = tmp_path / "votes-a.jsonl"
    votes.write_text("{}\n")
    before = time.monotonic()
    push.push()
    push.push()
    assert hub.sent == [("votes-a.jsonl", b"{}\n")]
    assert push.pushed_at >= before and push.error == ""
    votes.write_text("{}\n{}\n")
    push.push()
    assert hub.sent[1:] == [("votes-a.jsonl", b"{}\n{}\n")]


def test_a_failed_push_is_told_and_the_next_one_makes_up_for_it(tmp_path, hub, push):
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    good = push.pushed_at
    hub.down = True
    push.push()
    assert push.error == "ConnectionError: the Hub is away" and push.pushed_at == good
    hub.down = False
    push.push()
    assert hub.sent and push.error == "" and push.pushed_at > good


def test_a_hub_that_is_away_at_the_start_gets_all_later(tmp_path, hub):
    hub.down = True
    push = Push("you/votes", tmp_path, every=0.05, api=hub)
    assert push.error and push.pushed_at is None
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    hub.down = False
    while not hub.sent:
        time.sleep(0.01)
    push.stop()
    assert hub.sent == [("votes-a.jsonl", b"{}\n")]


def test_the_end_sends_the_last_votes(tmp_path, hub):
    push = Push("you/votes", tmp_path, every=1e6, api=hub)
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    push.stop()
    assert hub.sent == [("votes-a.jsonl", b"{}\n")]


def test_a_hub_that_hangs_keeps_neither_votes_nor_the_end_waiting(tmp_path, hub, push, caplog):
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    hub.answers.clear()
    stuck = threading.Thread(target=push.push)
    stuck.start()
    assert push.lock.acquire(timeout=5)  # a vote may be written
    push.lock.release()
    push.stop(patience=0.1)
    assert "The last votes are NOT in you/votes" in caplog.text
    hub.answers.set()
    stuck.join()


def test_a_hub_that_hangs_does_not_keep_the_start_waiting(tmp_path, hub, monkeypatch):
    monkeypatch.setattr("survey.push.FIRST_S", 0.1)
    hub.answers.clear()
    push = Push("you/votes", tmp_path, every=1e6, api=hub)
    assert push.pushed_at is None
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    hub.answers.set()
    push.stop()
    assert hub.sent == [("votes-a.jsonl", b"{}\n")]


def test_votes_are_not_sent_to_a_public_dataset(tmp_path):
    hub = Hub(private=False)
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    with pytest.raises(PushError, match="public; make it private"):
        Push("you/votes", tmp_path, api=hub)
    hub.down = True
    push = Push("you/votes", tmp_path, every=1e6, api=hub)  # not known yet
    hub.down = False
    push.push()
    assert "is public" in push.error
    push.stop()
    assert hub.sent == []


def test_what_was_blanked_is_pushed_again_and_so_are_tombstones(tmp_path, hub, push):
    votes = tmp_path / "votes-a.jsonl"
    votes.write_text("{}\n")
    push.push()
    votes.write_text("  \n")
    os.utime(votes, (1, 1))  # whatever the disk's clock can tell apart
    (tmp_path / "forgotten-b.txt").write_text("ab\n")
    push.push()
    assert hub.sent[1:] == [("forgotten-b.txt", b"ab\n"), ("votes-a.jsonl", b"  \n")]


@pytest.mark.parametrize(
    ("place", "name", "within"),
    [
        ("you/votes", "you/votes", ""),
        ("votes", "votes", ""),
        ("you/votes/faces", "you/votes", "faces/"),
        ("you/votes/2026/faces/", "you/votes", "2026/faces/"),
    ],
)
def test_a_study_may_have_a_folder_of_a_dataset(place, name, within):
    assert dataset(place) == (name, within)


class Shelf(Hub):
    """A Hub that gives back what it was sent."""

    def dataset_info(self, repo_id, **_):
        assert repo_id == "you/votes"
        return SimpleNamespace(
            siblings=[SimpleNamespace(rfilename=n) for n, _ in self.sent], sha=""
        )

    def download(self, repo_id, name, *, local_dir, **_):
        assert repo_id == "you/votes"
        path = Path(local_dir, name)
        path.parent.mkdir(parents=True)
        path.write_bytes(dict(self.sent)[name])
        return str(path)


def test_two_studies_share_a_dataset_and_get_their_own_back(tmp_path, monkeypatch):
    hub = Shelf()
    for name in ("faces", "places"):
        mirror = tmp_path / name
        mirror.mkdir()
        (mirror / f"votes-{name}.jsonl").write_text(name)
        Push(f"you/votes/{name}", mirror, every=1e6, api=hub).stop()
    assert dict(hub.sent) == {
        "faces/votes-faces.jsonl": b"faces",
        "places/votes-places.jsonl": b"places",
    }
    monkeypatch.setattr(push_module, "HfApi", lambda token: hub)
    monkeypatch.setattr(push_module, "hf_hub_download", hub.download)
    fetch("you/votes/places", tmp_path / "again")
    (came,) = (tmp_path / "again").rglob("*")
    assert came.name == "votes-places.jsonl" and came.read_bytes() == b"places"
