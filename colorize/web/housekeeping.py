"""Memory that was freed, given back to the computer.

    give_back()

Colouring large photos in changing threads leaves holes in glibc's heaps, which it keeps: hundreds
of megabytes after some dozens of photos. Elsewhere there is nothing to do.
"""

import ctypes
import sys


def give_back() -> None:
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim:
            trim(0)
