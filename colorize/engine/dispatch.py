"""Who does the work: every photo once, by processes or by a cluster, and a second time if need be.

    python -m colorize archive/ --output colour/ --engine local --workers 2

Both engines keep one promise: a row for each photo whose worker lived. The photos of a worker that
ended are given out a second time, one by one, so that one deadly photo takes no other with it.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from colorize.engine import local
from colorize.engine.worker import Row, Wish, row
from colorize.folder import Job

Run = Callable[[list[Job], int], Iterator[Row]]  # photos, and how many a worker gets at a time


@dataclass(frozen=True)
class Staff:
    """Who works, and how."""

    engine: Literal["local", "ray"] = "local"
    workers: int | None = None  # None: one a GPU, or as many as the engine finds room for
    batch: int = 16  # photos handed to a worker at once: what its death costs
    address: str | None = None  # of a Ray cluster; None starts one on this machine
    gpu_share: float = 0.0  # of a GPU, that a worker of a cluster takes


def work(jobs: Iterable[Job], wish: Wish, staff: Staff) -> Generator[Row, None, None]:
    """A row for every job, as it is done or given up."""
    sound = []
    for job in jobs:
        if job.error:
            yield row(job, "")
        else:
            sound.append(job)
    if staff.engine == "ray":
        from colorize.engine.ray_data import cluster

        with cluster(wish, staff.workers, staff.gpu_share, staff.address) as run:
            yield from twice(sound, run, staff.batch)
    else:
        workers = staff.workers or gpus(wish.device)
        yield from twice(
            sound, lambda some, batch: local.work(some, wish, workers, batch), staff.batch
        )


def twice(jobs: list[Job], run: Run, batch: int) -> Iterator[Row]:
    """All photos in batches, then those without a row one by one."""
    waiting = {str(job.input): job for job in jobs}
    for size in (batch, 1):
        if not waiting:
            return
        for answer in run(list(waiting.values()), size):
            if waiting.pop(answer["input"], None):  # a cluster may do a thing twice
                yield answer
    for name, job in waiting.items():
        yield {
            "input": name,
            "error": f'"{job.input.name}" failed: its worker ended, and a second one too. Run '
            "again with fewer workers, or take the photo away.",
        }


def gpus(device: str) -> int:
    """How many processes the device has room for: one a GPU, one on everything else."""
    if device in ("auto", "cuda") and torch.cuda.is_available():
        return torch.cuda.device_count()
    return 1
