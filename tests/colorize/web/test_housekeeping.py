"""Freed memory really goes; and what is wanted at the start is done, whatever else fails."""

import sys
from pathlib import Path

import numpy as np
import pytest

from colorize.web.housekeeping import trim_memory, warm_up


def resident() -> int:
    """Megabytes."""
    fields = Path("/proc/self/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) // 1024


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps holes; others do not")
def test_holes_between_what_is_kept_are_given_back():
    """Small blocks, every fiftieth of them kept: the heap cannot shrink, but its holes can."""
    blocks = [np.ones(64 << 10, np.uint8) for _ in range(3200)]  # 200 MB
    kept = blocks[::50]
    del blocks
    before = resident()
    trim_memory()
    assert resident() < before - 100
    assert all(block.all() for block in kept)


class FullDisk:
    """A studio whose photo cannot be kept."""

    def warm_up(self, path: str) -> None:
        raise OSError("no space left")


def test_a_model_that_cannot_be_warmed_up_keeps_nothing_else_waiting(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    begun = []
    warm_up(FullDisk(), lambda: begun.append("study"), lambda: begun.append("more"))
    assert begun == ["study", "more"]
    assert capsys.readouterr().out == "no space left\n"
