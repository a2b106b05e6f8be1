"""The log: one line a photo, whoever else writes, and no reason to stop."""

import csv
from pathlib import Path

import fsspec
import pytest

from colorize.engine import log
from colorize.engine.address import Remote
from colorize.engine.log import Log

ROW = {
    "input": 'a "b", c.png', "output": "out/a.png", "width": 4, "height": 3, "model": "mine",
    "seconds": {"read": 0.1, "network": 0.2, "colour": 0.3, "write": 0.4, "total": 1.0},
}  # fmt: skip
FAILED = {"input": "b.png", "error": "no\nphoto"}


def lines(path: Path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_become_lines_and_runs_are_appended(tmp_path):
    for _ in range(2):
        with Log(tmp_path / "out") as kept:
            kept.add(ROW)
            kept.add(FAILED)
    found = lines(tmp_path / "out" / "colorize-log.csv")
    assert [line["input"] for line in found] == ['a "b", c.png', "b.png"] * 2
    assert (found[0]["total"], found[0]["error"]) == ("1.0", "")
    assert (found[1]["total"], found[1]["error"]) == ("", "no\nphoto")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["colorize-log.csv"]


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path):
    with Log(tmp_path) as kept:
        kept.add({**FAILED, "input": "\udcff.png"})
    assert b",\xff.png," in (tmp_path / "colorize-log.csv").read_bytes()


def test_a_slower_run_keeps_the_lines_of_a_faster_one(tmp_path):
    path = tmp_path / "colorize-log.csv"
    log.append(path, log.line(ROW))
    log.begin(path)  # as one does that has not seen it in time
    assert len(lines(path)) == 1


def test_one_that_cannot_be_written_is_told_once(tmp_path, capsys):
    (tmp_path / "colorize-log.csv").mkdir()
    with Log(tmp_path) as kept:
        for _ in range(3):
            kept.add(ROW)
    assert capsys.readouterr().err.count("The log cannot be written") == 1


def test_a_store_gets_pieces(monkeypatch):
    monkeypatch.setattr(log, "PIECE", 2)
    with Log(Remote("memory://logged/out")) as kept:
        for _ in range(5):
            kept.add(ROW)
    store = fsspec.filesystem("memory")
    pieces = [store.cat_file(path).decode().splitlines() for path in store.find("/logged/out")]
    assert [len(piece) - 1 for piece in pieces] == [2, 2, 1]
    assert {piece[0] for piece in pieces} == {log.header().strip()}


@pytest.fixture(autouse=True)
def empty_memory():
    yield
    fsspec.filesystem("memory").store.clear()
