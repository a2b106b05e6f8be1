"""Who may vote on what: the rules of the open board, whoever asks.

    board = BoardProtocol(BoardStore("studies/board"), lineup(names), pictures)
    token = board.begin()
    pair = board.next_pair(token)                     # a nonce, and a photo in two versions
    board.vote(token, pair.nonce, "first", 900.0)     # only now: which model was which

A pair is kept here, in memory, until it is voted on: the browser gets a random nonce and two
pictures, so there is nothing to forge, and nothing to read. A nonce takes one vote, of the browser
that it was given to, and nobody has more than one. A restart forgets the open pairs, no vote.

Nobody is kept from coming as somebody else: a browser is a token. What that is worth is bounded
where votes are weighed (survey/board/votes.py).
"""

from __future__ import annotations

import hmac
import math
import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from colorize.photo import PhotoError
from survey.board.drawing import ANSWERS, Drawing, Drawn, Pair, one_way
from survey.board.ledger import BoardLedger, Row
from survey.board.lineup import name_of
from survey.board.pictures import Own, Pictures
from survey.board.store import BoardStore
from survey.protocol import Refused

LEAST_S = 0.25  # from the pair's leaving to a vote: nobody sees and decides faster
MOST_OPEN = 20_000  # pairs out at once; the oldest is forgotten first
DAY_S = 86_400
STALE = "This pair has its vote already, or was replaced. Here is another."
UNKNOWN = "This browser is not known here; please load the page anew."
EARLY = "Please look first, then vote."
CONSENT = "Please tick that you agree to what is done with your photo."


@dataclass
class OpenPair:
    """A pair that a browser has before it; models and photo stay here."""

    nonce: str
    drawn: Drawn
    number: int  # of the draw
    after: int  # the last vote at that time
    shown_at: float
    own: Own | None = None  # the visitor's photo that it is of

    @property
    def models(self) -> Pair:
        """Names, from left to right."""
        return name_of(self.drawn.first), name_of(self.drawn.second)


