"""The one writer of a database: work from any thread, committed in groups.

While one transaction is on its way to the disk, further work gathers and shares the next one.
Each piece of work is a savepoint of its own: it happens wholly or not at all, whatever becomes of
its neighbours. `run` returns only when the transaction is durable.
"""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
LARGEST_GROUP = 256  # pieces of work in one transaction
Job = tuple[Callable[[], object], Future]


class Writer:
    """Runs work on a connection, in one thread, and tells `committed` after each transaction."""

    def __init__(self, db: sqlite3.Connection, committed: Callable[[], None]) -> None:
        self._db = db
        self._committed = committed
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="survey-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T]) -> T:
        """Do this inside a transaction; back when it is on the disk, or with its exception."""
        done: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise RuntimeError("The study was closed; open it again to write.")
            self._jobs.put((work, done))
        return done.result()

    def close(self) -> None:
        """Finish what was asked for, then stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        going = True
        while going:
            jobs, going = self._gather()
            if jobs:
                self._transact(jobs)

    def _gather(self) -> tuple[list[Job], bool]:
        """Wait for one job, take along what else is there; False after the last one."""
        jobs: list[Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == LARGEST_GROUP:
                return jobs, True
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return jobs, True
        return jobs, False

    def _transact(self, jobs: list[Job]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(work) for work, _ in jobs]
            self._db.execute("COMMIT")
            self._committed()
        except Exception as error:  # the disk is full, say: whoever asked must hear it
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            outcomes = [(None, error)] * len(jobs)
        for (_, done), (result, error) in zip(jobs, outcomes, strict=True):
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

    def _attempt(self, work: Callable[[], object]) -> tuple[object, Exception | None]:
        self._db.execute("SAVEPOINT work")
        try:
            result, error = work(), None
        except Exception as raised:  # handed to the thread that asked
            self._db.execute("ROLLBACK TO work")
            result, error = None, raised
        self._db.execute("RELEASE work")
        return result, error
