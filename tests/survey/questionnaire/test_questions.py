"""Question pages: what may be asked, what may be said, and where it is kept."""

import json
import sqlite3

import pytest

from survey.forget import forget
from survey.mirror import FOLDER, Mirror, files
from survey.protocol import Refused, StudyProtocol
from survey.questionnaire.questions import (
    Question,
    QuestionError,
    Unanswerable,
    fault,
    read_answers,
    read_pages,
)
from survey.recovery import restore
from survey.report.evidence import open_evidence
from survey.report.export import export
from survey.store import Store
from survey.study import DesignError, Study
from survey.web.study_host import open_study
from tests.helpers.study import TIMING, make_study

AGE = Question("age", "How old are you?", "choice", ("under 30", "30 or more"))
SURE = Question("sure", "How sure were you?", "scale", steps=5, low="not", high="very")
CLUES = Question("clues", "What gave them away?", "text", longest=20, required=False)


@pytest.mark.parametrize(
    ("question", "said", "kept"),
    [
        (AGE, "under 30", "under 30"),
        (SURE, 1, "1"),
        (SURE, 5, "5"),
        (CLUES, "grün, 👩‍🎨\nrot", "grün, 👩‍🎨\nrot"),
        (CLUES, "", None),
        (CLUES, None, None),
    ],
)
def test_an_answer_is_kept_as_it_was_given(question, said, kept):
    assert question.read(said) == kept


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (AGE, "29"), (AGE, ["under 30"]), (AGE, None), (AGE, 0), (SURE, 0), (SURE, 6), (SURE, 2.0),
        (SURE, "3"), (SURE, True), (SURE, None), (CLUES, "x" * 21), (CLUES, 3), (CLUES, "a\x00b"),
        (CLUES, "\ud800"), (CLUES, {"a": 1}),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(question, said):
    with pytest.raises(Unanswerable):
        question.read(said)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "a b", "text": "?", "kind": "text"}, "one word"),
        ({"name": "a", "text": " ", "kind": "text"}, "text is empty"),
        ({"name": "a", "text": "?", "kind": "slider"}, "kind is 'slider'"),
        ({"name": "a", "text": "?", "kind": "choice", "options": ["x"]}, "1 options"),
        ({"name": "a", "text": "?", "kind": "choice", "options": ["x", "x"]}, "repeat"),
        ({"name": "a", "text": "?", "kind": "choice", "options": ["x", 3]}, "must be texts"),
        ({"name": "a", "text": "?", "kind": "scale", "steps": 1}, "steps is 1"),
        ({"name": "a", "text": "?", "kind": "scale", "steps": "7"}, "steps is 7"),
        ({"name": "a", "text": "?", "kind": "text", "longest": 9_999}, "longest is 9999"),
        ({"name": "a", "text": "?", "kind": "text", "required": 1}, "neither true nor false"),
        ({"name": "a", "text": "x" * 2_000, "kind": "text"}, "over 1000"),
        ({"name": "a", "kind": "text"}, "lacks its text"),
        ({"name": "a", "text": "?", "kind": "text", "colour": "red"}, "no colour"),
        (7, "is no question"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(values, said):
    with pytest.raises(QuestionError, match=said):
        Question.from_dict(values)


def test_pages_of_a_file_and_their_names():
    pages = read_pages({"after": [{"name": "a", "text": "?", "kind": "text"}]})
    assert pages == {"before": (), "after": (Question("a", "?", "text"),)}
    with pytest.raises(QuestionError, match="before and after"):
        read_pages({"between": []})
    assert "'age' repeats" in fault([AGE], [SURE, AGE])
    with pytest.raises(DesignError, match="'age' repeats"):
        Study(title="x", models=("a",), before=(AGE,), after=(AGE,))


def test_answers_are_to_the_questions_of_the_page_alone():
    assert read_answers([AGE, CLUES], {"age": "under 30"}) == {"age": "under 30", "clues": None}
    for said in ({"age": "under 30", "sure": 1}, {}, None, [1]):
        with pytest.raises(Unanswerable):
            read_answers([AGE, CLUES], said)


@pytest.fixture
def asking(tmp_path):
    make_study(tmp_path / "asking", before=(AGE,), after=(SURE, CLUES))
    return tmp_path / "asking"


@pytest.fixture
def running(asking, clock):
    running = open_study(asking, environ={})
    running.survey._clock = clock
    yield running
    running.close()


def take_part(survey: StudyProtocol, clock) -> str:
    """To the last vote and the last page; the token."""
    token = survey.begin(True)
    survey.colour_vision(token, "normal")
    survey.respond(token, "before", {"age": "under 30"})
    vote(survey, clock, token)
    survey.respond(token, "after", {"sure": 4})
    return token


def vote(survey: StudyProtocol, clock, token: str) -> None:
    """On all trials."""
    trial = survey.next_trial(token)
    while trial:
        survey.shown(token, trial.nonce)
        clock.pass_(2)
        trial = survey.vote(token, trial.nonce, trial.answers[0], TIMING).next


def test_a_study_survives_its_file(asking):
    study = Study.load(asking)
    assert study.before == (AGE,) and study.after == (SURE, CLUES)


def test_pages_come_in_their_order_and_once(running, clock):
    survey = running.survey
    token = survey.begin(True)
    with pytest.raises(Refused) as refused:  # not before colour vision
        survey.respond(token, "before", {"age": "under 30"})
    assert refused.value.reason == "phase"
    survey.colour_vision(token, "normal")
    assert survey.stage(token) == "before"
    with pytest.raises(Refused) as refused:
        survey.next_trial(token)
    assert refused.value.reason == "phase"
    with pytest.raises(Refused) as refused:
        survey.respond(token, "before", {"age": "999"})
    assert refused.value.reason == "answer"
    survey.respond(token, "before", {"age": "under 30"})
    with pytest.raises(Refused) as refused:
        survey.respond(token, "before", {"age": "30 or more"})
    assert refused.value.reason == "twice"
    with pytest.raises(Refused) as refused:
        survey.respond(token, "after", {"sure": 4})
    assert refused.value.reason == "phase"
    assert survey.next_trial(token)


def test_the_code_is_for_who_has_answered_the_last_page(running, clock):
    survey = running.survey
    token = survey.begin(True)
    survey.colour_vision(token, "normal")
    survey.respond(token, "before", {"age": "under 30"})
    vote(survey, clock, token)
    assert survey.stage(token) == "after"
    assert survey.next_trial(token) is None
    with pytest.raises(Refused) as refused:
        survey.debrief(token)
    assert refused.value.reason == "phase"
    survey.respond(token, "after", {"sure": 4, "clues": "green grass"})
    assert survey.debrief(token).code


def responses(db: sqlite3.Connection) -> list[tuple]:
    query = "SELECT participant, page, question, answer FROM responses ORDER BY id"
    return [tuple(row) for row in db.execute(query)]


SAID = [("before", "age", "under 30"), ("after", "sure", "4"), ("after", "clues", None)]


def test_answers_are_append_only(running, clock):
    take_part(running.survey, clock)
    said = running.store.transact(lambda ledger: responses(ledger.db))
    assert said == [(1, *row) for row in SAID]
    for statement in ("UPDATE responses SET answer = 'x'", "DELETE FROM responses"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            running.store.transact(lambda ledger, text=statement: ledger.db.execute(text))


def test_a_lost_database_gets_its_answers_back_but_those_of_the_forgotten(running, asking, clock):
    first, second = (take_part(running.survey, clock) for _ in range(2))
    third = running.survey.begin(True)  # who answered questions, and has no vote yet
    running.survey.colour_vision(third, "unsure")
    running.survey.respond(third, "before", {"age": "30 or more"})
    forget(running.store, asking / "data" / FOLDER, first)
    assert {row[0] for row in running.store.transact(lambda led: responses(led.db))} == {2, 3}
    running.close()
    for path in (asking / "data").glob("votes.db*"):
        path.unlink()
    again = open_study(asking, environ={})
    kept = again.store.transact(lambda ledger: responses(ledger.db))
    assert kept == [*((2, *row) for row in SAID), (3, "before", "age", "30 or more")]
    assert again.survey.stage(third) == "trials"
    assert again.survey.stage(second) == "done"
    again.close()


def test_restoring_twice_changes_nothing(running, asking, clock, tmp_path):
    take_part(running.survey, clock)
    store = Store(asking, tmp_path / "elsewhere")
    assert restore(store, files(asking / "data" / FOLDER)).responses == len(SAID)
    assert restore(store, files(asking / "data" / FOLDER)).responses == 0
    store.close()


def test_a_long_last_page_does_not_hide_the_last_vote(tmp_path):
    mirror = Mirror(tmp_path)
    mirror.write([{"vote": {"id": 7}}])
    mirror.write([{"response": {"id": n, "answer": "x" * 4_000}} for n in range(1, 40)])
    assert (mirror.last_id(), mirror.last_response()) == (7, 39)
    mirror.close()


def test_answers_are_exported_and_come_back(running, asking, clock, tmp_path):
    take_part(running.survey, clock)
    running.close()
    path = export(asking, tmp_path / "asking.zip")
    with open_evidence(path) as evidence:
        assert responses(evidence.db.conn) == [(1, *row) for row in SAID]
        assert json.dumps([q.name for q in evidence.study.after]) == '["sure", "clues"]'


def test_a_design_with_answers_is_not_replaced(running, asking, clock):
    token = running.survey.begin(True)
    running.survey.colour_vision(token, "normal")
    running.survey.respond(token, "before", {"age": "under 30"})
    running.close()
    text = (asking / "study.json").read_text().replace("How old are you?", "Your age?")
    (asking / "study.json").write_text(text)
    Study.load(asking, changed=True).save(asking)
    with pytest.raises(DesignError, match="on another design"):
        Store(asking)
