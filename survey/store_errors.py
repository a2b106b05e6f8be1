"""What a database or its disk complains of, as a sentence with a remedy.

python -c "from survey.store_errors import explained; print(explained(OSError(28, 'full'), 'x'))"
"""

import errno
import sqlite3
from pathlib import Path

from colorize.files import NO_SPACE

CODE = 0xFF  # the part of SQLite's code that names the kind of error
HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
FULL = {sqlite3.SQLITE_FULL}
BARRED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
SPOILED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}


class StoreError(ValueError):
    """Votes that cannot be kept or read; the text says why and what to do."""


def explained(error: Exception, path: str | Path) -> str:
    """The sentence for whoever runs the study; `path` is its database."""
    path = Path(path)
    code = getattr(error, "sqlite_errorcode", 0) & CODE
    number = getattr(error, "errno", None)
    if code in SPOILED:
        return damaged(path, error)
    if code in HELD:
        remedy = "Another program holds it: end that one, and the study goes on by itself."
    elif code in FULL or number in NO_SPACE:
        remedy = f"Make room on the disk of {path.parent}, and the study goes on by itself."
    elif code in BARRED or number in NO_RIGHT:
        remedy = f"Give this user the right to write in {path.parent}, or name another --data."
    else:
        remedy = f"Look after the disk of {path.parent}; what was acknowledged is in its mirror."
    return f"{path} cannot be used ({error}). {remedy}"


def damaged(path: Path, verdict: object) -> str:
    return (
        f"{path} is damaged ({verdict}). Move it away: at the next visit it is made again from the "
        f"mirror in {path.parent}, or make it by `python -m survey restore`."
    )
