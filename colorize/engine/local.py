"""The processes of one machine: each holds a model and is handed a batch after the other.

python -m colorize archive/ --output colour/ --workers 2

A worker that ends before its batch is done, whatever killed it, is replaced; the photos that it had
in hand stay without a row.
"""

import multiprocessing
import os
import pickle
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection, wait

import torch

from colorize.engine.worker import Row, Wish, Worker
from colorize.folder import Job

Batch = list[Job]
IN_VAIN = 10  # workers in a row that ended without one row: the next will end as well


class EngineError(ValueError):
    """Workers that cannot work at all; the text is a sentence for people."""


class Process:
    """A worker process and the photos it has in hand."""

    def __init__(self, wish: bytes, number: int, threads: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share locks and a GPU
        self.pipe, theirs = context.Pipe()
        self.number, self.left = number, 0
        self.process = context.Process(
            target=serve, args=(theirs, wish, number, threads), daemon=True
        )
        self.process.start()
        theirs.close()  # or its end would not end the pipe

    def give(self, batch: Batch) -> None:
        self.left = len(batch)
        with suppress(OSError):  # it has ended: the next `take` tells
            self.pipe.send(batch)

    def take(self) -> Row | None:
        """The next row, or None if the process has ended."""
        try:
            answer: Row | EngineError = self.pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(answer, EngineError):
            raise answer
        self.left -= 1
        return answer

    def end(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.join()


def work(jobs: Iterable[Job], wish: Wish, workers: int, batch: int) -> Iterator[Row]:
    """A row for each photo as it is done, but for those that a worker had in hand as it ended."""
    if workers == 1:
        yield from Worker(wish).work(jobs)
        return
    rest = iter(jobs)
    batches = iter(lambda: list(islice(rest, batch)), [])
    in_vain = 0
    packed, threads = pickle.dumps(wish), max(1, (os.cpu_count() or 1) // workers)
    team = [Process(packed, number, threads) for number in range(workers)]
    try:
        for process, some in zip(team, batches, strict=False):
            process.give(some)
        while busy := {process.pipe: process for process in team if process.left}:
            for pipe in wait(list(busy)):
                process = busy[pipe]  # type: ignore[index]
                row = process.take()
                in_vain = in_vain + 1 if row is None else 0
                if in_vain == IN_VAIN:
                    raise EngineError(
                        f"{IN_VAIN} workers in a row ended before they coloured a photo, perhaps "
                        "for want of memory. What is done is kept: run again with fewer --workers."
                    )
                if row is None:
                    process.end()
                    process = Process(packed, process.number, threads)
                    team[process.number] = process
                else:
                    yield row
                if not process.left and (some := next(batches, [])):
                    process.give(some)
    finally:
        for process in team:
            process.end()


def serve(pipe: Connection, wish: bytes, number: int, threads: int) -> None:
    """Batch after batch, until the pipe ends: when all is done, or the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    torch.set_num_threads(threads)
    with suppress(EOFError, OSError):
        batch = pipe.recv()
        try:
            worker = Worker(pickle.loads(wish), number)
        except Exception as error:  # no memory for the model: nobody after us will have it
            pipe.send(EngineError(f"A worker cannot begin: {error}"))
            return
        while True:
            for row in worker.work(batch):
                pipe.send(row)
            batch = pipe.recv()
