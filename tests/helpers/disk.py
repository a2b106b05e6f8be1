"""Disks that a test can fill: a small file system of its own, or a limit on what a process writes.

with Disk("/tmp/small", size=8 << 20) as disk:      # needs the right to mount
    disk.fill(leave=3)                              # pages
    disk.free()
"""

import os
import shutil
import subprocess
from pathlib import Path

PAGE = 4096  # bytes that a tmpfs gives at a time


class NoMount(OSError):
    """This user may not mount a file system here."""


class Disk:
    """A tmpfs on a folder that is made for it."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self._filler = Path(path), Path(path) / "filler"
        self.path.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
        may = os.name == "posix" and not os.geteuid() and shutil.which("mount")
        if not may or subprocess.run(mount, check=False, capture_output=True).returncode:
            raise NoMount("only root may mount a small file system here")

    def __enter__(self) -> "Disk":
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def fill(self, leave: int = 0) -> None:
        """Leave so many pages free."""
        left = shutil.disk_usage(self.path).free // PAGE - leave
        with self._filler.open("ab") as filler:
            filler.write(bytes(max(0, left) * PAGE))

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    def read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)
