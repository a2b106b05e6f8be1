"""Where a study takes place: opened when first needed, with threads of its own.

    venue = open_venue(Path("studies/poster"))       # or nothing: the demonstration
    await venue.run(lambda service: service.survey.stage(token))

A study that cannot be opened is told in the log, and tried again when somebody asks for it a while
later: once its disk has room or its database is free, nobody need start the app anew.

Gradio runs plain handlers in 40 threads that all pages share; colorization may hold every one of
them. A venue brings its own, so that a vote never waits for anything but other votes.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from survey.web.service import Service, open_service

T = TypeVar("T")
THREADS = 64  # votes on their way to the disk together; the writer commits them in groups
STUDIES = Path("studies")  # the demonstration's place, unless another is named
REST_S = 10.0  # before a study that could not be opened is tried again
EXPECTED = (ValueError, OSError)  # ours say all in a sentence, and so does a disk
log = logging.getLogger(__name__)


class NotReady(Exception):
    """The study is being prepared; ask again in a moment."""


class Closed(Exception):
    """The study cannot be opened; the text says why, to its operator alone."""


class Venue:
    """One study that people can take part in."""

    def __init__(self, open_study: Callable[[], Service], *, demonstration: bool = False) -> None:
        self.demonstration = demonstration
        self._open_study = open_study
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="survey")
        self._opening: Future[Service] | None = None
        self._rests_until = 0.0  # by time.monotonic; after a failure
        self._lock = threading.Lock()

    def opening(self) -> "Future[Service]":
        """The study, now or soon; the first call starts the preparation."""
        with self._lock:
            failed = self._opening and self._opening.done() and self._opening.exception()
            if self._opening is None or (failed and time.monotonic() >= self._rests_until):
                self._opening = self._threads.submit(self._open)
        return self._opening

    def _open(self) -> Service:
        try:
            return self._open_study()
        except Exception as error:  # whatever it is, the other pages work
            log.critical("The study is closed. %s", error, exc_info=not isinstance(error, EXPECTED))
            self._rests_until = time.monotonic() + REST_S
            raise Closed(str(error)) from error

    async def run(self, work: Callable[[Service], T]) -> T:
        """Do this with the study, in a thread of the venue."""
        opening = self.opening()
        if not opening.done():
            raise NotReady
        service = opening.result()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, service)

    def close(self) -> None:
        """Finish what was begun, then close the study."""
        self._threads.shutdown()
        if self._opening and not self._opening.exception():
            self._opening.result().close()


def open_venue(study: Path | None = None, data: Path | None = None) -> Venue:
    """A study's, opened at once; or the demonstration's, made when first visited."""
    if study:
        venue = Venue(lambda: open_service(study, data))
        venue.opening().exception()  # waits: whether it is open shows before the address does
        return venue

    def demonstrate() -> Service:
        from survey.web.demonstration import open_demonstration  # brings torch: only now

        return open_demonstration(Path(data or STUDIES, "demonstration"))

    return Venue(demonstrate, demonstration=True)
