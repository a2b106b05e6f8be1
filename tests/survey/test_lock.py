"""The right secret opens, a wrong one costs time, and nothing opens a lock without a secret."""

import pytest

from survey.lock import LONGEST_PAUSE, Lock, TooSoon


def test_the_secret_opens(clock):
    assert Lock("sesame", clock).opens("sesame")


@pytest.mark.parametrize("tried", ["", "sesam", "sesame ", "SESAME", "séşame", "\ud800"])
def test_nothing_else_does(tried, clock):
    assert not Lock("sesame", clock).opens(tried)


def test_without_a_secret_nothing_opens(clock):
    lock = Lock("", clock)
    assert not lock.can_open
    assert not lock.opens("")


def test_pauses_grow_to_a_limit_and_hold_for_the_right_secret_too(clock):
    lock = Lock("sesame", clock)
    for pause in (1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE):
        assert not lock.opens("guess")
        clock.pass_(pause - 0.5)
        with pytest.raises(TooSoon, match="wait 1 s"):
            lock.opens("sesame")
        clock.pass_(0.5)
    assert lock.opens("sesame")


def test_the_right_secret_ends_the_pauses(clock):
    lock = Lock("sesame", clock)
    for _ in range(3):
        lock.opens("guess")
        clock.pass_(60)
    assert lock.opens("sesame")
    assert lock.opens("sesame")
    assert not lock.opens("guess")
    clock.pass_(1)
    assert lock.opens("sesame")
