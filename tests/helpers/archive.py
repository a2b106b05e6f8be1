"""An archive for tests: many tiny photos, some of them broken, and the command on it as a process.

photos = album(tmp_path / "scans", count=2000, broken=20)
run = Command(photos, "--output", tmp_path / "out", "--engine", "ray")
"""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.helpers.photos import speckled

KINDS = 19  # different photos; the others are copies
ROOT = Path(__file__).parents[2]


def album(folder: Path, count: int, broken: int = 0) -> Path:
    """00000.png, 00001.png, ... in a folder; every (count / broken)-th is no image."""
    folder.mkdir(parents=True)
    contents = []
    for seed in range(min(KINDS, count)):
        file = io.BytesIO()
        Image.fromarray(speckled(32, 32, seed)).save(file, "PNG")
        contents.append(file.getvalue())
    for number in range(count):
        bad = broken and number % (count // broken) == 1
        data = b"\x89PNG broken" if bad else contents[number % KINDS]
        (folder / f"{number:05}.png").write_bytes(data)
    return folder


def results(folder: Path) -> dict[str, str]:
    """Name -> hash of every result in a folder; the log and halves are none."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.png"))
    }


class Command:
    """`python -m colorize` with --json in a process of its own, to be watched and killed."""

    def __init__(self, *words: object, **environment: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "colorize", *map(str, words), "--json"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        )

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def rows(self) -> Iterator[dict]:
        """As they are printed, until the process ends."""
        assert self.process.stdout
        for line in self.process.stdout:
            yield json.loads(line)

    def finish(self) -> tuple[int, list[dict], str]:
        """(exit code, all rows that are left, what was said on stderr)."""
        out, err = self.process.communicate()
        return self.process.returncode, [json.loads(line) for line in out.splitlines()], err


def workers_of(process: subprocess.Popen, words: bytes) -> list[int]:
    """Ids of the processes beneath one, whose command line has these words."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:  # it has just ended
            continue

    def beneath(pid: int) -> bool:
        return pid == process.pid or (pid in parents and beneath(parents[pid]))

    def said(pid: int) -> bytes:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""

    return [pid for pid in parents if pid != process.pid and beneath(pid) and words in said(pid)]
