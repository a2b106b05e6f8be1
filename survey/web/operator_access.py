"""A secret that opens the operator's side, and a limit on how often an address may guess it.

    lock = OperatorLock(os.environ.get("SURVEY_SECRET", ""))
    lock.opens("guess", "192.0.2.7")   # False; True if it is right; TooSoon after ten wrong ones

The limit is an address's own: whoever guesses locks out nobody else. What protects the secret from
many addresses at once is its length: OperatorLock warns of one that is short.
"""

import hmac
import logging
import math
import time
from collections.abc import Callable

from survey.web.rate_limit import RateLimit

WRONG, WITHIN = 10, 600.0  # so many tries in so many seconds
SHORT = 16  # characters
log = logging.getLogger(__name__)


class TooSoon(Exception):
    """This address tried too often; nothing was compared."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Wrong too often: please wait {math.ceil(seconds)} s and try again.")


class OperatorLock:
    """Without a secret, nothing opens it."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = _bytes(secret)
        self._tries = RateLimit(WRONG, WITHIN, clock)
        if 0 < len(secret) < SHORT:
            log.warning(
                "SURVEY_SECRET has %s characters; give it %s or more, by chance: "
                'python -c "import secrets; print(secrets.token_urlsafe())"',
                *(len(secret), SHORT),
            )

    @property
    def can_open(self) -> bool:
        return bool(self._secret)

    def opens(self, tried: str, address: str = "") -> bool:
        """Is this the secret? Every try counts until the right one comes."""
        if seconds := self._tries.take(address):
            raise TooSoon(seconds)
        right = self.can_open and hmac.compare_digest(_bytes(tried), self._secret)
        if right:
            self._tries.forget(address)
        return right


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half a character is wrong, not an error
