"""The board as a page and as a zip: what it says, to whom, and what it keeps to itself."""

import csv
import io
import json
import re
import zipfile

import pytest

from survey.board.command import main
from survey.board.export import COLUMNS, export
from survey.board.page import render
from survey.board.simulation import fill
from survey.board.store import BoardStore
from survey.store import read_only
from tests.helpers.open_board import MODELS
from tests.survey.board.test_votes import vote


@pytest.fixture
def simulated(tmp_path) -> list[dict]:
    store = BoardStore(tmp_path / "board", durable=False)
    fill(store, MODELS, 40, 1000, seed=1)
    found = [dict(row) for row in store.transact(lambda ledger: ledger.votes())]
    store.close()
    return found


def words(page: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def test_without_votes_it_invites():
    said = words(render([], MODELS))
    assert "No votes yet." in said and "Bradley" not in said


def test_it_tells_who_wins_how_sure_and_how_it_was_counted(simulated):
    said = words(render(simulated, MODELS))
    assert re.search(r"\w+ wins \d\d\.\d\W% of the deciding votes against", said)
    assert re.search(r"wins \d\d\.\d\W% against regression", said)
    assert "Votes on this board are simulated" in said
    for part in ("Each against each", "Votes more until told apart", "Left side", "One ranking"):
        assert part in said
    assert "less than 20 votes of as many people" in said and "less than 60" in said
    assert not re.search("nan|inf[^o]", said)


def test_few_votes_come_with_a_warning():
    said = words(render([vote(), vote(2)], ["a@1", "regression@2"]))
    assert "Only 2 browsers" in said and "Only 1 photo:" in said
    assert "a guess" in said


def test_models_that_went_are_told(simulated):
    said = words(render(simulated, MODELS[1:]))
    assert "Not to be voted on any more: plain." in said


def test_names_are_shown_and_never_run():
    page = render([vote(first="<script>alert(1)</script>@1")], [])
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_the_export_holds_every_vote_and_no_secret(simulated, tmp_path):
    marked = [row | {"network": "5ec2e7" if n < 9 else ""} for n, row in enumerate(simulated)]
    with zipfile.ZipFile(export(marked, tmp_path / "board.zip")) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    rows = list(csv.DictReader(io.StringIO(texts["data/study-Board_data.csv"])))
    for row, known in zip(rows, simulated, strict=True):
        told = (int(row["voter"]), row["photo"], row["first"], row["second"], row["answer"])
        assert told == tuple(known[n] for n in ("voter", "photo", "first", "second", "answer"))
    assert [row["network"] for row in rows[:10]] == ["1"] * 9 + [""]
    described = json.loads(texts["dataset_description.json"])["variableMeasured"]
    assert [variable["name"] for variable in described] == list(COLUMNS) == list(rows[0])
    assert "5ec2e7" not in "".join(texts.values())
    assert {"results/ratings.csv", "results/pairs.csv", "results/board.html"} < texts.keys()


def test_the_export_of_no_votes_is_whole(tmp_path):
    with zipfile.ZipFile(export([], tmp_path / "board.zip")) as archive:
        assert archive.read("data/study-Board_data.csv").decode().count("\n") == 1


def test_the_command_simulates_reports_and_exports(tmp_path, capsys, zoo_of_tiny_models):
    folder = tmp_path / "try"
    assert main([str(folder), "--simulate", "300"]) == 0
    with pytest.raises(ValueError, match="holds a board already"):
        main([str(folder), "--simulate", "300"])
    page, archive = tmp_path / "board.html", tmp_path / "board.zip"
    assert main([str(folder), "--report", str(page), "--export", str(archive)]) == 0
    assert "regression" in page.read_text() and zipfile.is_zipfile(archive)
    capsys.readouterr()
    assert main([str(folder)]) == 0
    said = json.loads(capsys.readouterr().out)
    db = read_only(folder / "votes.db")
    assert said["votes"] == db["votes"].count <= 300
    db.close()
    assert set(said["strengths"]) == {"classification", "rebalanced", "regression"}
    with pytest.raises(FileNotFoundError):
        main([str(tmp_path / "nothing")])
