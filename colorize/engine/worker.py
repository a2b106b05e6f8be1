"""What every worker does, in this process, in another, or on another machine.

    Worker(Wish(Model.load("mine"))).work(jobs)

A worker holds one model. Its answers are rows: plain dictionaries, as `--json` prints them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from colorize import folder
from colorize.colorizer import Colorizer
from colorize.folder import Job
from colorize.model import Model
from colorize.settings import DEFAULTS, Settings

Row = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What the photos shall become; it travels to every worker, the model with it."""

    model: Model
    settings: Settings = DEFAULTS
    device: str = "auto"
    reference: bytes | None = None  # the file that the settings name: a worker may not reach it


class Worker:
    """One model on one device, and a photo after the other."""

    def __init__(self, wish: Wish, number: int = 0) -> None:
        self.wish = wish
        self.colorizer = Colorizer(wish.model, device_of(wish.device, number))
        if wish.settings.reference and wish.reference:
            self.colorizer.reference(wish.settings.reference, wish.reference)

    def work(self, jobs: Iterable[Job]) -> Iterator[Row]:
        done = folder.colorize_all(jobs, self.colorizer, self.wish.settings)
        return (row(job, self.colorizer.name) for job in done)


def device_of(wish: str, number: int) -> str:
    """The GPUs in turn, where one is as good as another."""
    if wish in ("auto", "cuda") and torch.cuda.is_available():
        return f"cuda:{number % torch.cuda.device_count()}"
    return wish


def row(job: Job, model: str) -> Row:
    """One photo's line."""
    if job.error or job.colored is None:
        return {"input": str(job.input), "error": job.error}
    seconds = {**job.seconds, "total": sum(job.seconds.values())}
    return {
        "input": str(job.input),
        "output": str(job.output),
        "width": job.colored.photo.width,
        "height": job.colored.photo.height,
        "model": model,
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
    }
