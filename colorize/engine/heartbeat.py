"""A cluster that goes away is noticed: Ray itself waits a minute for it, then ends the program.

python -m colorize archive/ --output colour/ --engine ray --address 10.0.0.1:6379
"""

import socket
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

BEAT_S = 1.0  # without an answer, before the head is looked for
PATIENCE_S = 5.0  # a head may be busy, and a network stumble
Answer = TypeVar("Answer")


class GoneError(Exception):
    """Nobody is at the address any more."""


def while_there(
    answers: Iterator[Answer], address: str, patience: float = PATIENCE_S
) -> Iterator[Answer]:
    """The answers, fetched by a thread: it alone waits for ever if their cluster goes away."""
    coming: SimpleQueue[tuple[Answer] | BaseException] = SimpleQueue()
    Thread(target=fetch, args=(answers, coming), daemon=True).start()
    watched = is_there(address)  # some clusters show no more than a client's port
    seen = time.monotonic()
    while True:
        try:
            came = coming.get(timeout=BEAT_S)
        except Empty:
            if not watched or is_there(address):
                seen = time.monotonic()
            elif time.monotonic() - seen > patience:
                raise GoneError(f"nobody answers at {address}") from None
            continue
        if isinstance(came, StopIteration):
            return
        if isinstance(came, BaseException):
            raise came
        seen = time.monotonic()
        yield came[0]


def fetch(answers: Iterator[Answer], to: "SimpleQueue[tuple[Answer] | BaseException]") -> None:
    """Every answer in a tuple of its own, and at last what ended them."""
    try:
        for answer in answers:
            to.put((answer,))
        to.put(StopIteration())
    except BaseException as error:
        to.put(error)


def is_there(address: str) -> bool:
    """Does anybody take a call at host:port?"""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=BEAT_S).close()
    except (OSError, ValueError):
        return False
    return True
