"""The left key: counted by what was pressed, not by what was meant."""

import pytest

from survey import stats
from survey.protocol import StudyProtocol
from survey.report.evidence import open_evidence
from survey.report.findings import find
from survey.report.html import report
from survey.report.sides import pressed_left
from survey.store import Store
from tests.helpers.study import Participant, make_study


def answer(folder, clock, presses, **settings):
    """A study of some people of whom each presses one key all the time; 0: the left one."""
    study = make_study(folder, trials=8, practice=0, catch=0.0, **settings)
    store = Store(folder, durable=False)
    for choice in presses:
        person = Participant(StudyProtocol(store, clock), clock)
        while person.trial:
            person.answer(choice)
    store.close()
    return study


@pytest.mark.parametrize("settings", [{"counterbalanced": True}, {}, {"design": "pair"}])
def test_what_was_pressed_is_counted(tmp_path, clock, settings):
    study = answer(tmp_path, clock, [0] * 9 + [1] * 3, **settings)
    with open_evidence(tmp_path) as evidence:
        answers = {row["answer"] for row in evidence.db.query("SELECT answer FROM votes")}
        assert answers == set(study.answers)
        found = pressed_left(evidence.db, study, [])
        assert found.estimate == 0.75
        assert stats.wilson(0.75, 96).low > found.low  # people differ
        assert pressed_left(evidence.db, study, [10, 11, 12]).estimate == 1
        assert pressed_left(evidence.db, study, list(range(1, 13))) is None
        assert find(evidence.db, study).left.estimate == 0.75


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"counterbalanced": True}, "On half of the screens it meant “Real”"),
        ({}, "a leaning to say this cannot be told apart"),
        ({"design": "pair"}, "lay on either side equally often"),
    ],
)
def test_the_report_says_what_it_may_be_a_sign_of(tmp_path, clock, settings, said):
    answer(tmp_path, clock, [0, 0, 0, 1], **settings)
    page = report(tmp_path)
    assert "The key on the left: 75.0 %" in page and said in page
