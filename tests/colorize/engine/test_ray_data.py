"""A real Ray of two workers on this machine: killed, interrupted, out of disk, and nothing lost."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from colorize.__main__ import main
from colorize.colorizer import Colorizer
from colorize.engine import ray_data
from colorize.engine.address import place
from colorize.folder import Job, colorize_all, plan
from colorize.hints import Hint
from tests.helpers.archive import KINDS, Command, album, results, workers_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quiet_home() -> Iterator[dict[str, str]]:
    """Where Ray puts its sockets (whose paths must be short), logs and token."""
    pytest.importorskip("ray")
    folder = tempfile.mkdtemp(prefix="ray")
    yield {"RAY_TMPDIR": folder, "HOME": folder, "OMP_NUM_THREADS": "1"}
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def model(make_model, tmp_path) -> Path:
    return make_model(name="mine").save(tmp_path / "models" / "mine")


def test_two_thousand_photos_though_a_worker_and_the_driver_are_killed(model, tmp_path, quiet_home):
    photos = album(tmp_path / "scans", count=2000, broken=20)
    broken = {str(path) for path in photos.iterdir() if len(path.read_bytes()) < 20}
    words = (photos, "--output", tmp_path / "out", "--model", model)
    words += ("--engine", "ray", "--workers", 2)
    with Command(*words, **quiet_home) as run:
        rows = []
        for row in run.rows():
            rows.append(row)
            if len(rows) == 100:
                os.kill(workers_of(run.process, b"MapWorker")[0], signal.SIGKILL)
            if len(rows) == 500:
                run.process.kill()
                break
    kept = results(tmp_path / "out")
    assert {Path(row["output"]).name for row in rows if "output" in row} <= kept.keys()

    with Command(*words, **quiet_home) as run:
        code, rows, err = run.finish()
    inputs = [row["input"] for row in rows]
    assert sorted(inputs) == sorted(map(str, photos.iterdir())), err  # each once
    assert {row["input"] for row in rows if "error" in row} == broken and code == 1
    assert sum(row.get("skipped", False) for row in rows) >= len(kept)

    some = plan(sorted(photos.iterdir())[: 3 * KINDS], tmp_path / "one")
    list(colorize_all(some, Colorizer.load(model, "cpu")))
    expected = results(tmp_path / "one")
    found = results(tmp_path / "out")
    assert len(found) == 1980 and expected.items() <= found.items()
    assert set(found.values()) == set(expected.values())  # all others are copies of those


@pytest.fixture
def cluster(quiet_home) -> Iterator[str]:
    """The address of a cluster of two cores that was there before."""
    ray = str(Path(sys.executable).parent / "ray")
    words = ["start", "--head", "--port=0", "--num-cpus=2", "--include-dashboard=false", "--block"]
    environment = {**os.environ, **quiet_home, "RAY_USAGE_STATS_ENABLED": "0"}
    with subprocess.Popen(
        [ray, *words], env=environment, stdout=subprocess.PIPE, text=True
    ) as head:
        assert any("Ray runtime started" in line for line in head.stdout)
        yield "auto"
        head.terminate()  # and all that it started


def test_a_full_disk_is_told_and_the_rest_is_done_when_there_is_room(
    model, tmp_path, quiet_home, cluster, small_disk
):
    photos = album(tmp_path / "scans", count=40)
    words = (photos, "--output", small_disk.path / "out", "--model", model)
    words += ("--engine", "ray", "--address", cluster, "--workers", 2, "--batch", 4)
    small_disk.fill(leave=12)  # pages: some results, and the log
    with Command(*words, **quiet_home) as run:
        code, rows, err = run.finish()
    failed = [row for row in rows if "error" in row]
    assert code == 1 and len(rows) == 40 and 0 < len(failed) < 40, err
    assert all("cannot be written: No space left on device." in row["error"] for row in failed)
    assert len(results(small_disk.path / "out")) == 40 - len(failed)

    small_disk.free()
    with Command(*words, **quiet_home) as run:
        code, rows, err = run.finish()
    assert code == 0 and sum(row.get("skipped", False) for row in rows) == 40 - len(failed), err
    assert len(set(results(small_disk.path / "out").values())) == KINDS


def test_a_batch_that_was_begun_comes_back_empty():
    begun = ray_data.Begun()
    assert [begun.first(name) for name in ("a", "b", "a")] == [True, True, False]


@pytest.mark.parametrize("photo", ["scans/a.tif", "s3://scans/a.tif", "scans/\udcff.tif"])
def test_jobs_travel_with_their_hints(photo):
    hints = (Hint(0.5, 0.25, "#b03020", 0.2), Hint(1, 1))
    job = Job(place(photo), place("out/a.png"), hints=hints)
    text = ray_data.text_of(job)
    assert ray_data.job_of(text) == job and text.isascii()


@pytest.mark.parametrize(
    ("resources", "gpu_share", "workers"),
    [({"CPU": 16.0, "GPU": 2.0}, 0.0, 16), ({"CPU": 16.0, "GPU": 2.0}, 0.5, 4), ({}, 1.0, 1)],
)
def test_as_many_workers_as_there_is_room(resources, gpu_share, workers):
    assert ray_data.room(resources, gpu_share) == workers


def test_without_ray_the_sentence_says_what_to_install(model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ray_data, "find_spec", lambda name: None)
    photos = album(tmp_path / "scans", count=2)
    words = [photos, "--output", tmp_path / "out", "--model", model, "--engine", "ray"]
    assert main([str(word) for word in words]) == 2
    assert "not installed here: pip install 'ray[data]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
