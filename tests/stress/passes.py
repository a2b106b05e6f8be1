"""Visitors' passes, run where they are asked for or queued into batches: passes a second.

    python -m tests.stress passes --visitors 1 10 50
    python -m tests.stress passes --device cuda

A visitor is a thread that asks again as soon as it is answered. Both ways take turns.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import TYPE_CHECKING

import torch

from colorize import zoo
from colorize.bench.timing import in_turns
from colorize.look import Input
from colorize.web.pass_queue import PassQueue
from colorize.web.studio import Studio

if TYPE_CHECKING:
    from colorize.web.studio import Network

SIZE = 256, 320  # of what the network is shown


def add_arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 50])
    p.add_argument("--passes", type=int, default=100, help="of all visitors together, a turn")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--device", default="auto")


def main(args: argparse.Namespace) -> int:
    studio = Studio(args.device)
    print(studio.colorizer(zoo.DEFAULT).why)
    ways = {"at once": studio.run, "queued": PassQueue([studio.run])}
    for visitors in args.visitors:
        tasks = {
            name: lambda network=network: crowd(network, visitors, args.passes)  # noqa: B023
            for name, network in ways.items()
        }
        for name, times in in_turns(tasks, args.rounds).items():
            rates = sorted(args.passes / value for value in times)
            print(
                f"{visitors} visitors, {name}: {median(rates):.1f} passes/s "
                f"({rates[0]:.1f} to {rates[-1]:.1f})",
                flush=True,
            )
    return 0


def crowd(network: Network, visitors: int, passes: int) -> None:
    """So many passes, of so many who wait for theirs."""
    shown = Input(torch.rand(1, 1, *SIZE) * 100)
    with ThreadPoolExecutor(visitors) as threads:
        list(threads.map(lambda _: network(zoo.DEFAULT, shown), range(passes)))
