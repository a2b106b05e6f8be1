import logging
import shutil
import threading

import pytest

from survey.mirror import files
from survey.push import PushError
from survey.recovery import backup
from survey.web.study_host import open_study
from tests.helpers.study import Participant


class Push:
    """Stands for a push whose fortunes the test decides."""

    error, pushed_at = "", None

    def __init__(self, repo, folder=None, token=None) -> None:
        self.repo_id, self.lock, self.stopped = repo, threading.Lock(), False

    def stop(self, patience: float = 10) -> None:
        self.stopped = True


@pytest.fixture
def running(folder):
    running = open_study(folder, environ={})
    yield running
    running.close()


def test_a_space_without_a_mirror_says_so_loudly(folder, caplog):
    running = open_study(folder, environ={"SYSTEM": "spaces"})
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert "ALL VOTES WILL BE LOST" in record.getMessage()
    assert "SURVEY_MIRROR_REPO" in running.status()["alarm"]
    running.close()


def test_at_home_nothing_is_wrong_without_a_push(running, caplog):
    assert running.status()["alarm"] == ""
    assert caplog.records == []


def test_failed_and_late_pushes_are_alarms(running):
    running.push = push = Push("you/votes")
    opened = running.opened_at
    assert running.alarm(opened + 60) == ""
    assert "20 minutes ago" in running.alarm(opened + 20 * 60)
    push.pushed_at = opened + 19 * 60
    assert running.alarm(opened + 20 * 60) == ""
    push.error = "ConnectionError: away"
    assert "ConnectionError: away" in running.alarm(opened + 20 * 60)
    assert running.status()["pushed_minutes_ago"] < 0
    running.push = None


def test_a_lost_database_is_made_again_at_the_next_start(folder, clock, caplog):
    running = open_study(folder, environ={})
    running.survey._clock = clock
    person = Participant(running.survey, clock)
    for _ in range(3):
        person.answer()
    running.close()
    for path in running.store.path.parent.glob("votes.db*"):
        path.unlink()
    running = open_study(folder, environ={})
    assert running.restored.votes == 3
    assert running.status()["votes"] == 3
    assert "3 came back from its mirror" in caplog.text
    running.survey._clock = clock
    person.survey = running.survey
    person.trial = running.survey.next_trial(person.token)
    person.finish()
    running.close()
    running = open_study(folder, environ={})
    assert running.restored is None
    running.close()


@pytest.mark.parametrize("loss", ["no bytes", "an old backup", "a log of garbage"])
def test_votes_that_the_database_lost_come_back_from_the_mirror(folder, clock, caplog, loss):
    running = open_study(folder, environ={})
    running.survey._clock = clock
    person = Participant(running.survey, clock)
    person.answer()
    path = running.store.path
    backup(path, path.with_name("old.db"))
    for _ in range(3):
        person.answer()
    if loss == "a log of garbage":  # as after a power cut of a disk that lied
        copies = {path: path.read_bytes(), path.with_name("votes.db-wal"): b"\xff" * 50_000}
    running.close()
    if loss == "no bytes":
        copies = {path: b""}
    elif loss == "an old backup":
        copies = {path: path.with_name("old.db").read_bytes()}
    for copy, content in copies.items():
        copy.write_bytes(content)

    running = open_study(folder, environ={})
    assert running.status()["votes"] == 4 and running.restored.votes in (3, 4)
    running.survey._clock = clock
    person.survey = running.survey
    person.trial = running.survey.next_trial(person.token)
    person.finish()
    running.close()
    lines = [line for path in files(folder) for line in path.read_text().splitlines()]
    assert len(lines) == running.store.study.positions  # every vote has one, the new ones too


def test_a_study_that_is_lost_waits_for_a_hub_that_is_away(folder, monkeypatch):
    pushes = []

    def away(*_):
        raise PushError("the Hub is away")

    monkeypatch.setattr(
        "survey.push.Push", lambda *a, **k: pushes.append(Push(*a, **k)) or pushes[-1]
    )
    monkeypatch.setattr("survey.push.fetch", away)
    with pytest.raises(PushError):
        open_study(folder, environ={"SURVEY_MIRROR_REPO": "you/votes"})
    assert pushes[0].stopped
    assert not (folder / "data" / "votes.db").exists()


def test_the_totals_are_there_for_the_operator(running):
    running.survey.begin(True)
    status = running.status()
    assert (status["participants"], status["finished"], status["votes"]) == (1, 0, 0)


def test_a_space_that_restarts_goes_on_from_what_was_pushed(folder, tmp_path, clock, monkeypatch):
    monkeypatch.setattr("survey.push.Push", Push)
    pushed = tmp_path / "hub"
    monkeypatch.setattr("survey.push.fetch", lambda repo, to, token: copy(pushed, to))
    environ = {"SYSTEM": "spaces", "SURVEY_MIRROR_REPO": "you/votes", "HF_TOKEN": "hf_x"}

    first = open_study(folder, tmp_path / "disk 1", environ)
    first.survey._clock = clock
    person = Participant(first.survey, clock)
    for _ in range(5):
        person.answer()
    first.close()
    assert first.push.stopped  # which is the last push
    copy(tmp_path / "disk 1" / "mirror", pushed)

    second = open_study(folder, tmp_path / "disk 2", environ)
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
