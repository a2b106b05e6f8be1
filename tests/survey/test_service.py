import logging

import pytest

from survey.service import open_service
from tests.survey.conftest import Participant


class Push:
    """Stands for a push whose fortunes the test decides."""

    repo_id, error, pushed_at = "you/votes", "", None


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
    service.push = push = Push()
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
    assert "made again with 3 votes" in caplog.text
    service.survey._clock = clock
    person.survey = service.survey
    person.trial = service.survey.next_trial(person.token)
    person.finish()
    service.close()
    service = open_service(folder, environ={})
    assert service.restored is None
    service.close()


def test_the_totals_are_there_for_the_operator(service):
    service.survey.begin(True)
    status = service.status()
    assert (status["participants"], status["finished"], status["votes"]) == (1, 0, 0)
