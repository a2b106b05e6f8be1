"""A study opens once, when first needed, and brings its own threads."""

import threading

import pytest

from survey.web.study_host import Closed, NotReady, Venue
from tests.helpers.study import outcome


class Closable:
    """What a venue wants of a service."""

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

    venue = Venue(open_study)
    assert not opened
    for _ in range(2):
        with pytest.raises(NotReady):
            outcome(venue.run(lambda service: service))
    gate.set()
    service = venue.opening().result()
    assert outcome(venue.run(lambda same: same)) is service
    assert opened == [1]
    venue.close()
    assert service.closed


def test_work_is_done_in_the_venues_threads():
    venue = Venue(Closable)
    venue.opening().result()
    name = outcome(venue.run(lambda _: threading.current_thread().name))
    assert name.startswith("survey")
    venue.close()


def test_a_study_that_cannot_open_says_so_to_everyone_who_asks(caplog):
    def open_study() -> Closable:
        raise OSError("no space left")

    venue = Venue(open_study)
    venue.opening().exception()
    for _ in range(2):
        with pytest.raises(Closed, match="no space"):
            outcome(venue.run(lambda service: service))
    assert caplog.messages == ["The study is closed. no space left"]  # once, and without a trace
    venue.close()


def test_a_study_that_could_not_open_is_tried_again_after_a_while(monkeypatch):
    monkeypatch.setattr("survey.web.study_host.REST_S", 0.0)
    fates = [OSError("no space left"), Closable()]

    def open_study() -> Closable:
        fate = fates.pop(0)
        if isinstance(fate, OSError):
            raise fate
        return fate

    venue = Venue(open_study)
    venue.opening().exception()
    service = venue.opening().result()
    assert outcome(venue.run(lambda same: same)) is service
    assert venue.opening().result() is service
    venue.close()
