"""The one writer of a database: work from any thread, committed in groups.

Alone, work is done at once. While a transaction is on its way to the disk, further work gathers and
shares the next one. Each piece of work is a savepoint of its own: it happens wholly or not at all,
whatever becomes of its neighbours. `run` returns only when the transaction is durable.
"""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
LARGEST_GROUP = 256  # pieces of work in one transaction
Job = tuple[Callable[[], object], Future[Any]]


class Writer:
    """Runs work on a connection, one transaction at a time, and tells `committed` after each."""

    def __init__(self, db: sqlite3.Connection, committed: Callable[[], None]) -> None:
        self._db = db
        self._committed = committed
        self._turn = threading.Lock()  # held while a transaction runs
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()  # None: nothing more will come
        self._crowded = False  # gathered work comes before what could be done at once
        self._door = threading.Lock()  # nothing enters the queue once it is closed
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="survey-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T]) -> T:
        """Do this inside a transaction; back when it is on the disk, or with its exception."""
        done: Future[T] = Future()
        job: Job = (work, done)
        if not self._crowded and self._turn.acquire(blocking=False):
            try:
                self._check_open()
                self._transact([job])
            finally:
                self._turn.release()
        else:
            with self._door:
                self._check_open()
                self._jobs.put(job)
        return done.result()

    def close(self) -> None:
        """Finish what was asked for, then refuse all else."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("The study was closed; open it again to write.")

    def _loop(self) -> None:
        going = True
        while going:
            jobs = [self._jobs.get()]
            self._crowded = True
            with self._turn:
                while len(jobs) < LARGEST_GROUP and not self._jobs.empty():
                    jobs.append(self._jobs.get())
                going = None not in jobs
                self._transact([job for job in jobs if job])
            self._crowded = False

    def _transact(self, jobs: list[Job]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(work) for work, _ in jobs]
            self._db.execute("COMMIT")
            self._committed()
        except Exception as raised:  # the disk is full, say: whoever asked must hear it
            outcomes = [(None, raised)] * len(jobs)
            with suppress(sqlite3.Error):  # SQLite may have undone it already
                self._db.execute("ROLLBACK")
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
            if not self._db.in_transaction:  # SQLite undid all of it: a full disk, say
                raise
            self._db.execute("ROLLBACK TO work")
            result, error = None, raised
        self._db.execute("RELEASE work")
        return result, error
