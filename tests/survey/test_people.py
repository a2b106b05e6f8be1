"""The researcher's list of people."""

import csv
import io
import json

import pytest

from survey.__main__ import main
from survey.people import as_csv, as_table, people
from survey.protocol import StudyProtocol
from survey.store import Store
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
