"""What may change after the first vote: who is taken, and who sees the results."""

import sqlite3

import pytest

from survey.protocol import Refused, StudyProtocol
from survey.recruitment import Recruitment, SettingError, change, changes, people_added
from survey.report.evidence import open_evidence
from survey.report.export import export
from survey.report.html import report
from survey.store import Store
from tests.helpers.made_up_votes import START, poll
from tests.helpers.study import LENIENT, Participant, make_study

RATES = {"real": 0.7, "plain": 0.3, "vivid": 0.5}


@pytest.fixture
def study(tmp_path, clock):
    """A study for two people, open in an app."""
    make_study(tmp_path / "study", target=2, exclusion=LENIENT)
    store = Store(tmp_path / "study", durable=False)
    yield StudyProtocol(store, clock)
    store.close()


def decide(survey: StudyProtocol, setting: str, value: str) -> None:
    """By another program, beside the running one."""
    store = Store(survey.store.folder)
    store.transact(lambda ledger: change(ledger, setting, value))
    store.close()


def begins(survey: StudyProtocol) -> str:
    """'' for who may begin, or the reason why not."""
    try:
        survey.begin(True)
    except Refused as refusal:
        return refusal.reason
    return ""


def test_a_paused_study_takes_nobody_new_and_whoever_has_begun_goes_on(study, clock):
    person = Participant(study, clock)
    decide(study, "state", "paused")
    assert begins(study) == "paused"
    assert person.finish().trial is None
    decide(study, "state", "open")
    assert begins(study) == ""
    decide(study, "state", "closed")
    assert begins(study) == "full"


def test_the_target_rises_and_falls_while_the_study_runs(study, clock):
    for _ in range(2):
        Participant(study, clock).finish()
    assert begins(study) == "full"
    decide(study, "target", "3")
    assert begins(study) == ""
    assert begins(study) == "full"
    decide(study, "target", "0")
    assert begins(study) == ""
    decide(study, "target", "1")
    assert begins(study) == "full"


def test_whoever_breaks_a_rule_fills_no_place(tmp_path, clock):
    """One key for everything breaks the rules of a strict study."""
    make_study(tmp_path / "strict", target=1)
    store = Store(tmp_path / "strict", durable=False)
    survey = StudyProtocol(store, clock)
    for _ in range(3):
        Participant(survey, clock).finish()
    clock.pass_(3600)
    assert begins(survey) == ""
    honest = survey.begin  # while this one is here, the place is taken
    with pytest.raises(Refused, match="all the participants"):
        honest(True)
    store.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("state", "ajar"), ("target", "-1"), ("target", "many"), ("target", "٣")]
    + [("results", "soon"), ("results", "2027-02-30"), ("results", "20270201"), ("seed", "1")],
)
def test_what_cannot_be_is_a_sentence(study, setting, value):
    with pytest.raises(SettingError, match=r"; use|; state"):
        decide(study, setting, value)
    assert study.store.transact(lambda ledger: changes(ledger.db)) == []


def test_results_open_by_the_rule_in_force():
    day = 1_800_000_000.0  # 2027-01-15
    for results, state, valid, are_open in (
        ("complete", "open", 2, True),
        ("complete", "open", 1, False),
        ("complete", "closed", 0, True),
        ("operator", "closed", 2, False),
        ("everyone", "open", 0, True),
        ("2027-01-15", "open", 0, True),
        ("2027-01-16", "closed", 2, False),
    ):
        assert Recruitment(state, 2, results).are_results_open(valid, day) is are_open, results
    assert not Recruitment("open", 0, "complete").are_results_open(100, day)


def test_the_report_says_that_people_were_added_and_the_export_knows(tmp_path):
    make_study(tmp_path, photos=12, target=3)
    poll(tmp_path, RATES, 3)
    assert "people were added" not in report(tmp_path)
    store = Store(tmp_path, durable=False)
    for value, later in (("3", -99), ("2", 90), ("5", 1e6), ("4", 2e6), ("0", 3e6)):
        store.transact(lambda ledger, v=value, t=later: change(ledger, "target", v, START + t))
    store.close()
    with open_evidence(tmp_path) as evidence:
        said = people_added(evidence.db, evidence.study)
    assert ["from 2 people to 5 people" in said[0], "from 4 people to no limit" in said[1]] == [
        True
    ] * 2
    assert len(said) == 2 and "when 3 participants had finished" in said[0]
    page = report(tmp_path)
    assert page.count("people were added") == 2
    assert report(export(tmp_path, tmp_path / "out.zip")) == page


def test_a_report_of_a_database_from_before_there_were_changes(tmp_path):
    make_study(tmp_path, photos=12)
    poll(tmp_path, RATES, 2)
    with sqlite3.connect(tmp_path / "data" / "votes.db") as db:
        db.execute("DROP TABLE changes")
    db.close()
    assert "<html" in report(tmp_path)
