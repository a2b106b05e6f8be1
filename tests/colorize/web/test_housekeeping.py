"""Freed memory really goes."""

import sys
from pathlib import Path

import numpy as np
import pytest

from colorize.web.housekeeping import trim_memory


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
