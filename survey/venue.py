"""Where a study takes place: its protocol, opened when first needed, and threads of its own.

    venue = Venue(lambda: Protocol(Store("studies/poster")))
    await venue.run(lambda survey: survey.stage(token))

Gradio runs plain handlers in 40 threads that all pages share; colorization may hold every one of
them. A venue brings its own, so that a vote never waits for anything but other votes.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from survey.protocol import Protocol

T = TypeVar("T")
THREADS = 64  # votes on their way to the disk together; the writer commits them in groups


class NotReady(Exception):
    """The study is being prepared; ask again in a moment."""


class Venue:
    """One study that people can take part in."""

    def __init__(self, open_study: Callable[[], Protocol], *, demonstration: bool = False) -> None:
        self.demonstration = demonstration
        self._open = open_study
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="survey")
        self._opening: Future[Protocol] | None = None
        self._lock = threading.Lock()

    def opening(self) -> "Future[Protocol]":
        """The study, now or soon; the first call starts the preparation."""
        with self._lock:
            if self._opening is None:
                self._opening = self._threads.submit(self._open)
        return self._opening

    async def run(self, work: Callable[[Protocol], T]) -> T:
        """Do this with the study, in a thread of the venue."""
        opening = self.opening()
        if not opening.done():
            raise NotReady
        survey = opening.result()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, survey)

    def close(self) -> None:
        """Finish what was begun, then close the study."""
        self._threads.shutdown()
        if self._opening and not self._opening.exception():
            self._opening.result().store.close()
