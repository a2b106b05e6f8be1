"""A study in service: opened, made again if its disk was lost, mirrored, and watched.

    service = open_service("studies/poster")
    service.survey.begin(True)          # survey/protocol.py
    service.status()                    # for the operator: totals, counters, alarm
    service.close()                     # closing only its store leaves the last push to the exit

Two settings of the environment: SURVEY_MIRROR_REPO names a private dataset on the Hub for copies of
all votes, HF_TOKEN the key to it. A Space forgets its disk at every restart, so there the first is
not optional; without it the study runs, and says loudly what will happen.
"""

import logging
import os
import time
from collections.abc import Mapping
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
    opened_at: float

    def alarm(self, now: float | None = None) -> str:
        """A sentence if votes are in danger; '' if all is well."""
        now = time.time() if now is None else now
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
            "pushed_minutes_ago": None if pushed_at is None else (time.time() - pushed_at) / 60,
            "restored": asdict(self.restored) if self.restored else None,
            "alarm": self.alarm(),
        }

    def close(self) -> None:
        self.store.close()
        if self.push:
            self.push.trigger().result()
            self.push.stop()


SPACE_ALARM = (
    "This Space has no mirror: ALL VOTES WILL BE LOST at its next restart. Set the variable "
    "SURVEY_MIRROR_REPO to a private dataset and the secret HF_TOKEN to a token that may write it."
)


def open_service(
    folder: str | Path, data: str | Path | None = None, environ: Mapping[str, str] = os.environ
) -> Service:
    """Open a study for participants. A database that is missing is made again from its mirrors."""
    data = Path(data or Path(folder, DATA))
    lines = data / FOLDER
    repo, token = environ.get("SURVEY_MIRROR_REPO", ""), environ.get("HF_TOKEN")
    new = not (data / DATABASE).is_file()
    push = _push(repo, lines, token, fetch_too=new) if repo else None
    restored = _restore(folder, data) if new and files(lines) else None
    store = Store(folder, data, mirror=Mirror(lines, push.lock if push else None))
    on_space = environ.get("SYSTEM") == "spaces"
    service = Service(Protocol(store), store, push, on_space, restored, time.time())
    if alarm := service.alarm():
        log.critical("%s\n%s\n%s", "!" * 79, alarm, "!" * 79)
    return service


def _push(repo: str, lines: Path, token: str | None, *, fetch_too: bool) -> "Push":
    from survey.push import Push, fetch, leave_at_sigterm  # half of the Hub's client: only now

    push = Push(repo, lines, token=token)
    leave_at_sigterm()
    if fetch_too:
        with push.lock:  # no push of what is half fetched
            fetch(repo, lines, token)
    return push


def _restore(folder: str | Path, data: Path) -> Restored:
    store = Store(folder, data)
    try:
        restored = restore(store, files(data / FOLDER))
    finally:
        store.close()
    log.warning("%s was missing; made again with %s votes.", store.path, restored.votes)
    return restored