class BoardProtocol:
    """One board, taking votes."""

    def __init__(
        self,
        store: BoardStore,
        models: Sequence[str],
        pictures: Pictures,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.pictures, self.models = store, pictures, list(models)
        self._clock = clock
        self._lock = threading.Lock()  # of the three below
        self._drawing = Drawing(models)
        self._open: OrderedDict[str, OpenPair] = OrderedDict()  # by the voter's token
        self._draws = self._last = 0  # numbers of the last draw and of the last vote
        board, self._lineup, votes = store.transact(self._begin)
        self._seed, self._key = int(board["seed"]), bytes.fromhex(board["key"])
        for vote in votes:
            self._count(vote["id"], vote["drawn"], vote)

    def begin(self) -> str:
        """A new voter's token."""
        token = secrets.token_hex(16)
        row = {"token": token, "begun_at": self._clock()}
        self.store.transact(lambda ledger: ledger.insert("voters", row))
        return token

    def next_pair(self, token: object) -> OpenPair | None:
        """The pair that this voter has open, or a new one; None: all were seen.

        Of the visitor's own photo, while there is one with pairs that were not seen on it.
        """
        token, seen = self._seen(token)
        own = self.pictures.own(token)
        with self._lock:
            pair = self._open.get(token)
            if pair and (pair.own is own or pair.own is None):
                return pair
        if own:
            drawn = self._draw(token, {own.name: seen.get(own.name, [])}, own)
            if drawn:
                return drawn
        return self._draw(token, {photo: seen.get(photo, []) for photo in self.pictures.shown})

    def vote(
        self, token: object, nonce: object, answer: object, response_ms: object, household: str = ""
    ) -> OpenPair:
        """Keep this vote; what it was on may be told now. `household` is the network it came from,
        '' where that says nothing."""
        if answer not in ANSWERS:
            raise Refused("answer", f"Please answer {', '.join(ANSWERS[:-1])} or {ANSWERS[-1]}.")
        response = milliseconds(response_ms)
        now = self._clock()
        pair = self._take(token, nonce, now)
        row = {
            **pair.drawn._asdict(),
            "answer": answer,
            "response_ms": response,
            "network": self._network(household, now),
            "lineup": self._lineup,
            "drawn": pair.number,
            "after": pair.after,
            "shown_at": pair.shown_at,
            "received_at": now,
        }
        try:
            number = self.store.transact(lambda ledger: cast(ledger, str(token), row))
        except sqlite3.IntegrityError as error:  # the same pair was voted on in another tab
            raise Refused("stale", STALE) from error
        except BaseException:  # a full disk, say: the pair waits for its vote
            with self._lock:
                self._open.setdefault(str(token), pair)
            raise
        with self._lock:
            self._count(number, pair.number, row)
        return pair

    def bring(self, token: object, consent: object, image: bytes) -> None:
        """Take a visitor's own photo; the pairs to come are of it."""
        token, _ = self._seen(token)
        if consent is not True:
            raise Refused("consent", CONSENT)
        try:
            self.pictures.bring(token, image, self._key)
        except PhotoError as error:
            raise Refused("photo", str(error)) from error
        self._drop(token)

    def put_away(self, token: object) -> None:
        """Let go of a visitor's photo."""
        token, _ = self._seen(token)
        self.pictures.put_away(token)
        self._drop(token)

    def _begin(self, ledger: BoardLedger) -> tuple[Row, int, list[Row]]:
        board = ledger.board()
        assert board, "the store makes one when it opens"
        return board, ledger.lineup(self.models, self._clock()), ledger.votes()

    def _seen(self, token: object) -> tuple[str, dict[str, list[Pair]]]:
        """A voter's token, once it is known to be one, and the pairs voted on, by photo."""
        text = token if isinstance(token, str) and token.isascii() else ""

        def look(ledger: BoardLedger) -> list[Row] | None:
            voter = ledger.voter(text)
            return ledger.votes_of(voter["id"]) if voter else None

        rows = self.store.transact(look)
        if rows is None:
            raise Refused("token", UNKNOWN)
        seen: dict[str, list[Pair]] = {}
        for row in rows:
            seen.setdefault(row["photo"], []).append(one_way(row["first"], row["second"]))
        return text, seen

    def _draw(
        self, token: str, seen: dict[str, list[Pair]], own: Own | None = None
    ) -> OpenPair | None:
        with self._lock:
            if token in self._open and self._open[token].own is own:  # another tab was faster
                return self._open[token]
            number = self._draws + 1
            drawn = self._drawing.draw([self._seed, number], seen)
            if drawn is None:
                return None
            self._draws = number
            nonce = secrets.token_hex(16)
            pair = OpenPair(nonce, drawn, number, self._last, self._clock(), own)
            self._open[token] = pair
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return pair

    def _take(self, token: object, nonce: object, now: float) -> OpenPair:
        """The open pair of this nonce, which from now on takes no other vote."""
        with self._lock:
            pair = self._open.get(token) if isinstance(token, str) else None
            if pair is None or pair.nonce != nonce:
                raise Refused("stale", STALE)
            if 0 <= now - pair.shown_at < LEAST_S:  # below 0: the clock was set back
                raise Refused("early", EARLY)
            del self._open[str(token)]
            return pair

    def _drop(self, token: str) -> None:
        with self._lock:
            self._open.pop(token, None)

    def _count(self, number: int, drawn: int, vote: Any) -> None:
        self._last, self._draws = max(self._last, number), max(self._draws, drawn)
        self._drawing.add(vote["photo"], vote["first"], vote["second"], vote["answer"])

    def _network(self, household: str, now: float) -> str:
        """The same for one network on one day; no way back to its address."""
        if not household:
            return ""
        said = f"{int(now // DAY_S)} {household}".encode()
        return hmac.digest(self._key, said, "sha256").hex()[:16]


def cast(ledger: BoardLedger, token: str, row: dict[str, Any]) -> int:
    """Write a vote; its number."""
    voter = ledger.voter(token)
    assert voter, "its pair was drawn for a known voter"
    return ledger.insert("votes", row | {"voter": voter["id"]})


def milliseconds(value: object) -> float:
    """What a browser says it took."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise Refused("timing", f"response_ms is {value!r:.40}; give milliseconds, 0 or more.")
    return float(min(value, DAY_S * 1000))
