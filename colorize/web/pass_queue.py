"""Passes of many visitors on a GPU, or on several: those that arrive together are one batch.

    studio = Studio("cuda")
    studio.network = Passes(studio)

Each visitor's own thread reads and paints, so the next photo is read while a GPU works. A CPU is no
faster with batches (docs/results.md), so there every pass is run where it was asked for.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, Queue
from typing import TYPE_CHECKING

from colorize.web.studio import Studio

if TYPE_CHECKING:  # torch: the first page need not wait for it
    from torch import Tensor

    from colorize.look import Input
    from colorize.web.studio import Network

WAIT_S = 0.003  # for others, after the first of a batch: a pass takes longer
MOST = 16  # passes in a batch; where memory does not suffice, `Colorizer.run` halves it
BOUND = 64  # passes that wait; further visitors wait to be let in


@dataclass(frozen=True)
class Pass:
    """What a visitor waits for."""

    name: str  # of a model
    shown: Input
    answer: Future[Tensor]


class PassQueue:
    """Runners, such as GPUs, that take turns with batches of what is waiting."""

    def __init__(self, runners: Sequence[Network], wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._waiting: Queue[Pass] = Queue(BOUND)
        self._collecting = threading.Lock()  # one at a time, or each would get half a batch
        for run in runners:
            threading.Thread(target=self._serve, args=[run], daemon=True).start()

    def __call__(self, name: str, shown: Input) -> Tensor:
        one = Pass(name, shown, Future())
        self._waiting.put(one)
        return one.answer.result()

    def _serve(self, run: Network) -> None:
        while True:
            with self._collecting:
                some = self._collect()
            for alike in sorted_out(some):
                answer(run, alike)

    def _collect(self) -> list[Pass]:
        """The first that is waiting, and who comes soon after it."""
        some = [self._waiting.get()]
        until = time.monotonic() + self._wait_s
        while len(some) < MOST:
            try:
                some.append(self._waiting.get(timeout=max(0.0, until - time.monotonic())))
            except Empty:
                break
        return some


def sorted_out(some: Sequence[Pass]) -> list[list[Pass]]:
    """Passes of one model and one size, which can be a batch, in the order of their first."""
    alike = defaultdict(list)
    for one in some:
        alike[one.name, one.shown.lightness.shape[1:]].append(one)
    return list(alike.values())


def answer(run: Network, alike: Sequence[Pass]) -> None:
    """All as one batch; one by one where that fails, so that no photo spoils another's."""
    from colorize.look import Input

    shown = [one.shown for one in alike]
    try:
        output = run(alike[0].name, Input.batch(shown))
    except Exception as error:
        if len(alike) == 1:
            alike[0].answer.set_exception(error)
        else:
            for one in alike:
                answer(run, [one])
        return
    parts = output.split([len(one.lightness) for one in shown])
    for one, part in zip(alike, parts, strict=True):
        one.answer.set_result(part.clone())  # a view would keep the whole batch in memory


class Passes:
    """A studio's passes; with a queue that is made at the first one, for it needs torch."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._queue: PassQueue | None = None
        self._making = threading.Lock()

    def __call__(self, name: str, shown: Input) -> Tensor:
        if self._studio.colorizer(name).compute.device.type == "cpu":
            return self._studio.run(name, shown)
        with self._making:
            self._queue = self._queue or PassQueue(runners(self._studio))
        return self._queue(name, shown)


def runners(studio: Studio) -> list[Network]:
    """The studio's own device, and every other GPU where it was not told which to take."""
    import torch

    count = torch.cuda.device_count() if studio.device in ("auto", "cuda") else 1
    others = [Studio(f"cuda:{number}") for number in range(1, count)]
    if others:
        print(f"{count} GPUs take turns.", flush=True)
    return [studio.run, *(loading(other) for other in others)]


def loading(studio: Studio) -> Network:
    """Passes of a studio that has not looked at photos itself, so that its models are not here."""

    def run(name: str, shown: Input) -> Tensor:
        return studio.colorizer(name).run(shown)

    return run
