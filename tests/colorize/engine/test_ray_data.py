"""A real Ray of two workers on this machine: killed, interrupted, out of disk, and nothing lost."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from colorize.__main__ import main
from colorize.colorizer import Colorizer
from colorize.engine import ray_data
from colorize.engine.address import place
from colorize.engine.begun import Begun
from colorize.folder import Job, colorize_all, plan
from colorize.hints import Hint
from tests.helpers.archive import KINDS, Command, album, results, workers_of
from tests.stress.serving import free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quiet_home() -> Iterator[dict[str, str]]:
    """Where Ray puts its sockets (whose paths must be short), logs and token."""
    pytest.importorskip("ray")
    folder = tempfile.mkdtemp(prefix="ray")
    yield {
        "RAY_TMPDIR": folder,
        "HOME": folder,
        "OMP_NUM_THREADS": "1",
        "RAY_worker_niceness": "0",  # beside other work, Ray's workers would wait for minutes
    }
    shutil.rmtree(folder, ignore_errors=True)


class Head:
    """A cluster of two cores that was there before; started when it is first needed."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = {**os.environ, **environment, "RAY_USAGE_STATS_ENABLED": "0"}
        self.process: subprocess.Popen | None = None
        self.address = f"127.0.0.1:{free_port()}"  # "auto" may find a Ray that is just ending

    def start(self) -> None:
        ray = str(Path(sys.executable).parent / "ray")
        host, port = self.address.split(":")
        words = ["start", "--head", f"--node-ip-address={host}", f"--port={port}"]
        words += ["--num-cpus=2", "--include-dashboard=false"]
        self.process = subprocess.Popen(
            [ray, *words, "--block"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        assert any("Ray runtime started" in line for line in self.process.stdout)

    def kill(self) -> None:
        """kill -9 of it and all that it started: in good order it takes half a minute."""
        if self.process:
            for pid in [*workers_of(self.process, b""), self.process.pid]:
                with suppress(ProcessLookupError):  # one ends with the other
                    os.kill(pid, signal.SIGKILL)
            self.process.communicate()
            self.process = None


@pytest.fixture(scope="module")
def head(quiet_home) -> Iterator[Head]:
    """For all tests: it takes seconds to start."""
    head = Head(quiet_home)
    yield head
    head.kill()


@pytest.fixture
def cluster(head) -> str:
    """Its address."""
    if head.process is None:
        head.start()
    return head.address


@pytest.fixture
def model(make_model, tmp_path) -> Path:
    return make_model(name="mine").save(tmp_path / "models" / "mine")


def test_two_thousand_photos_though_a_worker_and_the_driver_are_killed(
    model, tmp_path, quiet_home, cluster
):
    photos = album(tmp_path / "scans", count=2000, broken=20)
    broken = {str(path) for path in photos.iterdir() if len(path.read_bytes()) < 20}
    words = (photos, "--output", tmp_path / "out", "--model", model)
    words += ("--engine", "ray", "--workers", 2)
    with Command(*words, **quiet_home) as run:  # a Ray of its own
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

    with Command(*words, "--address", cluster, **quiet_home) as run:
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


def test_a_full_disk_is_told_and_the_rest_is_done_when_there_is_room(
    model, tmp_path, quiet_home, cluster, small_disk
):
    photos = album(tmp_path / "scans", count=40)
    words = (photos, "--output", small_disk.path / "out", "--model", model)
    ray = ("--engine", "ray", "--address", cluster, "--workers", 2, "--batch", 4)
    small_disk.fill(leave=12)  # pages: some results, and the log
    with Command(*words, *ray, **quiet_home) as run:
        code, rows, err = run.finish()
    failed = [row for row in rows if "error" in row]
    assert code == 1 and len(rows) == 40 and 0 < len(failed) < 40, err
    assert all("cannot be written: No space left on device." in row["error"] for row in failed)
    assert len(results(small_disk.path / "out")) == 40 - len(failed)

    small_disk.free()
    with Command(*words) as run:  # the other engine goes on where one was
        code, rows, err = run.finish()
    assert code == 0 and sum(row.get("skipped", False) for row in rows) == 40 - len(failed), err
    assert len(set(results(small_disk.path / "out").values())) == KINDS


def test_a_cluster_that_goes_away_is_told_soon_and_what_is_done_is_kept(
    model, tmp_path, quiet_home, cluster, head
):
    photos = album(tmp_path / "scans", count=400)
    words = (photos, "--output", tmp_path / "out", "--model", model, "--engine", "ray")
    words += ("--address", cluster, "--workers", 2, "--batch", 4)
    with Command(*words, **quiet_home) as run:
        rows = [row for row, _ in zip(run.rows(), range(20), strict=False)]
        head.kill()
        code, more, err = run.finish()
    assert code == 2 and len(rows + more) < 400
    assert "colorize: The Ray cluster went away (" in err
    assert err.strip().endswith("What is done is kept: run the same command again.")
    found = results(tmp_path / "out")
    assert {Path(row["output"]).name for row in rows + more} <= found.keys()
    assert len(set(found.values())) <= KINDS  # whole


def test_a_cluster_that_is_not_there_is_told_at_once(model, tmp_path, capsys):
    pytest.importorskip("ray")
    photos = album(tmp_path / "scans", count=2)
    words = [photos, "--output", tmp_path / "out", "--model", model, "--engine", "ray"]
    assert main([*map(str, words), "--address", "127.0.0.1:1"]) == 2
    said = capsys.readouterr().err
    assert "The Ray cluster at 127.0.0.1:1 cannot be reached (nobody answers)." in said


def test_a_batch_that_was_begun_comes_back_empty():
    begun = Begun()
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


def test_why_a_worker_cannot_begin_is_the_last_line_of_what_ray_says():
    said = """The actor died because of an error raised in its creation task, \x1b[36mMap\x1b[39m
      File "worker.py", line 35, in __init__
    ValueError: The device 'abacus' is not there; this machine has cpu. Ask for it, or for auto."""
    assert str(ray_data.ending(said)) == (
        "A worker cannot begin: The device 'abacus' is not there; this machine has cpu. Ask for "
        "it, or for auto."
    )
    assert str(ray_data.ending("Lost.\nFor ever.")) == (
        "The Ray cluster went away (Lost.). What is done is kept: run the same command again."
    )


def test_without_ray_the_sentence_says_what_to_install(model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ray_data, "find_spec", lambda name: None)
    photos = album(tmp_path / "scans", count=2)
    words = [photos, "--output", tmp_path / "out", "--model", model, "--engine", "ray"]
    assert main([str(word) for word in words]) == 2
    assert "not installed here: pip install 'ray[data]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
