"""The processes of a run: this one alone, or those that torchrun started, one a device.

    torchrun --nproc-per-node 4 -m train fit classification --data CACHE --output RUN

All see the same weights; each computes its part of every batch. The first one decides what is a
matter of time (the clock, Ctrl-C) and does all writing.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

REPEAT = 2.0  # seconds: torchrun passes one Ctrl-C on, so that it arrives twice


@dataclass(frozen=True)
class Processes:
    """This process among those of the run."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share(self, module: nn.Module) -> nn.Module:
        """The module with gradients averaged over all processes."""
        return module if self.count == 1 else DistributedDataParallel(module)

    def broadcast(self, *values: float) -> list[float]:
        """What the first process says, in all of them."""
        if self.count == 1:
            return list(values)
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        said = torch.tensor(values, dtype=torch.float64, device=device)
        dist.broadcast(said, src=0)
        return said.tolist()


@contextmanager
def join_processes() -> Iterator[Processes]:
    """Join the processes that torchrun started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes()
        return
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """A question whether Ctrl-C was pressed; pressed again later, it ends at once."""
    pressed: list[float] = []

    def note(*_: object) -> None:
        pressed.append(time.monotonic())
        if pressed[-1] - pressed[0] > REPEAT:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
