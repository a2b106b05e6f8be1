"""A participant of the study, over plain HTTP: from consent to debrief, as screens.js leads.

    await Participant(http, await Study.of(http), Pace(), outcome).take_part(lambda: True)

Asks again until there is an answer or, when nothing answers, reloads the page and goes on by the
token. Checked on the way: every trial is the one after the last vote, whatever happened between.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from survey.bench.load import TIMING
from tests.stress.outcome import Outcome

RELOADS = 0.5  # share of the calls without an answer after which the page is reloaded
AGAIN_S = (0.5, 1, 2, *[4] * 150)  # pauses between attempts; ten minutes, then despair
JSON = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """Seconds that a participant spends: before a trial, and on looking and deciding."""

    rest: float = 0.5
    look: float = 1.7  # on average; between half of it and half as much again


class Refused(Exception):
    """The app said no; `reason` is its one word."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(f"{reason}: {sentence}")
        self.reason = reason


class Reloaded(Exception):
    """Nobody answered, and this participant lost patience."""


@dataclass(frozen=True)
class Study:
    """What a page knows of the study."""

    component: int  # Gradio's number of it
    practice: int
    positions: int

    @classmethod
    async def of(cls, http: httpx.AsyncClient) -> "Study":
        config = (await http.get("/config")).raise_for_status().json()
        (component,) = (
            c["id"] for c in config["components"] if c["props"].get("elem_id") == "study"
        )
        welcome = await ask(http, component, "nobody", {"ask": "welcome"})
        return cls(component, welcome["practice"], welcome["practice"] + welcome["trials"])


async def ask(http: httpx.AsyncClient, component: int, session: str, call: JSON) -> Any:
    """One call and its reply, as Gradio's own page sends it."""
    body = {"session_hash": session, "component_id": component, "fn_name": "ask", "data": call}
    answer = await http.post("/gradio_api/component_server", json=body)
    said = answer.raise_for_status().json()
    if "refused" in said:
        raise Refused(said["refused"], said["sentence"])
    if "wait" in said:
        raise httpx.HTTPError(said["wait"])
    return said["reply"]


class Participant:
    def __init__(
        self,
        http: httpx.AsyncClient,
        study: Study,
        pace: Pace,
        outcome: Outcome,
        rng: random.Random,
    ) -> None:
        self._http, self._study, self._pace, self._outcome = http, study, pace, outcome
        self._rng = rng
        self._session = ""
        self._token = ""
        self._possible = {0}  # positions where this participant may be; two while a vote is out

    async def take_part(self, is_open: Callable[[], bool]) -> None:
        """Until the debrief, or until the doors close; at least one answer."""
        await self._load_page()
        self._token = await self._patiently(
            {"ask": "begin", "consent": True, "panel_id": uuid.uuid4().hex}
        )
        self._outcome.enrolled += 1
        while True:
            try:
                return await self._go_on(is_open)
            except Reloaded:
                self._outcome.reloaded += 1
                await self._load_page()
            except Refused as refused:
                self._expect("stale", refused)  # a vote that is kept: go on after it

    async def _go_on(self, is_open: Callable[[], bool]) -> None:
        """From wherever the server says."""
        if await self._ask("stage") == "colour_vision":
            await self._ask("colour_vision", answer="normal")
        trial = await self._ask("next_trial")
        while trial:
            self._check(self._position(trial))
            trial = await self._answer(trial)
            if not is_open():
                return
        self._check(self._study.positions)
        await self._ask("debrief")
        self._outcome.finished += 1

    async def _answer(self, trial: JSON) -> JSON | None:
        """Look at a trial and answer it; gives the next."""
        await asyncio.sleep(self._pace.rest)
        await self._ask("shown", nonce=trial["nonce"])
        await asyncio.sleep(self._pace.look * self._rng.uniform(0.5, 1.5))
        answer, position = self._rng.choice(trial["answers"]), self._position(trial)
        self._possible = {position, position + 1}
        asked = time.perf_counter()
        ack = await self._ask("vote", nonce=trial["nonce"], answer=answer, timing=TIMING)
        self._outcome.latencies.append(time.perf_counter() - asked)
        self._outcome.acknowledged.append((self._token, position, answer))
        self._possible = {position + 1}
        return ack["next"]

    def _position(self, trial: JSON) -> int:
        before = 0 if trial["kind"] == "practice" else self._study.practice
        return before + trial["number"] - 1

    def _check(self, position: int) -> None:
        if position not in self._possible:
            expected = " or ".join(map(str, self._possible))
            self._outcome.errors.append(
                f"A participant went on at {position} instead of {expected}."
            )
        self._possible = {position}

    async def _load_page(self) -> None:
        self._session = uuid.uuid4().hex

        async def load() -> None:
            (await self._http.get("/study")).raise_for_status()

        await self._again(load)

    async def _ask(self, name: str, **given: object) -> Any:
        """Ask with the token; again when nobody answers, unless the page is reloaded."""
        try:
            return await self._patiently({"ask": name, "token": self._token, **given}, RELOADS)
        except Refused as refused:
            return self._expect("twice", refused)  # what the server has already, it has

    def _expect(self, reason: str, refused: Refused) -> None:
        """Such a refusal is right if a reply was lost; any other is not."""
        if refused.reason != reason or not self._outcome.unheard:
            raise refused
        self._outcome.refused[reason] += 1

    async def _patiently(self, call: JSON, reloads: float = 0.0) -> Any:
        session, component = self._session, self._study.component
        return await self._again(lambda: ask(self._http, component, session, call), reloads)

    async def _again(self, attempt: Callable[[], Awaitable[T]], reloads: float = 0.0) -> T:
        """Until there is an answer; not for ever."""
        reloads = self._rng.random() < reloads
        for pause in AGAIN_S:
            try:
                return await attempt()
            except httpx.HTTPError as error:
                self._outcome.unheard += 1
                await asyncio.sleep(pause * self._rng.uniform(0.5, 1))
                if reloads:
                    raise Reloaded from error
        return await attempt()
