"""What a participant's browser may ask, and what it gets: JSON in, JSON out.

    calls = Calls(venue)
    await calls.answer({"ask": "welcome"})                     # the study's own words
    await calls.answer({"ask": "begin", "consent": True})      # {"reply": "3f0c…"}, the token
    await calls.answer({"ask": "vote", "token": …, "nonce": …, "answer": …, "timing": {…}})

Anyone can send anything here, so every call is decided by survey/protocol.py; what it refuses comes
back as {"refused": "early", "sentence": "Please look first, then answer."}. Images travel as base64
in the reply: they have no addresses.
"""

import base64
import hashlib
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from survey.design import Study
from survey.protocol import Protocol, Refused
from survey.web.rate_limit import Allowance, is_public
from survey.web.study_host import Closed, NotReady, Venue

JSON = dict[str, Any]
log = logging.getLogger(__name__)

ASKED = {  # what is open to the public, with its arguments: a welcome, and calls of the protocol
    "welcome": set(),
    "begin": {"consent", "panel_id"},
    "stage": {"token"},
    "colour_vision": {"token", "answer"},
    "next_trial": {"token"},
    "shown": {"token", "nonce"},
    "vote": {"token", "nonce", "answer", "timing"},
    "debrief": {"token"},
}
BEGUN, WITHIN = 60, 3600.0  # participations of one address in so many seconds: a classroom's
CROWD = "Many people have begun from your network. Please come back in an hour."
PREPARING = "The study is being prepared. This takes a minute, the first time only."
TROUBLED = "The study cannot take answers at the moment. None is lost; trying again …"
CLOSED = "This study cannot be opened at the moment. Please come back later."


class Calls:
    """The one door of a study to the outside."""

    def __init__(
        self,
        venue: Venue,
        links: Sequence[tuple[str, str]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._venue = venue
        self._newcomers = Allowance(BEGUN, WITHIN, clock)
        self._links = list(links)  # (words, address): where to go after the debrief, not before

    async def answer(self, call: object, address: str = "") -> JSON:
        """The reply to a call from this address, a refusal, or the request to wait."""
        try:
            return {
                "reply": await self._venue.run(
                    lambda service: self._answer(service.survey, call, address)
                )
            }
        except Refused as refusal:
            return {"refused": refusal.reason, "sentence": str(refusal)}
        except NotReady:
            return {"wait": PREPARING}
        except Closed:
            return {"refused": "closed", "sentence": CLOSED}
        except (sqlite3.Error, OSError) as error:
            log.error("A call failed, and is tried again. %s", error)
            return {"wait": TROUBLED}

    def _answer(self, survey: Protocol, call: object, address: str) -> object:
        name, given = _read(survey, call)
        if name == "begin" and is_public(address) and self._newcomers.take(address):
            raise refused(survey, "crowd", CROWD)
        if name == "welcome":
            return welcome(survey.study, self._venue.demonstration)
        reply = plain(getattr(survey, name)(**given))
        return reply | {"links": self._links} if name == "debrief" else reply


def _read(survey: Protocol, call: object) -> tuple[str, JSON]:
    """The name of a call and its arguments; what no page of ours sends is refused and counted."""
    if isinstance(call, Mapping):
        name, given = call.get("ask"), {key: call[key] for key in call if key != "ask"}
        if isinstance(name, str) and ASKED.get(name) == set(given):
            return name, given
    known = "; ".join(f"{name}({', '.join(sorted(given))})" for name, given in ASKED.items())
    raise refused(survey, "call", f"This call is not known here. Known are: {known}.")


def refused(survey: Protocol, reason: str, sentence: str) -> Refused:
    """A refusal, counted."""
    survey.store.transact(lambda ledger: ledger.count(f"refused {reason}"))
    return Refused(reason, sentence)


def welcome(study: Study, demonstration: bool) -> JSON:
    """What everyone may know of a study: its words, its length and its timing."""
    return {
        "id": hashlib.sha256(f"page {study.sha256}".encode()).hexdigest()[:16],
        "demonstration": demonstration,
        "title": study.title,
        "consent": study.consent,
        "question": study.question,
        "design": study.design,
        "answers": list(study.answers),
        "practice": study.practice,
        "trials": study.positions - study.practice,
        "exposure_ms": study.exposure_ms,
        "panel": study.panel,
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
