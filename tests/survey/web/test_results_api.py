"""Results are hidden until the study's rule allows them, or its operator asks."""

import base64
import io
import subprocess
import sys
import zipfile

import pytest

from survey.protocol import Protocol
from survey.store import Store
from survey.web.operator_access import WITHIN, WRONG, Lock
from survey.web.results_api import Desk
from survey.web.study_host import Venue
from tests.helpers.study import Participant, in_service, make_study, outcome

SECRET = "open sesame"


@pytest.fixture
def open_desk(tmp_path, clock):
    """A desk on a study with some participants who finished."""
    stores: list[Store] = []

    def open_desk(finished: int = 0, secret: str = SECRET, demonstration=False, **settings):
        make_study(tmp_path / "study", **settings)
        stores.append(Store(tmp_path / "study", durable=False))
        survey = Protocol(stores[0], clock)
        for _ in range(finished):
            Participant(survey, clock).finish()
        venue = Venue(lambda: in_service(survey), demonstration=demonstration)
        venue.opening().result()
        return Desk(venue, Lock(secret, clock))

    yield open_desk
    for store in stores:
        store.close()


def ask(desk: Desk, name: str = "results", secret: str = "") -> dict:
    return outcome(desk.answer({"ask": name, "secret": secret}))


def hidden(said: dict) -> bool:
    return said["reply"]["report"] == ""


def test_results_are_hidden_until_the_target_is_reached(open_desk, clock):
    desk = open_desk(finished=1, target=2)
    said = ask(desk)
    assert hidden(said)
    assert "1 of 2 participants" in said["reply"]["note"]
    Participant(desk.venue.opening().result().survey, clock).finish()
    assert "<html" in ask(desk)["reply"]["report"]


def test_without_a_target_they_stay_with_the_operator(open_desk):
    desk = open_desk(finished=2)
    assert hidden(ask(desk))
    assert not hidden(ask(desk, secret=SECRET))


def test_a_demonstration_shows_them_and_says_what_it_is(open_desk):
    said = ask(open_desk(demonstration=True))
    assert not hidden(said)
    assert "not a scientific study" in said["reply"]["note"]


def test_everyone_else_learns_no_names_and_no_counts(open_desk):
    desk = open_desk(finished=1)
    said = str(ask(desk))
    for name in (
        "plain",
        "vivid",
        "photo-",
        ".jpg",
        desk.venue.opening().result().survey.study.sha256,
    ):
        assert name not in said
    assert ask(desk)["reply"]["facts"] == []


def test_the_operator_sees_counts_and_gets_the_export(open_desk):
    desk = open_desk(finished=1)
    facts = dict(ask(desk, secret=SECRET)["reply"]["facts"])
    assert facts["Finished"] == "1"
    assert facts["Votes"].startswith("12,")
    assert "SURVEY_MIRROR_REPO is not set" in facts["Copies"]
    packed = ask(desk, "export", SECRET)["reply"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed["content"]))) as archive:
        assert "study.json" in archive.namelist()


def test_on_a_space_without_a_mirror_the_operator_is_warned(open_desk):
    desk = open_desk()
    desk.venue.opening().result().on_space = True
    assert "ALL VOTES WILL BE LOST" in ask(desk, secret=SECRET)["reply"]["alarm"]
    assert ask(desk)["reply"]["alarm"] == ""


def test_the_export_is_the_operators_even_when_results_are_public(open_desk):
    desk = open_desk(finished=1, target=1)
    assert not hidden(ask(desk))
    assert ask(desk, "export")["refused"] == "barred"


def test_wrong_secrets_open_nothing_run_out_and_are_counted(open_desk, clock):
    desk = open_desk()
    for _ in range(WRONG):
        assert ask(desk, secret="guess")["sentence"] == "That is not the secret."
    assert "wait" in ask(desk, secret=SECRET)["sentence"]
    said = outcome(desk.answer({"ask": "results", "secret": SECRET}, "192.0.2.7"))
    assert dict(said["reply"]["facts"])["Calls refused"] == f"secret {WRONG}"
    clock.pass_(WITHIN)
    assert ask(desk, secret=SECRET)["reply"]["operator"]


def test_without_a_secret_the_sentence_says_how_to_set_one(open_desk):
    assert "SURVEY_SECRET" in ask(open_desk(secret=""), secret="x")["sentence"]


@pytest.mark.parametrize(
    "call",
    [
        None, {}, {"ask": "results"}, {"ask": ["results"], "secret": ""},
        {"ask": "results", "secret": 1}, {"ask": "store", "secret": ""},
    ],
)  # fmt: skip
def test_other_calls_are_barred(open_desk, call):
    assert outcome(open_desk().answer(call))["refused"] == "barred"


def test_the_report_is_made_anew_only_when_votes_came_in(open_desk, monkeypatch):
    desk, made = open_desk(finished=1, demonstration=True), []
    monkeypatch.setattr("survey.report.html.report", lambda *where: made.append(where) or "<html>")
    ask(desk)
    ask(desk)
    assert len(made) == 1


def test_the_page_needs_nothing_that_only_a_report_needs():
    """scipy takes half a second, which the start of the app can do without."""
    code = "import sys, survey.web.pages; assert not {'scipy', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
