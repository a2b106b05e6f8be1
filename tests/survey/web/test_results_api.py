"""Results are hidden until the study's rule allows them, or its operator asks."""

import base64
import io
import subprocess
import sys
import zipfile

import pytest

from survey.protocol import StudyProtocol
from survey.store import Store
from survey.web.operator_access import WITHIN, WRONG, OperatorLock
from survey.web.results_api import ResultsApi
from survey.web.study_host import StudyHost
from tests.helpers.study import LENIENT, Participant, in_service, make_study, outcome

SECRET = "open sesame"


@pytest.fixture
def open_desk(tmp_path, clock):
    """A api on a study with some participants who finished."""
    stores: list[Store] = []

    def open_desk(finished: int = 0, secret: str = SECRET, demonstration=False, **settings):
        make_study(tmp_path / "study", exclusion=LENIENT, **settings)
        stores.append(Store(tmp_path / "study", durable=False))
        survey = StudyProtocol(stores[0], clock)
        for _ in range(finished):
            Participant(survey, clock).finish()
        host = StudyHost(lambda: in_service(survey), demonstration=demonstration)
        host.opening().result()
        return ResultsApi(host, OperatorLock(secret, clock))

    yield open_desk
    for store in stores:
        store.close()


def ask(api: ResultsApi, name: str = "results", secret: str = "") -> dict:
    return outcome(api.answer({"ask": name, "secret": secret}))


def hidden(said: dict) -> bool:
    return said["reply"]["report"] == ""


def test_results_are_hidden_until_the_target_is_reached(open_desk, clock):
    api = open_desk(finished=1, target=2)
    said = ask(api)
    assert hidden(said)
    assert "1 of 2 participants" in said["reply"]["note"]
    Participant(api.host.opening().result().survey, clock).finish()
    assert "<html" in ask(api)["reply"]["report"]


def test_without_a_target_they_stay_with_the_operator(open_desk):
    api = open_desk(finished=2)
    assert hidden(ask(api))
    assert not hidden(ask(api, secret=SECRET))


def test_a_demonstration_shows_them_and_says_what_it_is(open_desk):
    said = ask(open_desk(demonstration=True))
    assert not hidden(said)
    assert "not a scientific study" in said["reply"]["note"]


def test_everyone_else_learns_no_names_and_no_counts(open_desk):
    api = open_desk(finished=1)
    said = str(ask(api))
    for name in (
        "plain",
        "vivid",
        "photo-",
        ".jpg",
        api.host.opening().result().survey.study.sha256,
    ):
        assert name not in said
    assert ask(api)["reply"]["facts"] == []


def test_the_operator_sees_counts_and_gets_the_export(open_desk):
    api = open_desk(finished=1)
    facts = dict(ask(api, secret=SECRET)["reply"]["facts"])
    assert facts["Finished"] == "1"
    assert facts["Votes"].startswith("12,")
    assert "SURVEY_MIRROR_REPO is not set" in facts["Copies"]
    packed = ask(api, "export", SECRET)["reply"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed["content"]))) as archive:
        assert "study.json" in archive.namelist()


def test_on_a_space_without_a_mirror_the_operator_is_warned(open_desk):
    api = open_desk()
    api.host.opening().result().on_space = True
    assert "ALL VOTES WILL BE LOST" in ask(api, secret=SECRET)["reply"]["alarm"]
    assert ask(api)["reply"]["alarm"] == ""


def test_the_export_is_the_operators_even_when_results_are_public(open_desk):
    api = open_desk(finished=1, target=1)
    assert not hidden(ask(api))
    assert ask(api, "export")["refused"] == "barred"


def test_wrong_secrets_open_nothing_run_out_and_are_counted(open_desk, clock):
    api = open_desk()
    for _ in range(WRONG):
        assert ask(api, secret="guess")["sentence"] == "That is not the secret."
    assert "wait" in ask(api, secret=SECRET)["sentence"]
    said = outcome(api.answer({"ask": "results", "secret": SECRET}, "192.0.2.7"))
    assert dict(said["reply"]["facts"])["Calls refused"] == f"secret {WRONG}"
    clock.pass_(WITHIN)
    assert ask(api, secret=SECRET)["reply"]["operator"]


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
    api, made = open_desk(finished=1, demonstration=True), []
    monkeypatch.setattr("survey.report.html.report", lambda *where: made.append(where) or "<html>")
    ask(api)
    ask(api)
    assert len(made) == 1


def test_the_page_needs_nothing_that_only_a_report_needs():
    """scipy takes half a second, which the start of the app can do without."""
    code = "import sys, survey.web.pages; assert not {'scipy', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
