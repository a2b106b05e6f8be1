"""A running study: opened when first needed, made again if its disk was lost, mirrored, watched.

    host = open_host(Path("studies/poster"))       # or nothing: the demonstration
    open_hosts([Path("a/faces"), Path("places")])  # several, by the names in their addresses
    await host.run(lambda running: running.survey.stage(token))       # survey/protocol.py

    running = open_study("studies/poster")         # what a host hosts
    running.status()                               # for the operator: totals, counters, alarm
    running.close()                                # with a last push

Two settings of the environment: SURVEY_MIRROR_REPO names a private dataset on the Hub for copies of
all votes, HF_TOKEN the key to it; of several studies, each has a folder of it. A Space forgets its
disk at every restart, so there the first is not optional; without it the study runs, and says
loudly what will happen.

A study that cannot be opened is told in the log, and tried again when somebody asks for it a while
later: once its disk has room or its database is free, nobody need start the app anew.

Gradio runs plain handlers in 40 threads that all pages share; colorization may hold every one of
them. A host brings its own, so that a vote never waits for anything but other votes.
"""

import asyncio
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from survey.forget import respect
from survey.ledger import Ledger
from survey.mirror import FOLDER, Mirror, files
from survey.protocol import StudyProtocol
from survey.recovery import Restored, restore
from survey.recruitment import Recruitment
from survey.store import DATA, DATABASE, Store

if TYPE_CHECKING:
    from survey.push import Push

T = TypeVar("T")
LATE_S = 15 * 60.0  # a last good push of longer ago is an alarm
THREADS = 64  # votes on their way to the disk together; the writer commits them in groups
STUDIES = Path("studies")  # the demonstration's place, unless another is named
REST_S = 10.0  # before a study that could not be opened is tried again
EXPECTED = (ValueError, OSError)  # ours say all in a sentence, and so does a disk
SPACE_ALARM = (
    "This Space has no mirror: ALL VOTES WILL BE LOST at its next restart. Set the variable "
    "SURVEY_MIRROR_REPO to a private dataset and the secret HF_TOKEN to a token that may write it."
)
log = logging.getLogger(__name__)


@dataclass
class RunningStudy:
    """What a page needs of a running study."""

    survey: StudyProtocol
    store: Store
    push: "Push | None"
    on_space: bool
    restored: Restored | None
    opened_at: float  # by time.monotonic, as all ages are: clocks are set while studies run

    def alarm(self, now: float | None = None) -> str:
        """A sentence if votes are in danger; '' if all is well."""
        now = time.monotonic() if now is None else now
        if self.push is None:
            return SPACE_ALARM if self.on_space else ""
        if self.push.error:
            return f"The last push to {self.push.repo_id} failed ({self.push.error})."
        age = now - (self.push.pushed_at or self.opened_at)
        if age > LATE_S:
            return f"The last good push to {self.push.repo_id} was {age / 60:.0f} minutes ago."
        return ""

    def status(self) -> dict[str, Any]:
        """Totals, counters, and the state of the mirror."""
        totals = self.store.transact(self._totals)
        pushed_at = self.push.pushed_at if self.push else None
        return totals | {
            "mirror": self.push.repo_id if self.push else "",
            "pushed_minutes_ago": None
            if pushed_at is None
            else (time.monotonic() - pushed_at) / 60,
            "restored": asdict(self.restored) if self.restored else None,
            "alarm": self.alarm(),
        }

    def _totals(self, ledger: Ledger) -> dict[str, Any]:
        """With what was decided since the design was frozen, and how many finishers count."""
        totals, recruitment = ledger.totals(), Recruitment.of(ledger.db, self.store.study)
        valid = totals["finished"]
        if valid >= recruitment.target > 0:  # before that, which of them count changes nothing
            valid = self.survey.valid_finishers.among(ledger.db).valid
        return totals | {"recruitment": recruitment, "valid": valid}

    def close(self) -> None:
        self.store.close()
        if self.push:
            self.push.stop()


def open_study(
    folder: str | Path,
    data: str | Path | None = None,
    environ: Mapping[str, str] = os.environ,
    name: str = "",
) -> RunningStudy:
    """Open a study for participants. Votes that the database lacks are taken from its mirrors."""
    data = Path(data or Path(folder, DATA))
    repo, token = environ.get("SURVEY_MIRROR_REPO", ""), environ.get("HF_TOKEN")
    repo = f"{repo}/{name}" if repo and name else repo
    with ExitStack() as undo:  # what was begun, if the study does not open
        push = _push(repo, data, token, undo) if repo else None
        store = Store(folder, data)
        undo.callback(store.close)
        if came_back := respect(store, data / FOLDER):
            log.warning("%s had %s forgotten people; they are gone.", store.path, came_back)
        mirror = Mirror(data / FOLDER, push.lock if push else None)
        restored = _restore(store, data / FOLDER) if store.lacks(mirror) else None
        store.copy_to(mirror)
        undo.pop_all()
    on_space = environ.get("SYSTEM") == "spaces"
    running = RunningStudy(StudyProtocol(store), store, push, on_space, restored, time.monotonic())
    if alarm := running.alarm():
        log.critical("%s\n%s\n%s", "!" * 79, alarm, "!" * 79)
    return running


