"""What a visitor is told when something goes wrong; the next one must not notice.

python -c "from colorize.web.error_messages import apology; \
print(apology(OSError(28, 'No space left')))"
"""

import logging

from colorize.files import NO_SPACE

NO_ROOM = "There is no room for files on this computer at the moment. Please try again later."
SORRY = "This did not work, and it is not your fault. Please try again, or take another model."
log = logging.getLogger(__name__)


def apology(error: Exception) -> str:
    """Our own errors are sentences already; of others the log tells more."""
    if isinstance(error, ValueError):  # PhotoError, ModelError, values out of range
        return str(error)
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        log.error("%s", error)
        return NO_ROOM
    log.error("A visitor's photo failed.", exc_info=error)
    return SORRY
