"""The Results page's answers: the report when it may be seen, and the operator's side.

    api = ResultsApi(host, OperatorLock(secret))
    await api.answer({"ask": "results", "secret": ""})    # {"reply": {"note": …, "report": …}}
    await api.answer({"ask": "export", "secret": "…"})    # {"reply": {"name": …, "content": …}}

Results stay hidden until the study has its participants: who has seen them answers differently, and
who stops when they look good has proved nothing. A study without a target shows them to its
operator only; a demonstration, to everyone. `python -m survey open STUDY --results …` decides
otherwise.
"""

import base64
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from survey.recruitment import RESULTS, Recruitment
from survey.store import Store
from survey.study import Study
from survey.web.operator_access import OperatorLock, TooSoon
from survey.web.participant_api import CLOSED, JSON, preparing
from survey.web.study_host import Closed, NotReady, RunningStudy, StudyHost

ASKED = ("results", "export")
REST = 10  # the report is made anew for new votes, but rests ten times as long as it took
log = logging.getLogger(__name__)


class Barred(Exception):
    """This call shows nothing; the text says why."""


class ResultsApi:
    """Results of one study, for everyone and for its operator."""

    def __init__(self, host: StudyHost, lock: OperatorLock) -> None:
        self.host = host
        self._lock = lock
        self._making = threading.Lock()
        self._report = ""
        self._votes: int | None = None  # that the report tells of
        self._rested = 0.0

    async def answer(self, call: object, address: str = "") -> JSON:
        """The reply to a call from this address, or why there is none."""
        try:
            return {
                "reply": await self.host.run(lambda running: self._answer(running, call, address))
            }
        except NotReady:
            return {"wait": preparing(self.host)}
        except (Barred, TooSoon) as barred:
            return {"refused": "barred", "sentence": str(barred)}
        except Closed:
            return {"refused": "closed", "sentence": CLOSED}
        except Exception:
            log.exception("The Results page could not be answered.")
            return {"refused": "closed", "sentence": CLOSED}

    def _answer(self, running: RunningStudy, call: object, address: str) -> JSON:
        name, secret = self._read(call)
        operator = bool(secret) and self._is_secret(running.store, secret, address)
        if name == "export":
            if not operator:
                raise Barred("The export is the operator's.")
            return packed(running.store)
        study, status = running.survey.study, running.status()
        recruitment, valid = status["recruitment"], status["valid"]
        public = self.host.demonstration or recruitment.are_results_open(valid, time.time())
        return {
            "operator": operator,
            "note": note(study, status, public, self.host.demonstration),
            "report": self._current(running.store, status["votes"]) if public or operator else "",
            "facts": facts(status) if operator else [],
            "alarm": status["alarm"] if operator else "",
        }

    def _read(self, call: object) -> tuple[str, str]:
        """What is asked, and the secret given with it."""
        if not isinstance(call, Mapping) or set(call) != {"ask", "secret"}:
            raise Barred('A call has the fields "ask" and "secret".')
        name, secret = call["ask"], call["secret"]
        if name not in ASKED or not isinstance(secret, str):
            raise Barred(f'"ask" is one of {", ".join(ASKED)}; "secret" is a text.')
        return name, secret

    def _is_secret(self, store: Store, secret: str, address: str) -> bool:
        """True for the right one; wrong ones are counted for the operator to see."""
        if not self._lock.can_open:
            raise Barred("No secret is set. Start the app with SURVEY_SECRET to have one.")
        if not self._lock.opens(secret, address):
            store.transact(lambda ledger: ledger.count("refused secret"))
            raise Barred("That is not the secret.")
        return True

    def _current(self, store: Store, votes: int) -> str:
        from survey.report.html import report  # brings scipy: only now

        with self._making:
            started = time.monotonic()
            if votes != self._votes and started >= self._rested:
                self._report = report(store.folder, store.path.parent)
                self._votes = votes
                self._rested = started + REST * (time.monotonic() - started)
            return self._report


def note(study: Study, status: Mapping[str, Any], public: bool, demonstration: bool) -> str:
    """Where the study stands, in a sentence or two."""
    recruitment: Recruitment = status["recruitment"]
    of = f" of {recruitment.target}" if recruitment.target else ""
    said = f"{status['valid']}{of} participants have finished “{study.title}”. "
    if demonstration:
        return said + "It is a demonstration, not a scientific study."
    if recruitment.is_complete(status["valid"]):
        return said + "The study is complete."
    if public:
        return said + "It is still open."
    if recruitment.results not in RESULTS:
        return said + f"Its results stay hidden until {recruitment.results}."
    if recruitment.target and recruitment.results == "complete":
        return said + (
            "Its results stay hidden until it is complete, so that nobody answers, or stops, with "
            "them in mind."
        )
    return said + "Its results are with its operator."


def facts(status: Mapping[str, Any]) -> list[list[str]]:
    """What the operator wants to know of a running study."""
    refused = [
        (name.removeprefix("refused "), n) for name, n in status.items() if "refused" in name
    ]
    told = {
        "As of": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Agreed to take part": f"{status['participants']:,}",
        "Finished": f"{status['finished']:,}",
        "Recruitment": f"{status['recruitment'].state}, for {status['recruitment'].target or 'any'}"
        f" participants; results: {status['recruitment'].results}",
        "Votes": f"{status['votes']:,}, practice and catch trials included",
        "Calls refused": ", ".join(f"{name} {n:,}" for name, n in refused) or "none",
        "Copies": copies(status),
    }
    if status["restored"]:
        told["Restored at the start"] = f"{status['restored']['votes']:,} votes, from the copies"
    return [[name, value] for name, value in told.items()]


def copies(status: Mapping[str, Any]) -> str:
    """Where each vote is besides the database."""
    here = "a line for each vote beside the database"
    if not status["mirror"]:
        return f"{here}; no mirror elsewhere (SURVEY_MIRROR_REPO is not set)"
    minutes = status["pushed_minutes_ago"]
    last = "nothing pushed yet" if minutes is None else f"last good push {minutes:.0f} minutes ago"
    return f"{here}, and in {status['mirror']}: {last}"


def packed(store: Store) -> JSON:
    """The export, as a reply: it never has an address that somebody else could open."""
    from survey.report.export import export  # brings scipy: only now

    with TemporaryDirectory() as folder:
        path = export(store.folder, Path(folder, "study.zip"), store.path.parent)
        return {"name": path.name, "content": base64.b64encode(path.read_bytes()).decode()}
