"""What the running app needs beside its pages: handles, a warm model, room on the disk, memory.

    python app.py

Importing this brings no gradio: the handles are taken before the app loads it.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from colorize.samples import samples
from colorize.web.temporary_files import tidy

if TYPE_CHECKING:
    from colorize.web.studio import Studio

HOUR, LOOK = 3600, 20  # seconds; how often to look after temporary files
HANDLES = 10_240  # as many as every system gives that allows more than its first few


def raise_file_limit() -> None:
    """Each visitor's connection is a file handle; systems begin with few, and allow more."""
    if os.name == "posix":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wish = HANDLES if hard == resource.RLIM_INFINITY else min(HANDLES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wish), hard))


def warm_up(studio: Studio, *more: Callable[[], object]) -> None:
    """Show the default model the first sample while the first visitor arrives; then do the rest."""
    from colorize.web.handlers import (
        cached_copy,
    )  # brings gradio, which the app loads in its own time

    try:
        studio.warm_up(cached_copy(samples()[0].path))
    except OSError as error:  # of a full disk a visitor is told as well; here it must not end all
        print(error, flush=True)
    for begin in more:
        begin()


def keep_tidy(studio: Studio) -> None:
    """Let go of old photos: on the disk as soon as they are too many or too old, in memory every
    hour."""
    for seconds in itertools.count(LOOK, LOOK):
        tidy(os.environ["GRADIO_TEMP_DIR"])
        trim_memory()
        time.sleep(LOOK)
        if seconds % HOUR == 0:
            studio.forget()


def trim_memory() -> None:
    """Memory that was freed, given back to the computer.

    Colouring large photos in changing threads leaves holes in glibc's heaps, which it keeps:
    hundreds of megabytes after some dozens of photos. Elsewhere there is nothing to do.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim:
            trim(0)
