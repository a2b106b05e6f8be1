"""The researcher's list of people."""

import csv
import io
import json
from zipfile import ZipFile

import pytest

from survey.__main__ import main
from survey.mirror import files
from survey.outcomes import decide
from survey.people import as_csv, as_table, people
from survey.protocol import Refused, StudyProtocol
from survey.questionnaire.questions import Question
from survey.report.export import export
from survey.store import Store
from survey.web.study_host import open_study
from tests.helpers.study import Participant, make_study

EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture
def folder(tmp_path, clock):
    """One finished with one key for everything, one left after a while."""
    make_study(tmp_path / "study", panel="PROLIFIC_PID", practice=0)
    store = Store(tmp_path / "study", durable=False)
    survey = StudyProtocol(store, clock)
    Participant(survey, clock, EVIL).finish()
    Participant(survey, clock, "second").answer()
    store.close()
    return tmp_path / "study"


def test_codes_belong_to_panel_ids(folder, clock):
    first, second = people(folder)
    store = Store(folder, durable=False)
    token = store.transact(lambda ledger: ledger.person_of_panel(EVIL, ""))["token"]
    assert first.code == StudyProtocol(store, clock).debrief(token).code
    store.close()
    assert (first.panel_id, first.state, first.minutes) == (EVIL, "finished", round(2 * 10 / 60, 1))
    assert (second.panel_id, second.state, second.code) == ("second", "under way", "")
    assert not first.rules["same_answer"] and first.rules["unfinished"]
    assert not second.rules["unfinished"] and second.rules["catch"]


def test_as_a_table_as_csv_and_as_json(folder, capsys):
    assert main(["people", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [person["panel_id"] for person in told] == [EVIL, "second"]
    assert set(told[0]["rules"]) == {
        *("unfinished", "catch", "fast", "same_answer", "exposure", "colour_vision")
    }
    assert main(["people", str(folder), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["panel_id"] == "'" + EVIL  # no formula
    assert rows[0]["same_answer"] == "broken"
    assert main(["people", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[:2] == ["2", "second"]


def test_nobody_yet(tmp_path):
    make_study(tmp_path)
    Store(tmp_path, durable=False).close()
    assert "Nobody" in as_table(people(tmp_path))
    assert as_csv([]) == ""


def test_recruiting_by_command(folder, capsys):
    assert main(["pause", str(folder)]) == 0
    assert "is paused, for any number of people; results: complete" in capsys.readouterr().out
    assert main(["open", str(folder), "--target", "60", "--results", "operator"]) == 0
    assert "is open, for 60 people; results: operator" in capsys.readouterr().out
    assert main(["close", str(folder), "--results", "tomorrow"]) == 2
    assert "results is 'tomorrow'; use" in capsys.readouterr().err
    assert main(["close", str(folder)]) == 0
    assert "is closed, for 60 people; results: operator" in capsys.readouterr().out


PANEL = "PROLIFIC_PID,STUDY_ID,SESSION_ID"
DETAILS = {"STUDY_ID": "study-77", "SESSION_ID": "session-88"}


def test_who_was_screened_out_is_not_under_way(tmp_path, clock):
    make_study(tmp_path, panel=PANEL, after=(Question("sure", "Sure?", "scale"),))
    store = Store(tmp_path, durable=False)
    survey = StudyProtocol(store, clock)
    store.transact(lambda ledger: decide(ledger, [("screened", "SCREEN1")]))
    token = survey.begin(True, "no-red")
    survey.colour_vision(token, "deficient")
    Participant(survey, clock, "nearly").finish()
    Participant(survey, clock, "gone")
    store.close()
    screened, nearly, gone = people(tmp_path)
    assert (screened.state, screened.code) == ("screened out", "SCREEN1")
    assert not screened.rules["colour_vision"]
    assert (nearly.state, nearly.code) == ("last questions", "")
    assert (gone.state, gone.code) == ("under way", "")


def test_what_else_a_panel_says_is_kept_as_its_id_is(tmp_path, clock):
    make_study(tmp_path / "study", panel=PANEL, practice=0)
    running = open_study(tmp_path / "study", environ={})
    running.survey._clock = clock
    token = running.survey.begin(True, "member-1", DETAILS)
    running.survey.begin(True, "member-2", {})
    running.survey.colour_vision(token, "normal")
    Participant(running.survey, clock, "member-1").answer()
    running.close()
    first, second = people(tmp_path / "study")
    assert (first.panel_details, second.panel_details) == (DETAILS, {})
    rows = list(csv.DictReader(io.StringIO(as_csv([first, second]))))
    assert [row["SESSION_ID"] for row in rows] == ["session-88", ""]
    data = tmp_path / "study" / "data"
    copies = b"".join(path.read_bytes() for path in files(data))
    exported = export(tmp_path / "study", tmp_path / "x.zip")
    with ZipFile(exported) as archive:
        copies += b"".join(archive.read(name) for name in archive.namelist())
    assert b"sealed:" in copies
    for private in (b"member-1", b"study-77", b"session-88"):
        assert private not in copies


@pytest.mark.parametrize(
    "details", [{"OTHER": "x"}, {"STUDY_ID": 7}, {"STUDY_ID": "x" * 200}, ["STUDY_ID"], "x"]
)
def test_a_panel_says_only_what_the_study_asks_for(tmp_path, clock, details):
    make_study(tmp_path, panel=PANEL)
    store = Store(tmp_path, durable=False)
    with pytest.raises(Refused, match="STUDY_ID, SESSION_ID, each a text"):
        StudyProtocol(store, clock).begin(True, "member", details)
    store.close()
