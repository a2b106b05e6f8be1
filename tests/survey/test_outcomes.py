"""How participations end, and what the panel is told."""

import pytest

from survey.__main__ import main
from survey.outcomes import OutcomeError, decide, read
from survey.people import people
from survey.protocol import Refused, StudyProtocol, completion_code
from survey.recruitment import change
from survey.store import Store
from tests.helpers.study import Participant, make_study


def conclude(survey: StudyProtocol, outcome: str, given: str) -> None:
    survey.store.transact(lambda ledger: decide(ledger, [(outcome, given)]))


def test_the_studys_code_or_address_comes_before_a_code_of_ones_own(survey, clock):
    person = Participant(survey, clock).finish()
    own = completion_code(survey.study, person.token)
    assert survey.debrief(person.token).code == own
    conclude(survey, "finished", "C1A2B3")
    assert survey.debrief(person.token).code == "C1A2B3"
    conclude(survey, "finished", "https://panel.example/?cc=1")
    end = survey.debrief(person.token)
    assert (end.code, end.address, end.outcome) == ("", "https://panel.example/?cc=1", "finished")


def test_who_broke_a_rule_is_told_where_the_study_has_a_code_for_it(survey, clock):
    person = Participant(survey, clock).finish()  # one key for everything
    assert survey.debrief(person.token).outcome == "finished"
    conclude(survey, "excluded", "NO")
    end = survey.debrief(person.token)
    assert (end.outcome, end.code) == ("excluded", "NO")
    assert "broke a rule" in end.sentence
    assert people(survey.store.folder)[0].code == "NO"


def test_who_is_screened_out_is_done_before_the_first_trial(survey, clock):
    before = Participant(survey, clock)
    conclude(survey, "screened", "COLOUR")
    token = survey.begin(True)
    assert survey.stage(token) == "colour_vision"
    survey.colour_vision(token, "deficient")
    assert survey.stage(token) == "done"
    assert survey.next_trial(token) is None
    end = survey.debrief(token)
    assert (end.outcome, end.code, end.total) == ("screened", "COLOUR", 0)
    assert before.finish().trial is None
    assert survey.debrief(before.token).outcome == "finished"


def test_the_full_and_the_unwilling(survey):
    conclude(survey, "full", "FULL")
    conclude(survey, "declined", "DECLINED")
    survey.store.transact(lambda ledger: change(ledger, "state", "closed"))
    with pytest.raises(Refused) as refusal:
        survey.begin(True)
    assert refusal.value.ending.code == "FULL"
    assert survey.decline().code == "DECLINED"
    totals = survey.store.transact(lambda ledger: ledger.totals())
    assert (totals["declined"], totals["participants"]) == (1, 0)


@pytest.mark.parametrize(
    "text",
    [
        "finished",
        "finished=",
        "won=1",
        "full=http://panel.example",
        "full=javascript://x",
        "full=a b",
    ]
    + ["full=\x1b[2J", "full=" + "x" * 501],
)
def test_what_is_no_outcome_is_a_sentence(text):
    with pytest.raises(OutcomeError, match="write one of"):
        read(text)


def test_outcomes_by_command(folder, clock, capsys):
    address = "https://panel.example/submissions/complete?cc=A=B"
    assert (
        main(["open", str(folder), "--outcome", "finished=C1", "--outcome", f"full={address}"]) == 0
    )
    assert main(["open", str(folder), "--outcome", "won=1"]) == 2
    assert "write one of finished" in capsys.readouterr().err
    store = Store(folder)
    survey = StudyProtocol(store, clock)
    person = Participant(survey, clock).finish()
    assert survey.debrief(person.token).code == "C1"
    store.transact(lambda ledger: change(ledger, "state", "closed"))
    with pytest.raises(Refused) as refusal:
        survey.begin(True)
    assert refusal.value.ending.address == address
    store.close()


def test_a_panels_parameters(tmp_path):
    def names(panel: str) -> tuple[str, ...]:
        return make_study(tmp_path / str(len(panel)), panel=panel).panel_parameters

    assert names("") == ()
    assert names("PROLIFIC_PID") == ("PROLIFIC_PID",)
    assert names("PROLIFIC_PID,STUDY_ID,SESSION_ID") == ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
    assert names("of another, make") == ("of another, make",)