def _push(repo: str, data: Path, token: str | None, undo: ExitStack) -> "Push":
    from survey.push import Push, fetch  # half of the Hub's client: only now

    push = Push(repo, data / FOLDER, token=token)
    undo.callback(push.stop, patience=0)
    if not _is_begun(data / DATABASE):
        with push.lock:  # no push of what is half fetched
            fetch(repo, data / FOLDER, token)
    return push


def _is_begun(database: Path) -> bool:
    """Is there a database? A file of no bytes is what a full disk leaves of one."""
    return database.is_file() and database.stat().st_size > 0


def _restore(store: Store, lines: Path) -> Restored:
    restored = restore(store, files(lines))
    log.warning("%s lacked votes; %s came back from its mirror.", store.path, restored.votes)
    return restored


class NotReady(Exception):
    """The study is being prepared; ask again in a moment."""


class Leaving(Exception):
    """The app ends, and no longer waits for what is being prepared."""


class Closed(Exception):
    """The study cannot be opened; the text says why, to its operator alone."""


class StudyHost:
    """One study that people can take part in."""

    def __init__(
        self, opener: Callable[[], RunningStudy], *, demonstration: bool = False, name: str = ""
    ) -> None:
        self.demonstration = demonstration
        self.name = name  # in its address, where there are several
        self.prepared = 0.0  # the share that is done, where that is known
        self._leaving = False
        self._opener = opener
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="survey")
        self._opening: Future[RunningStudy] | None = None
        self._rests_until = 0.0  # by time.monotonic; after a failure
        self._lock = threading.Lock()

    def opening(self) -> "Future[RunningStudy]":
        """The study, now or soon; the first call starts the preparation."""
        with self._lock:
            failed = self._opening and self._opening.done() and self._opening.exception()
            if self._opening is None or (failed and time.monotonic() >= self._rests_until):
                self._opening = self._threads.submit(self._open)
        return self._opening

    def tell(self, share: float) -> None:
        """How far the preparation is, told by itself; this is where it can end before its time."""
        self.prepared = share
        if self._leaving:
            raise Leaving

    def leave(self) -> None:
        """The app ends: nobody will see what is being prepared."""
        self._leaving = True

    def _open(self) -> RunningStudy:
        try:
            return self._opener()
        except Leaving:
            raise
        except Exception as error:  # whatever it is, the other pages work
            log.critical("The study is closed. %s", error, exc_info=not isinstance(error, EXPECTED))
            self._rests_until = time.monotonic() + REST_S
            raise Closed(str(error)) from error

    async def run(self, work: Callable[[RunningStudy], T]) -> T:
        """Do this with the study, in a thread of the host."""
        opening = self.opening()
        if not opening.done():
            raise NotReady
        running = opening.result()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, running)

    def close(self) -> None:
        """Finish what was begun, then close the study."""
        self._threads.shutdown()
        if self._opening and not self._opening.exception():
            self._opening.result().close()


def open_hosts(studies: Sequence[Path] = (), data: Path | None = None) -> dict[str, StudyHost]:
    """By the names in their addresses. One study needs none, and has `data` for itself; of several
    each has a folder there, or its own."""
    if len(studies) < 2:
        return {"": open_host(studies[0] if studies else None, data)}
    return {
        name: open_host(study, data and data / name, name)
        for name, study in address_names(studies).items()
    }


def address_names(studies: Sequence[Path]) -> dict[str, Path]:
    """What each is called in its address: as its folder is, in letters and digits of ASCII."""
    named: dict[str, Path] = {}
    for study in studies if len(studies) > 1 else ():
        name = re.sub("[^A-Za-z0-9_]+", "-", study.resolve().name).strip("-").lower()
        if not name or name in named:
            taken = f"which {named[name]} has" if name else "which is none"
            raise ValueError(
                f"{study} would have the address /study-{name}, {taken}; rename its folder: its "
                "letters and digits make the address."
            )
        named[name] = study
    return named


def open_host(study: Path | None = None, data: Path | None = None, name: str = "") -> StudyHost:
    """A study's, opened at once; or the demonstration's, made when first needed."""
    if study:
        host = StudyHost(lambda: open_study(study, data, name=name), name=name)
        host.opening().exception()  # waits: whether it is open shows before the address does
        return host

    def demonstrate() -> RunningStudy:
        from survey.web.demonstration import open_demonstration  # brings torch: only now

        return open_demonstration(Path(data or STUDIES, "demonstration"), host.tell)

    host = StudyHost(demonstrate, demonstration=True)
    return host
