"""A secret that opens the operator's side, and a pause after each wrong try.

    lock = Lock(os.environ.get("SURVEY_SECRET", ""))
    lock.opens("guess")         # False; then True for the right one; TooSoon in between

After one wrong try the next counts a second later, then two, four, up to a minute. The pause holds
for everybody, since we know nobody's address; the right secret ends it.
"""

import hmac
import math
import threading
import time
from collections.abc import Callable

LONGEST_PAUSE = 60.0  # seconds


class TooSoon(Exception):
    """The pause is not over; nothing was compared."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Wrong a moment ago: please wait {math.ceil(seconds)} s and try again.")


class Lock:
    """Without a secret, nothing opens it."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = _bytes(secret)
        self._clock = clock
        self._wrong = 0
        self._closed_until = -math.inf
        self._one_at_a_time = threading.Lock()

    @property
    def can_open(self) -> bool:
        return bool(self._secret)

    def opens(self, tried: str) -> bool:
        """Is this the secret? A wrong one makes the next try wait."""
        with self._one_at_a_time:
            now = self._clock()
            if now < self._closed_until:
                raise TooSoon(self._closed_until - now)
            right = self.can_open and hmac.compare_digest(_bytes(tried), self._secret)
            self._wrong = 0 if right else self._wrong + 1
            pause = 0.0 if right else min(2.0 ** (self._wrong - 1), LONGEST_PAUSE)
            self._closed_until = now + pause
            return right


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half a character is wrong, not an error
