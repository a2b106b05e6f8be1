"""A study in service: opened, made again if its disk was lost, mirrored, and watched.

    service = open_service("studies/poster")
    service.survey.begin(True)          # survey/protocol.py
    service.status()                    # for the operator: totals, counters, alarm
    service.close()                     # with a last push

Two settings of the environment: SURVEY_MIRROR_REPO names a private dataset on the Hub for copies of
all votes, HF_TOKEN the key to it. A Space forgets its disk at every restart, so there the first is
not optional; without it the study runs, and says loudly what will happen.
"""

import logging
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey.mirror import FOLDER, Mirror, files
from survey.protocol import Protocol
from survey.recovery import Restored, restore
from survey.store import DATA, DATABASE, Store

if TYPE_CHECKING:
    from survey.push import Push

LATE_S = 15 * 60.0  # a last good push of longer ago is an alarm
log = logging.getLogger(__name__)


@dataclass
class Service:
    """What a page needs of a running study."""

    survey: Protocol
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
        totals = self.store.transact(lambda ledger: ledger.totals())
        pushed_at = self.push.pushed_at if self.push else None
        return totals | {
            "mirror": self.push.repo_id if self.push else "",
            "pushed_minutes_ago": None
            if pushed_at is None
            else (time.monotonic() - pushed_at) / 60,
            "restored": asdict(self.restored) if self.restored else None,
            "alarm": self.alarm(),
        }

    def close(self) -> None:
        self.store.close()
        if self.push:
            self.push.stop()


SPACE_ALARM = (
    "This Space has no mirror: ALL VOTES WILL BE LOST at its next restart. Set the variable "
    "SURVEY_MIRROR_REPO to a private dataset and the secret HF_TOKEN to a token that may write it."
)


def open_service(
    folder: str | Path, data: str | Path | None = None, environ: Mapping[str, str] = os.environ
) -> Service:
    """Open a study for participants. Votes that the database lacks are taken from its mirrors."""
    data = Path(data or Path(folder, DATA))
    repo, token = environ.get("SURVEY_MIRROR_REPO", ""), environ.get("HF_TOKEN")
    with ExitStack() as undo:  # what was begun, if the study does not open
        push = _push(repo, data, token, undo) if repo else None
        store = Store(folder, data)
        undo.callback(store.close)
        mirror = Mirror(data / FOLDER, push.lock if push else None)
        restored = _restore(store, data / FOLDER) if store.lacks(mirror) else None
        store.copy_to(mirror)
        undo.pop_all()
    on_space = environ.get("SYSTEM") == "spaces"
    service = Service(Protocol(store), store, push, on_space, restored, time.monotonic())
    if alarm := service.alarm():
        log.critical("%s\n%s\n%s", "!" * 79, alarm, "!" * 79)
    return service


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
