"""Question pages and a panel's details over HTTP: forged, foreign, parallel, and killed."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from survey.mirror import FOLDER, files
from survey.questionnaire.questions import Question
from tests.helpers.study import make_study
from tests.stress.conftest import EXPOSURE_MS, Fort
from tests.stress.raw_client import RawClient
from tests.stress.test_votes import JUNK

AT_ONCE = 50
PANEL = "PANEL,SESSION"
BEFORE = (Question("age", "How old are you?", "choice", ("under 30", "30 or more")),)
AFTER = (
    Question("sure", "How sure were you?", "scale"),
    Question("clues", "What gave them away?", "text", required=False),
)


@pytest.fixture(scope="module")
def asking(tmp_path_factory) -> Iterator[Fort]:
    place = tmp_path_factory.mktemp("asking")
    options = {"practice": 0, "trials": 2, "catch": 0.0, "exposure_ms": EXPOSURE_MS}
    options |= {"panel": PANEL, "before": BEFORE, "after": AFTER, "language": "browser"}
    make_study(place / "study", **options)
    with Fort(place, place / "study") as fort:
        yield fort


@pytest.fixture
def me(asking) -> Iterator[RawClient]:
    client = RawClient(asking.url)
    yield client
    client.close()


def said(fort: Fort, token: str) -> list[tuple[str, str | None]]:
    query = """SELECT question, answer FROM responses JOIN participants p ON p.id = participant
               WHERE token = ? ORDER BY responses.id"""
    return [(row["question"], row["answer"]) for row in fort.rows(query, token)]


def respond(me: RawClient, token: object, page: object = "before", answers: object = None) -> dict:
    answers = {"age": "under 30"} if answers is None else answers
    return me.ask("respond", token=token, page=page, answers=answers)


def test_forged_answers_are_refused_whatever_they_say(me, asking):
    token = me.enrol()
    for lie in (*JUNK, "after", "trials", "__class__", "models"):
        assert respond(me, token, page=lie)["refused"] in ("answer", "phase"), lie
    junk = [value for value in JUNK if value is not None]
    for lie in (*junk, {"age": None}, {"age": "99"}, {"age": ["under 30"]}, {"sure": 1}):
        assert respond(me, token, answers=lie)["refused"] == "answer", lie
    for lie in (*junk, secrets.token_hex(16)):
        assert respond(me, lie)["refused"] == "token", lie
    assert me.ask("respond", token=token, page="before")["refused"] == "call"
    assert me.ask("next_trial", token=token)["refused"] == "phase"
    assert said(asking, token) == []


def test_a_page_sent_fifty_times_at_once_is_answered_once(me, asking):
    token = me.enrol()
    answers = [{"age": ("under 30", "30 or more")[i % 2]} for i in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        replies = list(crowd.map(lambda one: respond(me, token, answers=one), answers))
    taken = [a for a, reply in zip(answers, replies, strict=True) if "reply" in reply]
    assert {reply["refused"] for reply in replies if "refused" in reply} == {"twice"}
    assert [("age", one["age"]) for one in taken] == said(asking, token)
    assert len(taken) == 1


def test_nobody_skips_the_last_page_and_no_truth_comes_before_it(me, asking):
    token = me.enrol()
    respond(me, token)
    assert respond(me, token, "after", {"sure": 3})["refused"] == "phase"
    heard = [me.ask("welcome"), me.ask("stage", token=token)]
    votes = me.finish(token)
    assert len(votes) == 2
    assert me.ask("stage", token=token)["reply"] == "after"
    assert me.ask("debrief", token=token)["refused"] == "phase"
    heard.append(respond(me, token, "after", {"sure": 3}))
    assert me.ask("debrief", token=token)["reply"]["code"]
    telling = {row["file"] for row in asking.rows("SELECT file FROM stimuli")}
    telling |= {"plain", "vivid", "truth", "condition", "catch"}
    assert not [name for name in telling if name in json.dumps(heard)]


def test_forged_details_of_a_panel_are_refused(me):
    for lie in (*JUNK, {"SESSION": 7}, {"OTHER": "x"}, {"SESSION": "x" * 500}, {"PANEL": "x"}):
        if lie is None or lie == {}:  # its link did not say
            continue
        call = {"consent": True, "panel_id": secrets.token_hex(8), "panel_details": lie}
        assert me.ask("begin", **call)["refused"] == "panel", lie


def test_an_answer_outlives_kill_9_in_the_database_and_in_the_mirror(me, asking):
    tokens = [me.enrol() for _ in range(8)]
    with ThreadPoolExecutor(8) as crowd:
        assert all("reply" in one for one in crowd.map(lambda t: respond(me, t), tokens))
    asking.kill()
    lines = [line for path in files(asking.data / FOLDER) for line in path.read_text().splitlines()]
    copied = {json.loads(line)["participant"]["token"] for line in lines if '"response"' in line}
    assert copied >= set(tokens)
    db = sqlite3.connect(asking.data / "votes.db")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    asking.start()
    for token in tokens:
        assert said(asking, token) == [("age", "under 30")]
        assert me.ask("stage", token=token)["reply"] == "trials"
