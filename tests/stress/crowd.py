"""Everybody who uses one app at the same time, in one thread: they share the cores with it.

crowd = Crowd(server.url, participants=100, visitors=10)
asyncio.run(crowd.gather(seconds=60))
crowd.outcome.latencies, crowd.outcome.errors
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.stress.outcome import Outcome
from tests.stress.participant import Pace, Participant, Study
from tests.stress.visitor import colour, photograph, signed

PATIENCE_S = 120.0  # for one answer


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """asyncio.run in a thread of its own: a browser's test may hold a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class Crowd:
    """So many people at once; whoever has finished makes room for the next."""

    def __init__(
        self,
        url: str,
        participants: int,
        visitors: int,
        *,
        pace: Pace = Pace(),  # noqa: B008  (frozen)
        pause: float = 0.0,
        megapixels: float = 12.0,
        seed: int = 0,
    ) -> None:
        self.outcome = Outcome()
        self._url, self._participants, self._visitors = url, participants, visitors
        self._pace, self._pause = pace, pause
        self._photo = photograph(megapixels) if visitors else b""
        self._rng = random.Random(seed)
        self._numbers = itertools.count(1)
        self._until = 0.0

    async def gather(self, seconds: float) -> Outcome:
        """Let them in for so long; everybody ends what is begun."""
        self._until = time.monotonic() + seconds
        limits = httpx.Limits(max_connections=None, keepalive_expiry=2)  # the server hangs up at 5
        async with (
            httpx.AsyncClient(base_url=self._url, timeout=PATIENCE_S, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            study = await Study.of(http) if self._participants else None
            for _ in range(self._participants):
                group.create_task(self._telling(self._take_part(http, study)))
            for _ in range(self._visitors):
                group.create_task(self._telling(self._bring_photos(http)))
        return self.outcome

    def leave(self) -> None:
        """Everybody ends what is begun, and goes."""
        self._until = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self._until

    async def _telling(self, person: Awaitable[None]) -> None:
        try:
            await person
        except Exception as error:  # counted: a load that hides errors measures nothing
            self.outcome.errors.append(f"{type(error).__name__}: {error}")

    async def _take_part(self, http: httpx.AsyncClient, study: Study) -> None:
        await asyncio.sleep(self._rng.random() * (self._pace.rest + self._pace.look))
        while self.is_open():
            person = Participant(http, study, self._pace, self.outcome, self._rng)
            await person.take_part(self.is_open)

    async def _bring_photos(self, http: httpx.AsyncClient) -> None:
        while self.is_open():
            started = time.monotonic()
            try:
                await colour(http, signed(self._photo, next(self._numbers)))
            except httpx.HTTPError:
                self.outcome.gone += 1
                await asyncio.sleep(1)
            else:
                self.outcome.coloured.append(time.monotonic() - started)
                await asyncio.sleep(self._pause)
