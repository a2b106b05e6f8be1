"""A study opens once, when first needed, and brings its own threads."""

import threading

import pytest

from survey.web.study_host import Closed, NotReady, StudyHost
from tests.helpers.study import outcome


class Closable:
    """What a host wants of a service."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_study_is_prepared_once_and_only_when_asked_for():
    gate, opened = threading.Event(), []

    def open_study() -> Closable:
        opened.append(1)
        gate.wait()
        return Closable()

    host = StudyHost(open_study)
    assert not opened
    for _ in range(2):
        with pytest.raises(NotReady):
            outcome(host.run(lambda running: running))
    gate.set()
    service = host.opening().result()
    assert outcome(host.run(lambda same: same)) is service
    assert opened == [1]
    host.close()
    assert service.closed


def test_work_is_done_in_the_venues_threads():
    host = StudyHost(Closable)
    host.opening().result()
    name = outcome(host.run(lambda _: threading.current_thread().name))
    assert name.startswith("survey")
    host.close()


def test_a_study_that_cannot_open_says_so_to_everyone_who_asks(caplog):
    def open_study() -> Closable:
        raise OSError("no space left")

    host = StudyHost(open_study)
    host.opening().exception()
    for _ in range(2):
        with pytest.raises(Closed, match="no space"):
            outcome(host.run(lambda running: running))
    assert caplog.messages == ["The study is closed. no space left"]  # once, and without a trace
    host.close()


def test_a_study_that_could_not_open_is_tried_again_after_a_while(monkeypatch):
    monkeypatch.setattr("survey.web.study_host.REST_S", 0.0)
    fates = [OSError("no space left"), Closable()]

    def open_study() -> Closable:
        fate = fates.pop(0)
        if isinstance(fate, OSError):
            raise fate
        return fate

    host = StudyHost(open_study)
    host.opening().exception()
    service = host.opening().result()
    assert outcome(host.run(lambda same: same)) is service
    assert host.opening().result() is service
    host.close()
