"""The machines of a Ray cluster: Ray Data hands batches to workers that hold a model each.

    pip install 'ray[data]'
    python -m colorize s3://archive/scans --output s3://archive/colour --engine ray --address auto

Ray starts workers anew that died, on other machines if it must, and would give them their batch for
ever; a batch that was begun before comes back without rows instead. Ray's own checkpoints are not
used: a finished result is the checkpoint.
"""

import atexit
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from colorize.engine.address import place
from colorize.engine.begun import Begun
from colorize.engine.heartbeat import GoneError, is_there, while_there
from colorize.engine.local import EngineError
from colorize.engine.worker import Row, Wish, Worker
from colorize.folder import Job
from colorize.hints.file import parse_hints, write_text

MOST_BLOCKS = 20_000  # batches that Ray is told of; beyond this each block holds several
QUIET = {  # unless the user has said otherwise
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told
    "RAY_DATA_LOG_LEVEL": "ERROR",
}
CREATION = "an error raised in its creation task"  # as Ray says it
PACKAGE = Path(__file__).parents[1]
LEFT_AT_HOME = ["weights", "web"]  # the model travels on its own


class ClusterGoneError(EngineError):
    """Ray's head is not there any more."""


class Batches:
    """What Ray keeps alive on a machine: a worker, called with columns."""

    def __init__(self, wish: Wish, begun: Any) -> None:
        self.worker, self.begun = Worker(wish), begun

    def __call__(self, columns: dict[str, np.ndarray]) -> dict[str, list[str]]:
        import ray

        if not ray.get(self.begun.first.remote(str(columns["job"][0]))):
            return {"row": []}
        jobs = [job_of(text) for text in columns["job"]]
        return {"row": [json.dumps(row) for row in self.worker.work(jobs)]}


def text_of(job: Job) -> str:
    """JSON: Arrow has no room for names that are not UTF-8."""
    return json.dumps([str(job.input), str(job.output), write_text(job.hints)])


def job_of(text: str) -> Job:
    photo, result, hints = json.loads(text)
    return Job(place(photo), place(result), hints=parse_hints(hints))


@contextmanager
def cluster(
    wish: Wish, workers: int | None, gpu_share: float, address: str | None
) -> Iterator[Callable[[list[Job], int], Iterator[Row]]]:
    """A function that does jobs in batches, on the cluster at an address or on this machine."""
    with redirect_stdout(sys.stderr):  # Ray prints what happens to its workers
        ray = begin(address)
        gone = False
        try:
            number = workers or room(ray.cluster_resources(), gpu_share)
            yield lambda jobs, batch: rows(jobs, batch, wish, number, gpu_share)
        except ClusterGoneError:
            gone = True
            atexit.register(leave)
            raise
        finally:
            if not gone:
                ray.shutdown()


def leave() -> None:
    """End at once: Ray's own ending would free what its waiting threads hold: a crash."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(2)


def begin(address: str | None) -> Any:
    """Ray, connected and quiet."""
    if not find_spec("ray"):
        raise EngineError("The engine ray is not installed here: pip install 'ray[data]'")
    os.environ.update({**QUIET, **os.environ})
    import ray

    options: dict[str, Any] = {"include_dashboard": False}
    if address:  # machines that may have no copy of this program
        options = {"runtime_env": {"py_modules": [str(PACKAGE)], "excludes": LEFT_AT_HOME}}
    try:
        if address and re.fullmatch(r"[^/]+:\d+", address) and not is_there(address):
            raise ConnectionError("nobody answers")  # Ray would ask for more than a minute
        ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise EngineError(
            f"The Ray cluster at {address or 'this machine'} cannot be reached ({error}). Start "
            "it with `ray start --head`, or leave --address out to start one here."
        ) from error
    return ray


def room(resources: dict[str, float], gpu_share: float) -> int:
    """As many workers as the cluster has shares of GPUs, or cores."""
    if gpu_share:
        return max(1, int(resources.get("GPU", 0) / gpu_share))
    return max(1, int(resources.get("CPU", 1)))


def rows(jobs: list[Job], batch: int, wish: Wish, workers: int, gpu_share: float) -> Iterator[Row]:
    """A row for each photo as it is done, but for those that a worker had in hand as it died."""
    import ray

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False  # we have our own
    named = [{"job": text_of(job)} for job in jobs]
    begun = ray.remote(Begun).options(num_cpus=0).remote()
    blocks = min(MOST_BLOCKS, -(-len(named) // batch))
    done = ray.data.from_items(named, override_num_blocks=blocks).map_batches(
        Batches,
        fn_constructor_args=(wish, begun),
        batch_size=batch,
        compute=ray.data.ActorPoolStrategy(size=min(workers, blocks)),
        num_cpus=1,
        num_gpus=gpu_share,
    )
    head, came = ray.get_runtime_context().gcs_address, False
    try:
        for answer in while_there(iter(done.iter_rows()), head):
            came = True
            yield json.loads(answer["row"])
    except (GoneError, ray.exceptions.RayError) as error:
        # Ray also fails of a worker that came too late to have any work; what it kept is missing.
        if not came or not is_there(head):
            raise ending(str(error)) from error


def ending(said: str) -> EngineError:
    """Why there are no more rows; of all that Ray says, the last line is the cause."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()]
    if CREATION in said:
        return EngineError(f"A worker cannot begin: {lines[-1].partition(': ')[2] or lines[-1]}")
    return ClusterGoneError(
        f"The Ray cluster went away ({lines[0]}). What is done is kept: run the same command again."
    )
