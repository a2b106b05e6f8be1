"""Throw-away participants, guessed tokens and guessed secrets, against the app as it is served.

    python -m tests.stress attack --participants 1000

Prints what an attacker learned of the answers, by what, and from how many participants; and how
fast keys can be tried.
"""

import argparse
import json
import math
import secrets
import tempfile
import time
from pathlib import Path

from tests.stress.inference_attacks import (
    TRIED,
    beside_the_pixels,
    by_recurrence,
    by_scores,
    by_the_code,
    real_ones,
)
from tests.stress.raw_client import RawClient
from tests.stress.scraping import noise_study, scrape
from tests.stress.serving import Server

AFTER = (1, 2, 5, 10, 20, 50, 100, 200, 500, 900)  # participants
TOKEN_BITS = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--participants", type=int, default=1000)
    parser.add_argument("--guesses", type=int, default=500, help="of tokens, and of secrets")
    parser.add_argument("--json", action="store_true")


def main(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as place:
        found = attack(Path(place), args.participants, args.guesses)
    print(json.dumps(found) if args.json else describe(found))
    return int(not found["at_chance"] or found["tokens_found"] > 0 or found["secrets_found"] > 0)


def attack(place: Path, participants: int, guesses: int) -> dict:
    seed = secrets.randbits(53)
    study = noise_study(place, seed)
    with Server(place, place / "study", SURVEY_SECRET=secrets.token_urlsafe()) as server:
        one = RawClient(server.url, Connection="keep-alive")
        started = time.perf_counter()
        seen = scrape(one.ask, participants)
        took = time.perf_counter() - started
        truths = real_ones(server.data / "votes.db")
        tokens = guess(lambda: "reply" in one.ask("stage", token=secrets.token_hex(16)), guesses)
        far = RawClient(server.url, "1.2.3.4", Connection="keep-alive")
        tried = guess(lambda: "reply" in far.open(secrets.token_urlsafe()), guesses)
        one.close()
        far.close()
    right, of = beside_the_pixels(seen, truths)
    return {
        "participants": participants,
        "trials": sum(map(len, seen.trials)),
        "seconds": took,
        "beside_the_pixels": [right, of],
        "at_chance": abs(right / of - 0.5) < 3.3 * 0.5 / math.sqrt(of),  # one chance in a thousand
        "by_recurrence": learned(by_recurrence, seen, truths),
        "by_scores": learned(by_scores, seen, truths),
        "by_the_code": by_the_code(seen, truths, study, range(1000)),
        "by_the_code_and_the_seed": by_the_code(seen, truths, study, range(seed, seed + 1)),
        "tokens_found": tokens[0],
        "tokens_per_second": tokens[1],
        "secrets_found": tried[0],
        "secrets_per_second": tried[1],
    }


def learned(by, seen, truths) -> dict[int, float]:
    people = len(seen.trials)
    steps = [n for n in AFTER if n <= people - min(TRIED, people // 2)]
    return {n: by(seen, truths, n) for n in steps}


def guess(attempt, times: int) -> tuple[int, float]:
    """How many of so many attempts succeed, and attempts a second."""
    started = time.perf_counter()
    found = sum(attempt() for _ in range(times))
    return found, times / (time.perf_counter() - started)


def describe(found: dict) -> str:
    right, of = found["beside_the_pixels"]
    low, high = (100 * (right / of + side * 1.96 * 0.5 / math.sqrt(of)) for side in (-1, 1))
    years = 2.0**TOKEN_BITS / 2 / found["tokens_per_second"] / 3.156e7
    lines = [
        f"{found['participants']} participants, {found['trials']} trials, {found['seconds']:.0f} s",
        f"by all but the pixels: {100 * right / of:.1f} % of {of} ({low:.1f} to {high:.1f})",
        f"by the code, with 1,000 seeds: {100 * found['by_the_code']:.0f} %; "
        f"with the right one: {100 * found['by_the_code_and_the_seed']:.0f} %",
        "participants   by recurrence   by scores",
    ]
    for n, share in found["by_recurrence"].items():
        lines.append(f"{n:12}   {100 * share:11.1f} %   {100 * found['by_scores'][n]:7.1f} %")
    lines += [
        f"tokens: {found['tokens_found']} found, {found['tokens_per_second']:.0f} tried a second, "
        f"so {years:.0e} years for half of 2^{TOKEN_BITS}",
        f"secrets: {found['secrets_found']} found, {found['secrets_per_second']:.0f} a second, "
        "of which ten count in ten minutes",
    ]
    return "\n".join(lines)
