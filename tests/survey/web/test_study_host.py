"""A study opens once, when first needed, and brings its own threads."""

import threading
from pathlib import Path

import pytest

from survey.web.operator_access import OperatorLock
from survey.web.participant_api import ParticipantApi
from survey.web.results_api import ResultsApi
from survey.web.study_host import Closed, Leaving, NotReady, StudyHost, address_names, open_hosts
from tests.helpers.study import make_study, outcome


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


def test_what_is_being_prepared_says_how_far_it_is_and_ends_with_the_app():
    gate, told = threading.Event(), threading.Event()

    def open_study() -> Closable:
        host.tell(0.25)
        told.set()
        gate.wait()
        host.tell(0.5)
        raise AssertionError("the app has ended")

    host = StudyHost(open_study)
    opening = host.opening()
    assert told.wait(60)
    said = outcome(ParticipantApi(host).answer({"ask": "welcome"}))
    assert said["wait"].endswith("25% is done.")
    results = ResultsApi(host, OperatorLock(""))
    assert outcome(results.answer({"ask": "results", "secret": ""})) == said
    host.leave()
    gate.set()
    assert isinstance(opening.exception(60), Leaving)
    host.close()


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


def test_several_studies_are_called_by_their_folders():
    studies = [Path("a/Faces 2"), Path("a/places"), Path("b/hölzer")]
    assert address_names(studies) == dict(
        zip(["faces-2", "places", "h-lzer"], studies, strict=True)
    )
    assert address_names(studies[:1]) == {}  # it is at /study


@pytest.mark.parametrize(
    ("studies", "said"),
    [
        ([Path("a/faces"), Path("b/Faces")], "b/Faces would have .* which a/faces has"),
        ([Path("a/faces"), Path("b/顔")], "which is none; rename its folder"),
    ],
)
def test_two_studies_of_one_name_are_refused(studies, said):
    with pytest.raises(ValueError, match=said):
        address_names(studies)


def test_each_of_several_studies_has_its_own_data(tmp_path):
    for name in ("faces", "places"):
        make_study(tmp_path / name, title=name)
    hosts = open_hosts([tmp_path / "faces", tmp_path / "places"], tmp_path / "votes")
    for name, host in hosts.items():
        running = host.opening().result()
        assert running.store.study.title == host.name == name
        assert running.store.path == tmp_path / "votes" / name / "votes.db"
        host.close()
