"""Answers come as long as somebody is there, and an end is told; sockets are real."""

import socket
import threading
from collections.abc import Iterator

import pytest

from colorize.engine import heartbeat
from colorize.engine.heartbeat import GoneError, is_there, while_there


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.05)


@pytest.fixture
def head() -> Iterator[socket.socket]:
    """Somebody who takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address_of(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1]}"


def test_answers_come_in_order_and_end(head):
    assert list(while_there(iter(range(5)), address_of(head))) == [0, 1, 2, 3, 4]


def test_an_error_among_the_answers_is_raised_where_they_are_read(head):
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    found = while_there(broken(), address_of(head))
    assert next(found) == 1
    with pytest.raises(ValueError, match="no more"):
        next(found)


def test_a_head_that_goes_away_ends_the_waiting_after_what_had_come(head):
    stuck = threading.Event()

    def answers() -> Iterator[int]:
        yield 1
        stuck.wait()

    address = address_of(head)
    found = while_there(answers(), address, patience=0.2)
    assert next(found) == 1
    head.close()
    with pytest.raises(GoneError, match=f"nobody answers at {address}"):
        next(found)
    stuck.set()


def test_a_slow_answer_of_a_head_that_is_there_is_waited_for(head):
    looked = threading.Semaphore(0)

    def slow() -> Iterator[int]:
        for _ in range(3):  # calls that were taken while we think
            connection, _ = head.accept()
            connection.close()
            looked.release()
        yield 1

    assert list(while_there(slow(), address_of(head), patience=0.0)) == [1]
    assert all(looked.acquire(blocking=False) for _ in range(3))


def test_a_cluster_that_hides_its_head_is_not_taken_for_gone(head):
    address, go = address_of(head), threading.Event()
    head.close()

    def slow() -> Iterator[int]:
        go.wait(0.5)
        yield 1

    assert not is_there(address)
    assert list(while_there(slow(), address, patience=0.0)) == [1]


@pytest.mark.parametrize("address", ["nowhere", "", "127.0.0.1:port"])
def test_what_is_no_address_has_nobody(address):
    assert not is_there(address)
