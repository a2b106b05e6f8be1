"""A cold start: seconds until the first page, the first photo in colour, the first trial.

    python -m tests.stress start --rounds 3

Each start is a process of its own with an empty folder, and one visitor asks for all at once.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from tests.stress.raw_client import RawClient
from tests.stress.serving import Server
from tests.stress.visitor import colour, photograph

LOOK_S = 0.1  # between two questions whether the study is there


def add_arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--megapixels", type=float, default=1.0, help="of the photo")


def main(args: argparse.Namespace) -> int:
    rounds = [start(photograph(args.megapixels)) for _ in range(args.rounds)]
    for name in rounds[0]:
        show(name, [found[name] for found in rounds])
    return 0


def show(name: str, seconds: Iterable[float]) -> None:
    some = sorted(seconds)
    print(f"{name}: {median(some):.1f} s ({some[0]:.1f} to {some[-1]:.1f}, n = {len(some)})")


def start(jpeg: bytes) -> dict[str, float]:
    """Seconds from the command to each."""
    with TemporaryDirectory() as place:
        server = Server(Path(place))
        began = time.monotonic()

        def until(work: Callable[[Server], object]) -> float:
            work(server)
            return time.monotonic() - began

        with server, ThreadPoolExecutor(2) as visitor:
            found = {"first page": until(lambda server: httpx.get(server.url).raise_for_status())}
            photo = visitor.submit(until, lambda server: asyncio.run(first_photo(server, jpeg)))
            trial = visitor.submit(until, first_trial)
            return found | {"first photo": photo.result(), "first trial": trial.result()}


async def first_photo(server: Server, jpeg: bytes) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as http:
        await colour(http, jpeg)


def first_trial(server: Server) -> None:
    client = RawClient(server.url)
    while "reply" not in client.ask("welcome"):
        time.sleep(LOOK_S)
    assert client.ask("next_trial", token=client.enrol())["reply"]["answers"]
    client.close()
