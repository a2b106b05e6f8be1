"""Processes of this machine: they lose nothing when they are killed, nor when their parent is."""

import csv
import multiprocessing
import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from colorize.engine import local
from colorize.engine.dispatch import Staff, work
from colorize.engine.local import EngineError
from colorize.engine.worker import Wish
from colorize.folder import colorize_all, plan
from tests.helpers.archive import KINDS, Command, album, results

pytestmark = pytest.mark.slow  # every process imports torch


@pytest.fixture
def model(make_model, tmp_path) -> Path:
    return make_model(name="mine").save(tmp_path / "models" / "mine")


def test_two_processes_make_the_same_bytes_though_one_is_killed(make_model, colorizer, tmp_path):
    photos = album(tmp_path / "scans", count=60, broken=3)
    done = list(colorize_all(plan([photos], tmp_path / "one"), colorizer))
    jobs = plan([photos], tmp_path / "two")
    rows, killed = [], 0
    staff = Staff(workers=2, batch=4)
    with closing(work(jobs, Wish(make_model(), device="cpu"), staff)) as answers:
        for row in answers:
            rows.append(row)
            if len(rows) == 10:
                killed = multiprocessing.active_children()[0].pid
                os.kill(killed, signal.SIGKILL)
    assert killed and not multiprocessing.active_children()
    assert sorted(row["input"] for row in rows) == sorted(str(job.input) for job in jobs)
    assert {row["input"] for row in rows if "error" in row} == {
        str(job.input) for job in done if job.error
    }
    assert results(tmp_path / "two") == results(tmp_path / "one")
    assert len(results(tmp_path / "two")) == 57


def test_the_parent_is_killed_and_the_next_run_goes_on(model, tmp_path):
    photos = album(tmp_path / "scans", count=200)
    words = (photos, "--output", tmp_path / "out", "--model", model, "--workers", 2, "--batch", 4)
    with Command(*words) as run:
        first = [row for row, _ in zip(run.rows(), range(20), strict=False)]
        run.process.kill()
    kept = results(tmp_path / "out")
    assert {Path(row["output"]).name for row in first} <= kept.keys()
    with Command(*words) as run:
        code, rows, _ = run.finish()
    skipped = [row for row in rows if row.get("skipped")]
    assert code == 0 and len(rows) == 200 and 20 <= len(skipped) < 200
    assert len(set(results(tmp_path / "out").values())) == KINDS  # whole


def test_two_runs_into_one_output_spoil_nothing(model, tmp_path):
    photos = album(tmp_path / "scans", count=40, broken=2)
    words = (photos, "--output", tmp_path / "out", "--model", model, "--workers", 1)
    with Command(*words) as one, Command(*words) as other:
        ends = [run.finish() for run in (one, other)]
    assert [code for code, _, _ in ends] == [1, 1]
    assert all(len(rows) == 40 for _, rows, _ in ends)
    found = results(tmp_path / "out")
    log = (tmp_path / "out" / "colorize-log.csv").read_text().splitlines()
    assert len(found) == 38 and len(set(found.values())) == KINDS
    assert not list((tmp_path / "out").glob(".*.part"))
    fresh = sum(not row.get("skipped") for _, rows, _ in ends for row in rows)
    assert len(list(csv.DictReader(log))) == len(log) - 1 == fresh


def test_workers_that_cannot_begin_are_told(make_model, tmp_path):
    jobs = plan([album(tmp_path / "scans", count=3)], tmp_path / "out")
    with pytest.raises(EngineError, match="A worker cannot begin: The device 'abacus' is not"):
        list(local.work(jobs, Wish(make_model(), device="abacus"), workers=2, batch=1))
    assert not multiprocessing.active_children()
