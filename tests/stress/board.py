"""Visitors vote on the open board while others colour photos: latencies, and is every vote kept?

    python -m tests.stress board --minutes 2 --voters 100 --visitors 10

Every voter is a browser of its own, over plain HTTP: begin, next, look, vote, the names, next.
"""

import argparse
import asyncio
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from survey.bench.speed import SHARES, at
from survey.board.drawing import ANSWERS
from survey.store import read_only
from tests.stress.crowd import PATIENCE_S, Crowd, apart
from tests.stress.outcome import Outcome
from tests.stress.report import report
from tests.stress.serving import Server

LOOK_S = 1.5  # on average; between half of it and half as much again


@dataclass
class Voted:
    """What came of the voters; a vote is a voter's number, its answer, and the names told."""

    votes: list[tuple[int, str, tuple[str, str]]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)  # seconds from a vote to its names
    waits: list[float] = field(default_factory=list)  # seconds from asking for a pair to it
    done: int = 0  # voters who have seen every pair
    errors: list[str] = field(default_factory=list)


class Voters:
    """So many browsers, each voting until the doors close or there is nothing new."""

    def __init__(self, url: str, voters: int, look: float = LOOK_S, seed: int = 0) -> None:
        self.voted = Voted()
        self._url, self._voters, self._look = url, voters, look
        self._rng = random.Random(seed)
        self._until = 0.0
        self._component = 0

    async def gather(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        limits = httpx.Limits(max_connections=None, keepalive_expiry=2)
        async with (
            httpx.AsyncClient(base_url=self._url, timeout=PATIENCE_S, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            parts = (await http.get("/config")).raise_for_status().json()["components"]
            (self._component,) = (p["id"] for p in parts if p["props"].get("elem_id") == "prefer")
            for number in range(self._voters):
                group.create_task(self._telling(http, number))

    async def _telling(self, http: httpx.AsyncClient, number: int) -> None:
        try:
            await self._vote(http, number)
        except Exception as error:  # counted: a load that hides errors measures nothing
            self.voted.errors.append(f"{type(error).__name__}: {error}")

    async def _vote(self, http: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(self._rng.random() * self._look)
        (await http.get("/prefer")).raise_for_status()
        token = await self._ask(http, "begin")
        while time.monotonic() < self._until:
            started = time.perf_counter()
            pair = await self._ask(http, "next", token=token)
            self.voted.waits.append(time.perf_counter() - started)
            if "nonce" not in pair:
                self.voted.done += 1
                return
            await asyncio.sleep(self._look * self._rng.uniform(0.5, 1.5))
            answer, started = self._rng.choice(ANSWERS), time.perf_counter()
            said = {"nonce": pair["nonce"], "answer": answer, "response_ms": 1000.0}
            told = await self._ask(http, "vote", token=token, **said)
            self.voted.latencies.append(time.perf_counter() - started)
            one, other = told["names"]
            self.voted.votes.append((number, answer, (one, other)))

    async def _ask(self, http: httpx.AsyncClient, name: str, **given: object) -> Any:
        call = {"component_id": self._component, "fn_name": "ask", "data": {"ask": name, **given}}
        body = call | {"session_hash": uuid.uuid4().hex}
        answer = await http.post("/gradio_api/component_server", json=body)
        return answer.raise_for_status().json()["reply"]  # a refusal is an error here


@dataclass
class BoardLoad:
    """Voters and visitors, and the votes that the database holds."""

    voted: Voted
    outcome: Outcome  # of the visitors
    kept: list[dict]
    seconds: float

    def figures(self) -> dict[str, float]:
        voted = self.voted
        return {
            "seconds": self.seconds,
            "votes": len(voted.votes),
            **{name: 1000 * at(voted.latencies, share) for name, share in SHARES.items()},
            "slowest_ms": 1000 * max(voted.latencies, default=0.0),
            "pair_p50_ms": 1000 * at(voted.waits, 0.5),
            "pair_slowest_ms": 1000 * max(voted.waits, default=0.0),
            "voters_done": voted.done,
            "photos": len(self.outcome.coloured),
            "photo_p50_s": at(self.outcome.coloured, 0.5),
            "votes_kept": len(self.kept),
        }

    def wrong(self) -> Iterator[str]:
        """What went wrong, in sentences."""
        yield from self.voted.errors
        yield from self.outcome.errors
        if self.outcome.gone:
            yield f"{self.outcome.gone} photos did not come back."
        told = sorted((answer, names) for _, answer, names in self.voted.votes)
        kept = sorted(
            (vote["answer"], tuple(vote[s].partition("@")[0] for s in ("first", "second")))
            for vote in self.kept
        )
        if told != kept:
            yield f"{len(told)} votes were acknowledged, {len(kept)} are kept, or others are."


def board_load(
    voters: int, visitors: int, seconds: float, *, within: Path, look: float = LOOK_S, **options
) -> BoardLoad:
    """Let them in for so long. `options` are those of the visitors' crowd."""
    with Server(within) as server:
        people, crowd = Voters(server.url, voters, look), Crowd(server.url, 0, visitors, **options)
        started = time.monotonic()
        apart(_together(people, crowd, seconds))
        took = time.monotonic() - started
        with closing(read_only(server.data / "board" / "votes.db").conn) as db:
            rows = db.execute("SELECT first, second, answer FROM votes").fetchall()
    kept = [dict(zip(("first", "second", "answer"), row, strict=True)) for row in rows]
    return BoardLoad(people.voted, crowd.outcome, kept, took)


async def _together(voters: Voters, crowd: Crowd, seconds: float) -> None:
    await asyncio.gather(voters.gather(seconds), crowd.gather(seconds))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--voters", type=int, default=100)
    parser.add_argument("--visitors", type=int, default=10, help="who colour photos meanwhile")
    parser.add_argument("--look", type=float, default=LOOK_S, help="seconds to a vote, on average")
    parser.add_argument("--within", type=Path, help="a folder on the disk to be used")
    parser.add_argument("--json", action="store_true")


def main(args: argparse.Namespace) -> int:
    """0 if nothing was found."""
    with TemporaryDirectory(dir=args.within) as place:
        crowd = args.voters, args.visitors, 60 * args.minutes
        done = board_load(*crowd, within=Path(place), look=args.look)
    return report(done.figures(), [*done.wrong()], args.json)
