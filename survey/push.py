"""Sends the mirror's files to a private dataset on the Hub, and says when that last worked.

    SURVEY_MIRROR_REPO=you/votes HF_TOKEN=hf_… python app.py --study studies/poster

Every five minutes and at the end, SIGTERM included. A push that
fails is told in `error`, and a last good one of long ago is the operator's alarm
(survey/service.py); nothing is swallowed.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import CommitInfo, CommitScheduler, HfApi, snapshot_download

EVERY_MINUTES = 5.0
log = logging.getLogger(__name__)


class PushError(ValueError):
    """A dataset that votes must not, or cannot, be sent to."""


class Push(CommitScheduler):
    """A commit of all grown files every few minutes; `pushed_at` is the last that succeeded."""

    def __init__(
        self,
        repo: str,
        folder: str | Path,
        *,
        token: str | None = None,
        every: float = EVERY_MINUTES,
        api: HfApi | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.pushed_at: float | None = None
        self.error = ""
        self._clock = clock
        api = api or HfApi(token=token)
        api.create_repo(repo_id=repo, private=True, repo_type="dataset", exist_ok=True)
        if not api.repo_info(repo_id=repo, repo_type="dataset").private:
            raise PushError(f"The dataset {repo} is public; make it private, or name another.")
        super().__init__(
            repo_id=repo,
            folder_path=folder,
            every=every,
            repo_type="dataset",
            private=True,
            token=token,
            hf_api=api,
        )

    def push_to_hub(self) -> CommitInfo | None:
        try:
            commit = super().push_to_hub()
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            log.error("Votes were NOT pushed to %s: %s", self.repo_id, self.error)
            raise
        self.error = ""
        self.pushed_at = self._clock()
        return commit


def fetch(repo: str, folder: str | Path, token: str | None = None) -> Path:
    """Download a dataset's mirror files."""
    return Path(
        snapshot_download(
            repo, repo_type="dataset", local_dir=folder, token=token, allow_patterns="*.jsonl"
        )
    )


def leave_at_sigterm() -> None:
    """Make SIGTERM end the program in good order, so that the last push happens at exit.

    Outside the main thread nothing can be set; there it is for whoever owns that thread to do.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
