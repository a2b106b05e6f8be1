"""Sends the mirror's files to a private dataset on the Hub, and says when that last worked.

    SURVEY_MIRROR_REPO=you/votes HF_TOKEN=hf_… python app.py --study studies/poster

Several studies share a dataset, each in a folder of its own: you/votes/faces, you/votes/places.

At the start, every five minutes, and at the end of the program. The Hub may be away, refuse, or
never answer: votes do not wait for it. What was not sent is told in `error` and goes with the next
push; a last good one of long ago is the operator's alarm (survey/web/study_host.py).
"""

import atexit
import logging
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import CommitOperationAdd, HfApi, get_session, hf_hub_download

from survey.mirror import TOMBSTONES

EVERY_S = 300.0
ANSWER_S = 30.0  # within which the Hub must say something
FIRST_S = 5.0  # that the start of a study waits, to refuse a public dataset
LAST_S = 10.0  # that the end of the program waits for the last push
log = logging.getLogger(__name__)


Version = tuple[int, int]  # length in bytes, and when it last changed


class PushError(ValueError):
    """A dataset that votes must not, or cannot, be sent to."""


class Push:
    """A commit of all grown files every few minutes, by a thread that nobody waits for."""

    def __init__(
        self,
        repo: str,
        folder: str | Path,
        *,
        token: str | None = None,
        every: float = EVERY_S,
        api: HfApi | None = None,
    ) -> None:
        self.repo_id, self._within = dataset(repo)
        self.folder = Path(folder)
        self._problem: Exception | None = None  # of the last push
        self.pushed_at: float | None = None  # when one last did, by time.monotonic
        self.lock = threading.Lock()  # held while a file grows, and while we look
        self._every = every
        self._api = api or HfApi(token=token)
        self._ready = False  # the dataset is there, and private
        self._sent: dict[Path, Version] = {}  # of each file, what the Hub has
        self._one_at_a_time = threading.Lock()
        self._end = threading.Event()
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="push", daemon=True)
        self._thread.start()
        self._tried.wait(FIRST_S)
        if isinstance(self._problem, PushError):
            self._end.set()
            raise self._problem
        atexit.register(self.stop)

    @property
    def error(self) -> str:
        """What went wrong with the last push; "" if nothing did."""
        return f"{type(self._problem).__name__}: {self._problem}" if self._problem else ""

    def push(self) -> None:
        """Send what grew, now."""
        with self._one_at_a_time:
            try:
                self._send()
            except Exception as problem:  # whatever the Hub or the way to it came up with
                self._problem = problem
                log.error("Votes were NOT pushed to %s: %s", self.repo_id, self.error)
            else:
                self._problem, self.pushed_at = None, time.monotonic()

    def stop(self, patience: float = LAST_S) -> None:
        """A last push; a Hub that does not take it in time gets it at the next start."""
        atexit.unregister(self.stop)
        self._end.set()
        self._thread.join(patience)
        if self._thread.is_alive():
            log.error("The last votes are NOT in %s, but in %s.", self.repo_id, self.folder)

    def _loop(self) -> None:
        self.push()
        self._tried.set()
        while not self._end.wait(self._every):
            self.push()
        self.push()

    def _send(self) -> None:
        be_impatient()
        if not self._ready:
            self._prepare()
        grown = self._grown()
        if not grown:
            return
        commits = [
            CommitOperationAdd(self._name(path), _begin(path, size))
            for path, (size, _) in grown.items()
        ]
        self._api.create_commit(
            repo_id=self.repo_id, repo_type="dataset", operations=commits, commit_message="Votes"
        )
        self._sent |= grown

    def _name(self, path: Path) -> str:
        return self._within + path.relative_to(self.folder).as_posix()

    def _prepare(self) -> None:
        self._api.create_repo(
            repo_id=self.repo_id, private=True, repo_type="dataset", exist_ok=True
        )
        known = self._api.repo_info(self.repo_id, repo_type="dataset", timeout=ANSWER_S)
        if not known.private:
            raise PushError(
                f"The dataset {self.repo_id} is public; make it private, or name another."
            )
        self._ready = True

    def _grown(self) -> dict[Path, Version]:
        """Each file that the Hub lacks or has another version of."""
        with self.lock:  # no line is half written now
            stats = {path: path.stat() for path in sorted(self.folder.glob("**/*")) if kept(path)}
        now = {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}
        return {path: found for path, found in now.items() if found != self._sent.get(path)}


def dataset(place: str) -> tuple[str, str]:
    """`you/votes/faces` as the dataset's name, and the folder in it with which its files begin."""
    owner, *rest = place.strip("/").split("/", 2)
    return "/".join([owner, *rest[:1]]), f"{rest[1]}/" if rest[1:] else ""


def kept(path: Path) -> bool:
    """Is this one of a mirror's files: votes, or a tombstone (survey/mirror.py)?"""
    return path.suffix == ".jsonl" or path.match(TOMBSTONES)


def be_impatient() -> None:
    """The Hub's client waits for ever by itself."""
    get_session().timeout = ANSWER_S


def _begin(path: Path, size: int) -> bytes:
    """The first so many bytes; more may have come since."""
    with path.open("rb") as file:
        return file.read(size)


def fetch(repo: str, folder: str | Path, token: str | None = None) -> None:
    """Download a dataset's mirror files, or those of one of its folders."""
    be_impatient()
    name, within = dataset(repo)
    try:
        known = HfApi(token=token).dataset_info(name, timeout=ANSWER_S)
        for path in (file.rfilename for file in known.siblings or ()):
            if kept(Path(path)) and path.startswith(within):
                _download(name, path, Path(folder, path.removeprefix(within)), known.sha, token)
    except Exception as error:  # whatever the Hub or the way to it came up with
        raise PushError(f"The votes in {repo} could not be fetched ({error}).") from error


def _download(repo: str, name: str, path: Path, revision: str | None, token: str | None) -> None:
    """To where it belongs, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent) as place:
        came = hf_hub_download(
            repo, name, repo_type="dataset", revision=revision, local_dir=place, token=token
        )
        Path(came).replace(path)


def replace(
    repo: str, contents: dict[str, bytes], token: str | None = None, api: HfApi | None = None
) -> None:
    """Write these files over a dataset's own, and drop its history, which has what they had."""
    be_impatient()
    api = api or HfApi(token=token)
    name, within = dataset(repo)
    commits = [CommitOperationAdd(within + path, content) for path, content in contents.items()]
    try:
        api.create_commit(
            repo_id=name, repo_type="dataset", operations=commits, commit_message="Votes"
        )
        api.super_squash_history(repo_id=name, repo_type="dataset", commit_message="Votes")
    except Exception as error:  # whatever the Hub or the way to it came up with
        raise PushError(f"{repo} could not be changed ({error}); try it again.") from error
