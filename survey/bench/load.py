"""Participants who answer without pause: the load of a bench.

Each one is a thread that enrols, answers every trial as soon as it may, and begins anew.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from survey.protocol import StudyProtocol

TIMING = {
    "response_ms": 0.0,
    "exposure_ms": None,
    "dropped_frames": 0,
    "blurs": 0,
    "hidden": 0,
    "screen_width": 1440,
    "screen_height": 900,
    "pixel_ratio": 2.0,
    "refresh_hz": 60.0,
}
Acknowledged = Callable[[str, int, str], None]  # token, position, answer


@dataclass
class Load:
    """What a load did: seconds from each vote to its acknowledgement, and what went wrong."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)


def load(
    survey: StudyProtocol,
    participants: int,
    seconds: float,
    tokens: tuple[str, ...] = (),
    acknowledged: Acknowledged = lambda token, position, answer: None,
) -> Load:
    """Let so many people at once take part for so long; those with tokens go on where they were."""
    started = time.perf_counter()
    done = Load(seconds)

    def person(token: str | None) -> None:
        latencies: list[float] = []
        try:
            while time.perf_counter() < started + seconds:
                _take_part(survey, token, started + seconds, latencies, acknowledged)
                token = None
        except Exception as error:  # counted: a bench that hides errors measures nothing
            done.errors.append(error)
        done.latencies += latencies

    known = [*tokens, *[None] * participants][:participants]
    threads = [threading.Thread(target=person, args=(token,)) for token in known]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.seconds = time.perf_counter() - started
    return done


def _take_part(
    survey: StudyProtocol,
    token: str | None,
    until: float,
    latencies: list[float],
    acknowledged: Acknowledged,
) -> None:
    token = token or survey.begin(True)
    if survey.stage(token) == "colour_vision":
        survey.colour_vision(token, "normal")
    trial = survey.next_trial(token)
    while trial and time.perf_counter() < until:
        survey.shown(token, trial.nonce)
        before = 0 if trial.kind == "practice" else survey.study.practice
        answer = trial.answers[trial.number % 2]
        asked = time.perf_counter()
        ack = survey.vote(token, trial.nonce, answer, TIMING)
        latencies.append(time.perf_counter() - asked)
        acknowledged(token, before + trial.number - 1, answer)
        trial = ack.next
