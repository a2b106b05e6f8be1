"""Names and writes that cannot do harm.

python -c "from colorize.files import bare_name; print(bare_name('../../etc/pass\\nwd.jpg'))"
"""

import errno
import os
import re
import secrets
import unicodedata
from pathlib import Path, PurePath

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}  # what a full disk says
MARK = "-colorized"  # in the names of results, where the photo's own will not do
MAX_NAME_BYTES = 150  # file systems hold 255; a result's name is often this and some words more


def bare_name(name: str) -> str:
    """The last part of a path, safe to show and to save under; "" where nothing is left.

    Control characters, and those that turn the direction of writing or cannot be seen, are gone;
    what some file system forbids is an underscore; long names keep their beginning and suffix.
    """
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    clean = re.sub(r'[<>:"|?*]', "_", " ".join(seen.split())).strip(" .")
    if len(clean.encode()) <= MAX_NAME_BYTES:
        return clean
    suffix = PurePath(clean).suffix
    suffix = suffix if len(suffix.encode()) <= 10 else ""
    stem = clean.encode()[: MAX_NAME_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore").strip(" .") + suffix


def same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one file, through whatever links."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def write_whole(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all: nobody meets half of it, whatever goes wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
