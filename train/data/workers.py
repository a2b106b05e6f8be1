"""Workers: processes that read images beside this one; one that is ended is noticed at once.

    with Workers(2, settings) as workers:
        for lines in workers.read(chunks): ...

Each has a pipe of its own, whose other end closes with it: even a worker that is killed in the
middle of an answer keeps nobody waiting, as it would in `concurrent.futures`.
"""

import itertools
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection

from train.data.cache import DataError
from train.data.draft import JournalLine
from train.data.intake import CacheSettings, read_image
from train.data.sources import SourceItem

Chunk = list[SourceItem]
Lines = list[tuple[JournalLine, bytes]]  # what the journal says of each image, and its pixels


class Workers:
    """So many processes that take turns."""

    def __init__(self, count: int, settings: CacheSettings) -> None:
        self._team = [Worker(settings) for _ in range(count)]

    def read(self, chunks: Iterable[Chunk]) -> Iterator[Lines]:
        """The lines of each chunk, in order; every worker has one chunk at a time."""
        busy: deque[Worker] = deque()
        for worker, chunk in zip(itertools.cycle(self._team), chunks, strict=False):
            done = [busy.popleft().take()] if len(busy) == len(self._team) else []
            worker.give(chunk)
            busy.append(worker)
            yield from done
        for worker in busy:
            yield worker.take()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._team:
            worker.end()


class Worker:
    """One process and the pipe to it."""

    def __init__(self, settings: CacheSettings) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, settings), daemon=True)
        self.process.start()
        theirs.close()  # or the end of the process would not end the pipe

    def give(self, chunk: Chunk) -> None:
        try:
            self._pipe.send(chunk)
        except OSError as error:
            raise _ended() from error

    def take(self) -> Lines:
        try:
            answer: Lines | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _ended() from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """It leaves after the chunk at hand."""
        self._pipe.close()
        self.process.join()


def read_chunk(chunk: Chunk, settings: CacheSettings) -> Lines:
    return [read_image(item, settings) for item in chunk]


def _work(pipe: Connection, settings: CacheSettings) -> None:
    """Until the pipe closes: when all is read, or the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    try:
        while True:
            chunk = pipe.recv()
            try:
                answer: Lines | Exception = read_chunk(chunk, settings)
            except Exception as error:  # a defect: raised where somebody sees it
                answer = error
            pipe.send(answer)
    except (EOFError, OSError):
        return


def _ended() -> DataError:
    return DataError(
        "A worker process was ended, perhaps for want of memory. "
        "Run the same command with fewer workers: it goes on where it stopped."
    )
