"""The right secret opens, wrong ones run out, and nothing opens a lock without a secret."""

import pytest

from survey.web.operator_access import SHORT, WITHIN, WRONG, OperatorLock, TooSoon

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def lock(clock) -> OperatorLock:
    return OperatorLock("sesame", clock)


def exhaust(lock: OperatorLock, address: str) -> None:
    for _ in range(WRONG):
        assert not lock.opens("guess", address)


def test_the_secret_opens(lock):
    assert lock.opens("sesame")


@pytest.mark.parametrize("tried", ["", "sesam", "sesame ", "SESAME", "séşame", "\ud800"])
def test_nothing_else_does(tried, lock):
    assert not lock.opens(tried)


def test_without_a_secret_nothing_opens(clock):
    lock = OperatorLock("", clock)
    assert not lock.can_open
    assert not lock.opens("")


def test_wrong_ones_run_out_and_then_the_right_one_waits_too(lock, clock):
    exhaust(lock, HERE)
    clock.pass_(WITHIN - 1)
    with pytest.raises(TooSoon, match="wait 1 s"):
        lock.opens("sesame", HERE)
    clock.pass_(1)
    assert lock.opens("sesame", HERE)


def test_who_guesses_locks_out_nobody_else(lock):
    exhaust(lock, HERE)
    assert lock.opens("sesame", THERE)
    with pytest.raises(TooSoon):
        lock.opens("sesame", HERE)


def test_the_right_secret_makes_the_wrong_ones_forgotten(lock):
    for _ in range(3):
        for _ in range(WRONG - 1):
            lock.opens("guess", HERE)
        assert lock.opens("sesame", HERE)


def test_a_short_secret_is_warned_of(caplog):
    OperatorLock("")
    OperatorLock("s" * SHORT)
    assert caplog.records == []
    OperatorLock("sesame")
    assert "has 6 characters" in caplog.text
    assert "sesame" not in caplog.text
