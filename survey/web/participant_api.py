"""What a participant's browser may ask, and what it gets: JSON in, JSON out.

    api = ParticipantApi(host)
    await api.answer({"ask": "welcome"})                     # the study's own words
    await api.answer({"ask": "begin", "consent": True})      # {"reply": "3f0c…"}, the token
    await api.answer({"ask": "vote", "token": …, "nonce": …, "answer": …, "timing": {…}})

Anyone can send anything here, so every call is decided by survey/protocol.py; what it refuses comes
back as {"refused": "early", "sentence": "Please look first, then answer."}. Images travel as base64
in the reply: they have no addresses.
"""

import base64
import hashlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import gradio as gr

from survey.language.wording import ENGLISH, languages_of, sentence, wording
from survey.protocol import Refused, StudyProtocol
from survey.questionnaire.questions import plain as asked
from survey.study import Study
from survey.web.rate_limit import RateLimit, is_public
from survey.web.study_host import Closed, NotReady, RunningStudy, StudyHost
from survey.web.study_words import debrief, texts

JSON = dict[str, Any]
Answer = Callable[[object, str], Awaitable[JSON]]  # to a call from an address
log = logging.getLogger(__name__)

ASKED = {  # what is open to the public, with its arguments: a welcome, and calls of the protocol
    "welcome": set(),
    "begin": {"consent", "panel_id"},
    "decline": set(),
    "stage": {"token"},
    "colour_vision": {"token", "answer"},
    "next_trial": {"token"},
    "shown": {"token", "nonce"},
    "vote": {"token", "nonce", "answer", "timing"},
    "respond": {"token", "page", "answers"},
    "debrief": {"token"},
}
OPTIONAL = {"begin": {"panel_details"}}  # what a page may leave out
BEGUN, WITHIN = 60, 3600.0  # participations of one address in so many seconds: a classroom's
PREPARING = str(wording(ENGLISH)["page"]["preparing"])
TROUBLED = "The study cannot take answers at the moment. None is lost; trying again …"
ELSEWHERE: JSON = {
    "refused": "elsewhere",
    "sentence": sentence("elsewhere"),
}
CLOSED = sentence("closed")


class ParticipantApi:
    """The one door of a study to the outside."""

    def __init__(
        self,
        host: StudyHost,
        links: Sequence[tuple[str, str]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._newcomers = RateLimit(BEGUN, WITHIN, clock)
        self._links = list(links)  # (words, address): where to go after the debrief, not before

    async def answer(self, call: object, address: str = "") -> JSON:
        """The reply to a call from this address, a refusal, or the request to wait."""
        try:
            return {
                "reply": await self._host.run(lambda running: self._answer(running, call, address))
            }
        except Refused as refusal:
            said = {"refused": refusal.reason, "sentence": str(refusal)}
            return said | ({"ending": plain(refusal.ending)} if refusal.ending else {})
        except NotReady:
            return {"wait": preparing(self._host)}
        except Closed:
            return {"refused": "closed", "sentence": CLOSED}
        except (sqlite3.Error, OSError) as error:
            log.error("A call failed, and is tried again. %s", error)
            return {"wait": TROUBLED}

    def _answer(self, running: RunningStudy, call: object, address: str) -> object:
        survey = running.survey
        name, given = _read(survey, call)
        if name == "begin" and is_public(address) and self._newcomers.take(address):
            raise refused(survey, "crowd", sentence("crowd"))
        if name == "welcome":
            pushed = running.push is not None
            return welcome(survey.study, self._host.demonstration, self._host.name, pushed)
        reply = plain(getattr(survey, name)(**given))
        return reply | self._farewell(survey.study) if name == "debrief" else reply

    def _farewell(self, study: Study) -> JSON:
        """What is told at the end, and not before: what it was about, and where to go."""
        told = {name: debrief(study, name) for name in languages_of(study.language)}
        return {"links": self._links, "told": told}


def preparing(host: StudyHost) -> str:
    """What people read until a study is there."""
    return f"{PREPARING} {host.prepared:.0%} is done." if host.prepared else PREPARING


def asked_by_own_pages(answer: Answer) -> Callable[[JSON, gr.Request], Awaitable[JSON]]:
    """What a page asks the server by: `server.ask(call)` in its script."""

    # A coroutine: Gradio runs it in none of its 40 threads.
    async def ask(call: JSON, request: gr.Request) -> JSON:
        if is_foreign(request.headers.get("sec-fetch-site")):
            return ELSEWHERE
        return await answer(call, request.client.host)

    return ask


def is_foreign(site: str | None) -> bool:
    """Does a browser say that a page of another site asks? That page's visitors know nothing of it,
    and their addresses are not the asker's. Programs, and browsers on plain http, say nothing."""
    return site not in (None, "same-origin", "none")


def _read(survey: StudyProtocol, call: object) -> tuple[str, JSON]:
    """The name of a call and its arguments; what no page of ours sends is refused and counted."""
    if isinstance(call, Mapping):
        name, given = call.get("ask"), {key: call[key] for key in call if key != "ask"}
        if isinstance(name, str) and ASKED.get(name) == set(given) - OPTIONAL.get(name, set()):
            return name, given
    known = "; ".join(f"{name}({', '.join(sorted(given))})" for name, given in ASKED.items())
    raise refused(survey, "call", f"This call is not known here. Known are: {known}.")


def refused(survey: StudyProtocol, reason: str, sentence: str) -> Refused:
    """A refusal, counted."""
    survey.store.transact(lambda ledger: ledger.count(f"refused {reason}"))
    return Refused(reason, sentence)


def welcome(study: Study, demonstration: bool, name: str = "", pushed: bool = False) -> JSON:
    """What everyone may know of a study: its words, its length and its timing."""
    design = study.question_type
    which = f"page {study.sha256} {name}".rstrip()  # two of the same design are two studies
    languages = languages_of(study.language)
    return {
        "id": hashlib.sha256(which.encode()).hexdigest()[:16],
        "demonstration": demonstration,
        "title": study.title,
        "words": texts(study, languages[0], pushed),
        "translations": {name: texts(study, name, pushed) for name in languages[1:]},
        "language": languages[0],
        "answers": [{"name": a.name, "key": a.key, "sign": a.sign} for a in design.answers],
        "chance": design.chance,
        "practice": study.practice,
        "trials": study.positions - study.practice,
        "exposure_ms": study.exposure_ms,
        "in_turn": design.images_in_turn,
        "pictures": len(design.words.pictures),
        "display": study.display,
        "panel": study.panel_parameters,
        "before": [asked(question) for question in study.before],
        "after": [asked(question) for question in study.after],
    }


def plain(value: object) -> Any:
    """The protocol's answers as JSON; bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value
