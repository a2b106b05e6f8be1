import logging
import shutil
import threading

import pytest

from survey.mirror import files
from survey.push import PushError
from survey.recovery import backup
from survey.web.service import open_service
from tests.helpers.study import Participant


class Push:
    """Stands for a push whose fortunes the test decides."""

    error, pushed_at = "", None

    def __init__(self, repo, folder=None, token=None) -> None:
        self.repo_id, self.lock, self.stopped = repo, threading.Lock(), False

    def stop(self, patience: float = 10) -> None:
        self.stopped = True


@pytest.fixture
def service(folder):
    service = open_service(folder, environ={})
    yield service
    service.close()


def test_a_space_without_a_mirror_says_so_loudly(folder, caplog):
    service = open_service(folder, environ={"SYSTEM": "spaces"})
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert "ALL VOTES WILL BE LOST" in record.getMessage()
    assert "SURVEY_MIRROR_REPO" in service.status()["alarm"]
    service.close()


def test_at_home_nothing_is_wrong_without_a_push(service, caplog):
    assert service.status()["alarm"] == ""
    assert caplog.records == []


def test_failed_and_late_pushes_are_alarms(service):
    service.push = push = Push("you/votes")
    opened = service.opened_at
    assert service.alarm(opened + 60) == ""
    assert "20 minutes ago" in service.alarm(opened + 20 * 60)
    push.pushed_at = opened + 19 * 60
    assert service.alarm(opened + 20 * 60) == ""
    push.error = "ConnectionError: away"
    assert "ConnectionError: away" in service.alarm(opened + 20 * 60)
    assert service.status()["pushed_minutes_ago"] < 0
    service.push = None


def test_a_lost_database_is_made_again_at_the_next_start(folder, clock, caplog):
    service = open_service(folder, environ={})
    service.survey._clock = clock
    person = Participant(service.survey, clock)
    for _ in range(3):
        person.answer()
    service.close()
    for path in service.store.path.parent.glob("votes.db*"):
        path.unlink()
    service = open_service(folder, environ={})
    assert service.restored.votes == 3
    assert service.status()["votes"] == 3
    assert "3 came back from its mirror" in caplog.text
    service.survey._clock = clock
    person.survey = service.survey
    person.trial = service.survey.next_trial(person.token)
    person.finish()
    service.close()
    service = open_service(folder, environ={})
    assert service.restored is None
    service.close()


@pytest.mark.parametrize("loss", ["no bytes", "an old backup", "a log of garbage"])
def test_votes_that_the_database_lost_come_back_from_the_mirror(folder, clock, caplog, loss):
    service = open_service(folder, environ={})
    service.survey._clock = clock
    person = Participant(service.survey, clock)
    person.answer()
    path = service.store.path
    backup(path, path.with_name("old.db"))
    for _ in range(3):
        person.answer()
    if loss == "a log of garbage":  # as after a power cut of a disk that lied
        copies = {path: path.read_bytes(), path.with_name("votes.db-wal"): b"\xff" * 50_000}
    service.close()
    if loss == "no bytes":
        copies = {path: b""}
    elif loss == "an old backup":
        copies = {path: path.with_name("old.db").read_bytes()}
    for copy, content in copies.items():
        copy.write_bytes(content)

    service = open_service(folder, environ={})
    assert service.status()["votes"] == 4 and service.restored.votes in (3, 4)
    service.survey._clock = clock
    person.survey = service.survey
    person.trial = service.survey.next_trial(person.token)
    person.finish()
    service.close()
    lines = [line for path in files(folder) for line in path.read_text().splitlines()]
    assert len(lines) == service.store.study.positions  # every vote has one, the new ones too


def test_a_study_that_is_lost_waits_for_a_hub_that_is_away(folder, monkeypatch):
    pushes = []

    def away(*_):
        raise PushError("the Hub is away")

    monkeypatch.setattr(
        "survey.push.Push", lambda *a, **k: pushes.append(Push(*a, **k)) or pushes[-1]
    )
    monkeypatch.setattr("survey.push.fetch", away)
    with pytest.raises(PushError):
        open_service(folder, environ={"SURVEY_MIRROR_REPO": "you/votes"})
    assert pushes[0].stopped
    assert not (folder / "data" / "votes.db").exists()


def test_the_totals_are_there_for_the_operator(service):
    service.survey.begin(True)
    status = service.status()
    assert (status["participants"], status["finished"], status["votes"]) == (1, 0, 0)


def test_a_space_that_restarts_goes_on_from_what_was_pushed(folder, tmp_path, clock, monkeypatch):
    monkeypatch.setattr("survey.push.Push", Push)
    pushed = tmp_path / "hub"
    monkeypatch.setattr("survey.push.fetch", lambda repo, to, token: copy(pushed, to))
    environ = {"SYSTEM": "spaces", "SURVEY_MIRROR_REPO": "you/votes", "HF_TOKEN": "hf_x"}

    first = open_service(folder, tmp_path / "disk 1", environ)
    first.survey._clock = clock
    person = Participant(first.survey, clock)
    for _ in range(5):
        person.answer()
    first.close()
    assert first.push.stopped  # which is the last push
    copy(tmp_path / "disk 1" / "mirror", pushed)

    second = open_service(folder, tmp_path / "disk 2", environ)
    assert second.restored.votes == second.status()["votes"] == 5
    second.survey._clock = clock
    person.survey = second.survey
    person.trial = second.survey.next_trial(person.token)
    person.finish()
    second.close()
    lines = [line for path in files(tmp_path / "disk 2") for line in path.read_text().splitlines()]
    assert len(lines) == second.store.study.positions


def copy(source, target) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in files(source):
        shutil.copy(path, target)
