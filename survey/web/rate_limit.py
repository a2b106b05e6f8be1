"""How often one address may do what costs others something: so many times within so many seconds.

    tries = RateLimit(10, seconds=600)
    tries.take("192.0.2.7")      # 0.0: go ahead; later the seconds to wait
    tries.forget("192.0.2.7")

Addresses are kept in memory alone, and no longer than they count. One household has a whole block
of IPv6 addresses, so a block counts as one.
"""

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable

BLOCK = 64  # bits that the addresses of one IPv6 household share
MOST_ADDRESSES = 100_000  # at once; beyond them, those seen first are forgotten


class RateLimit:
    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._taken: dict[str, deque[float]] = {}  # when, the newest last
        self._one_at_a_time = threading.Lock()

    def take(self, address: str) -> float:
        """Take one if one is left; otherwise nothing is taken, and it says how long to wait."""
        key = household(address)
        with self._one_at_a_time:
            now = self._clock()
            times = self._taken.pop(key, deque())
            while times and times[0] <= now - self._seconds:
                times.popleft()
            wait = times[0] + self._seconds - now if len(times) == self._most else 0.0
            if not wait:
                times.append(now)
            self._taken[key] = times  # last in the order, as the newest
            self._drop(now)
            return wait

    def forget(self, address: str) -> None:
        with self._one_at_a_time:
            self._taken.pop(household(address), None)

    def _drop(self, now: float) -> None:
        """Let go of addresses whose time is over or that are too many, longest unseen first."""
        while self._taken:
            oldest = next(iter(self._taken))
            over = self._taken[oldest][-1] <= now - self._seconds
            if not over and len(self._taken) <= MOST_ADDRESSES:
                return
            del self._taken[oldest]


def household(address: str) -> str:
    """An IPv4 address as it is, the block of an IPv6 address, anything else as it came."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return address
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), BLOCK), strict=False))


def is_public(address: str) -> bool:
    """Somebody's own address, and not that of a proxy or of this machine, which many share."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
