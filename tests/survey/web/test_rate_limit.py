"""So many for each address within a time, and no memory of those whose time is over."""

import threading

import pytest

from survey.web import rate_limit
from survey.web.rate_limit import RateLimit, household, is_public


def test_so_many_then_a_wait_then_more(clock):
    tries = RateLimit(3, 60, clock)
    for _ in range(3):
        assert tries.take("1.2.3.4") == 0
        clock.pass_(10)
    assert tries.take("1.2.3.4") == tries.take("1.2.3.4") == 30  # asking costs nothing
    clock.pass_(30)
    assert tries.take("1.2.3.4") == 0
    assert tries.take("1.2.3.4") == 10


def test_addresses_have_their_own_and_a_forgotten_one_begins_anew(clock):
    tries = RateLimit(1, 60, clock)
    tries.take("1.2.3.4")
    assert tries.take("1.2.3.5") == 0
    assert tries.take("1.2.3.4") == 60
    tries.forget("1.2.3.4")
    assert tries.take("1.2.3.4") == 0


def test_at_once_is_no_way_around(clock):
    tries, granted = RateLimit(10, 60, clock), []
    threads = [
        threading.Thread(target=lambda: granted.append(tries.take("1.2.3.4") == 0))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 10


def test_addresses_are_not_kept(clock, monkeypatch):
    monkeypatch.setattr(rate_limit, "MOST_ADDRESSES", 5)
    tries = RateLimit(1, 60, clock)
    for last in range(9):
        tries.take(f"1.2.3.{last}")
    assert len(tries._taken) == 5
    clock.pass_(61)
    tries.take("1.2.3.200")
    assert set(tries._taken) == {"1.2.3.200"}


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("2a00:1:2:3:4:5:6:7", "2a00:1:2:3::/64"),
        ("2a00:1:2:3:ffff::1", "2a00:1:2:3::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_household_is_one_address(address, counts_as):
    assert household(address) == counts_as


@pytest.mark.parametrize("address", ["127.0.0.1", "10.16.3.80", "192.168.1.5", "::1", "", "x"])
def test_proxies_and_this_machine_are_nobody(address):
    assert not is_public(address)
    assert is_public("1.2.3.4") and is_public("2a00:1450::1")
