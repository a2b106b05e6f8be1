"""What the Prefer page may ask, and what it gets: JSON in, JSON out; and the board, for Results.

    api = PreferApi(host)
    await api.answer({"ask": "begin"})                    # {"reply": "3f0c…"}, the token
    await api.answer({"ask": "next", "token": token})     # a nonce and two pictures
    vote = {"token": token, "nonce": nonce, "answer": "tie", "response_ms": 900.0}
    await api.answer({"ask": "vote"} | vote)              # {"reply": {"names": […]}}

Anyone can send anything here, so every call is decided by survey/board/protocol.py. Until the vote
is kept, a reply holds nothing that the models were named by: a random nonce, two pictures as base64
without addresses, words on what is to be seen.
"""

import base64
import binascii
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping

from survey.board.protocol import BoardProtocol, OpenPair
from survey.protocol import Refused
from survey.web.board_host import BoardHost
from survey.web.participant_api import BEGUN, JSON
from survey.web.rate_limit import RateLimit, household, is_public
from survey.web.study_host import Closed

ASKED = {
    "begin": set(),
    "next": {"token"},
    "vote": {"token", "nonce", "answer", "response_ms"},
    "bring": {"token", "consent", "image"},
    "put_away": {"token"},
}
HOUR_S = 3600.0
LIMITS = {"begin": BEGUN, "next": 2400, "vote": 1200, "bring": 30}  # an hour, of one address
CROWD = "Much has come from your network within the hour. Please come back later."
TROUBLED = "The board cannot take votes at the moment. None is lost; trying again …"
CLOSED = "The board cannot be opened at the moment. Please come back later."
BROKEN = "A picture could not be painted. Please load the page anew."
REST = 10  # the page is made anew for new votes, but rests ten times as long as it took
log = logging.getLogger(__name__)


class PreferApi:
    """The one door of the board to the outside."""

    def __init__(self, host: BoardHost, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._limits = {name: RateLimit(most, HOUR_S, clock) for name, most in LIMITS.items()}

    async def answer(self, call: object, address: str = "") -> JSON:
        """The reply to a call from this address, a refusal, or the request to wait."""
        try:
            return {"reply": await self._answer(call, address)}
        except Refused as refusal:
            return {"refused": refusal.reason, "sentence": str(refusal)}
        except Closed:
            return {"refused": "closed", "sentence": CLOSED}
        except (sqlite3.Error, OSError) as error:
            log.error("A call to the board failed, and is tried again. %s", error)
            return {"wait": TROUBLED}

    async def _answer(self, call: object, address: str) -> object:
        name, given = read(call)
        public = is_public(address)
        if public and name in self._limits and self._limits[name].take(address):
            raise Refused("crowd", CROWD)
        if name == "next":
            pair = await self._host.run(lambda board: board.next_pair(given["token"]))
            return await self._shown(pair) if pair else {"done": True}
        if name == "bring":
            given["image"] = decoded(given["image"])
        if name == "vote":
            given["household"] = household(address) if public else ""
        done = await self._host.run(lambda board: getattr(board, name)(**given))
        return {"names": done.models} if isinstance(done, OpenPair) else done

    async def _shown(self, pair: OpenPair) -> JSON:
        """What may be known of a pair before the vote."""
        try:
            images = await self._host.pictures(pair)
        except ValueError as error:  # a model or a file that is broken; ours say so in a sentence
            log.error("A pair could not be painted. %s", error)
            raise Refused("broken", BROKEN) from error
        shown = self._host.board().pictures.shown
        return {
            "nonce": pair.nonce,
            "images": [base64.b64encode(image).decode() for image in images],
            "words": "Your photo" if pair.own else shown[pair.drawn.photo].words,
            "own": pair.own is not None,
        }


class BoardApi:
    """The board as a page, for everyone: {"ask": "board"}."""

    def __init__(self, host: BoardHost) -> None:
        self._host = host
        self._making = threading.Lock()
        self._page = ""
        self._votes: int | None = None  # that the page tells of
        self._rested = 0.0  # by time.monotonic

    async def answer(self, call: object, address: str = "") -> JSON:
        """The page, or why there is none."""
        if call != {"ask": "board"}:
            return {"refused": "call", "sentence": 'A call here is {"ask": "board"}.'}
        try:
            return {"reply": {"page": await self._host.run(self._current)}}
        except (Closed, sqlite3.Error, OSError) as error:
            log.error("The board could not be shown. %s", error)
            return {"refused": "closed", "sentence": CLOSED}

    def _current(self, board: BoardProtocol) -> str:
        """Made anew when there are new votes, but not all the time."""
        from survey.board.page import render  # brings scipy: only now
        from survey.board.votes import all_votes
        from survey.store import last_row, read_only

        with self._making:
            started = time.monotonic()
            if self._votes is not None and started < self._rested:
                return self._page
            db = read_only(board.store.path)
            try:
                votes = last_row(db.conn, "votes")
                if votes != self._votes:
                    self._page, self._votes = render(all_votes(db), board.models), votes
                    self._rested = started + REST * (time.monotonic() - started)
            finally:
                db.close()
            return self._page


def read(call: object) -> tuple[str, JSON]:
    """The name of a call and its arguments; what no page of ours sends is refused."""
    if isinstance(call, Mapping):
        name, given = call.get("ask"), {key: call[key] for key in call if key != "ask"}
        if isinstance(name, str) and ASKED.get(name) == set(given):
            return name, given
    known = "; ".join(f"{name}({', '.join(sorted(given))})" for name, given in ASKED.items())
    raise Refused("call", f"This call is not known here. Known are: {known}.")


def decoded(image: object) -> bytes:
    """The bytes of a picture that was sent as base64."""
    try:
        return base64.b64decode(image, validate=True) if isinstance(image, str) else b""
    except (binascii.Error, ValueError) as error:
        raise Refused("photo", "The photo did not arrive whole; please choose it again.") from error
