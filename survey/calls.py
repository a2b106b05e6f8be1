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
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from survey.design import Study
from survey.protocol import Protocol, Refused
from survey.venue import NotReady, Venue

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
PREPARING = "The study is being prepared. This takes a minute, the first time only."
CLOSED = "This study cannot be opened at the moment. Please come back later."


class Calls:
    """The one door of a study to the outside."""

    def __init__(self, venue: Venue, links: Sequence[tuple[str, str]] = ()) -> None:
        self._venue = venue
        self._links = list(links)  # (words, address): where to go after the debrief, not before

    async def answer(self, call: object) -> JSON:
        """The reply to a call, a refusal, or the request to wait."""
        try:
            return {
                "reply": await self._venue.run(lambda service: self._answer(service.survey, call))
            }
        except Refused as refused:
            return {"refused": refused.reason, "sentence": str(refused)}
        except NotReady:
            return {"wait": PREPARING}
        except Exception:
            if not self._venue.opening().exception():
                raise  # the page shows that it cannot reach the study, and tries again
            log.exception("The study could not be opened.")
            return {"refused": "closed", "sentence": CLOSED}

    def _answer(self, survey: Protocol, call: object) -> object:
        name, given = _read(survey, call)
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
    survey.store.transact(lambda ledger: ledger.count("refused call"))
    known = "; ".join(f"{name}({', '.join(sorted(given))})" for name, given in ASKED.items())
    raise Refused("call", f"This call is not known here. Known are: {known}.")


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
