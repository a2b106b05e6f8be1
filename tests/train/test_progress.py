import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from train.catalogue import find_recipe
from train.checkpoint import CheckpointError
from train.progress import FIELDS, ProgressLog, contact_sheet
from train.schedule import Clock


def clock_at(step: int) -> Clock:
    clock = Clock(find_recipe("regression", steps=100))
    clock.set(step, seconds=2.0 * step)
    return clock


def rows(run: Path) -> list[dict]:
    with (run / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def log_at(run: Path, *steps: int, begin: int = 0) -> None:
    clock = clock_at(begin)
    log = ProgressLog(run, clock, batch=4, why="a test")
    for step in steps:
        clock.set(step, seconds=2.0 * step)
        log.step(loss=1.0 / step)
        log.validation(0.5)


def test_each_validation_is_a_line(tmp_path):
    log_at(tmp_path, 10, 20)
    assert [row["step"] for row in rows(tmp_path)] == ["10", "20"]
    assert rows(tmp_path)[0].keys() == set(FIELDS)
    assert float(rows(tmp_path)[0]["loss"]) == pytest.approx(0.1)
    assert float(rows(tmp_path)[1]["loss"]) == pytest.approx(0.98 * 0.1 + 0.02 * 0.05)


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(tmp_path):
    log_at(tmp_path, 10, 20, 30)
    log_at(tmp_path, 30, begin=20)
    assert [row["step"] for row in rows(tmp_path)] == ["10", "20", "30"]


def test_a_new_run_begins_a_new_table(tmp_path):
    log_at(tmp_path, 10)
    log_at(tmp_path, 5)
    assert [row["step"] for row in rows(tmp_path)] == ["5"]


def test_other_processes_write_nothing(tmp_path):
    ProgressLog(tmp_path, clock_at(0), batch=4, why="a test", quiet=True).step(1.0)
    assert list(tmp_path.iterdir()) == []


def test_the_sheet_shows_grey_ours_and_truth():
    lightness = torch.full((2, 1, 8, 10), 60.0)
    predicted = torch.tensor([30.0, 0.0]).view(1, 2, 1, 1).expand(2, 2, 2, 3)  # at its own size
    truth = torch.tensor([-30.0, 0.0]).view(1, 2, 1, 1).expand(2, 2, 8, 10)
    pixels = np.asarray(contact_sheet(lightness, predicted, truth)).astype(int)
    assert pixels.shape == (3 * 8, 2 * 10, 3)
    redness = pixels[::8, :, 0].mean(1) - pixels[::8, :, 1].mean(1)
    assert abs(redness[0]) <= 1
    assert redness[1] > 20
    assert redness[2] < -20


def test_a_full_disk_loses_no_line_of_the_table(tmp_path, monkeypatch):
    log_at(tmp_path, 10, 20)
    with (tmp_path / "log.csv").open("a") as file:
        file.write("3")  # half a line, as a full disk leaves it
    before = (tmp_path / "log.csv").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("colorize.files.os.fsync", full)
        with pytest.raises(CheckpointError, match="the disk is full"):
            log_at(tmp_path, begin=20)
    assert (tmp_path / "log.csv").read_bytes() == before
    log_at(tmp_path, 30, begin=20)
    assert [row["step"] for row in rows(tmp_path)] == ["10", "20", "30"]
