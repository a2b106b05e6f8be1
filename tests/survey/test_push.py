"""Pushing, against a Hub that only remembers what it was sent."""

import signal
import threading
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from survey.push import Push, PushError, leave_at_sigterm


class Hub:
    def __init__(self, private: bool = True) -> None:
        self.private, self.down, self.sent = private, False, []
        self.pushed = threading.Event()

    def create_repo(self, repo_id, **_):
        return SimpleNamespace(repo_id=repo_id)

    def repo_info(self, **_):
        return SimpleNamespace(private=self.private)

    def create_commit(self, *, operations, **_):
        if self.down:
            raise ConnectionError("the Hub is away")
        for operation in operations:
            with operation.as_file() as file:
                self.sent.append((operation.path_in_repo, file.read()))
        return "commit"

    def run_as_future(self, work) -> Future:
        done: Future = Future()
        try:
            done.set_result(work())
        except Exception as error:
            done.set_exception(error)
        self.pushed.set()
        return done


def a_push(folder, hub: Hub, now: float = 100.0) -> Push:
    push = Push("you/votes", folder, every=1e6, api=hub, clock=lambda: now)
    hub.pushed.wait(10)  # the first one is made at once, by the scheduler's thread
    return push


def test_what_grew_is_pushed_and_the_time_is_told(tmp_path):
    hub = Hub()
    push = a_push(tmp_path, hub)
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    assert push.trigger().result() == "commit"
    assert hub.sent == [("votes-a.jsonl", b"{}\n")]
    assert (push.pushed_at, push.error) == (100.0, "")
    push.stop()


def test_a_failed_push_is_told_and_the_next_one_makes_up_for_it(tmp_path):
    hub = Hub()
    push = a_push(tmp_path, hub)
    tmp_path.joinpath("votes-a.jsonl").write_text("{}\n")
    hub.down, push.pushed_at = True, None
    with pytest.raises(ConnectionError):
        push.trigger().result()
    assert push.pushed_at is None
    assert push.error == "ConnectionError: the Hub is away"
    hub.down = False
    push.trigger().result()
    assert hub.sent
    assert (push.pushed_at, push.error) == (100.0, "")
    push.stop()


def test_votes_are_not_sent_to_a_public_dataset(tmp_path):
    with pytest.raises(PushError, match="public; make it private"):
        Push("you/votes", tmp_path, api=Hub(private=False))


def test_sigterm_leaves_through_the_door():
    before = signal.getsignal(signal.SIGTERM)
    try:
        leave_at_sigterm()
        with pytest.raises(SystemExit) as end:
            signal.raise_signal(signal.SIGTERM)
        assert end.value.code == 128 + signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)
