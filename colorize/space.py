"""Whether this runs on a Hugging Face Space whose GPU is lent (ZeroGPU), and whether it can there.

    python -c "from colorize.space import gpu_is_lent; print(gpu_is_lent())"

Importing this brings no torch: on such a Space `spaces` comes before it.
"""

import os
import sys
from importlib.metadata import version

PYTHONS = ("3.10", "3.12")  # what ZeroGPU accepts, by its documents of August 2026
TORCHES = ("2.8", "2.9", "2.10", "2.11")


def gpu_is_lent() -> bool:
    """Is there a GPU that only lent calls reach? (`spaces` reads the variable like this.)"""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def misfit(python: str | None = None, torch: str | None = None) -> str:
    """Why ZeroGPU will not take these versions, the installed ones if None; '' if it will."""
    python = python or ".".join(map(str, sys.version_info[:2]))
    torch = torch or version("torch")
    if ".".join(python.split(".")[:2]) in PYTHONS and ".".join(torch.split(".")[:2]) in TORCHES:
        return ""
    return (
        f"This is Python {python} with torch {torch}, and ZeroGPU lends its GPU to Python "
        f"{' or '.join(PYTHONS)} with torch {TORCHES[0]} to {TORCHES[-1]} only. Set python_version "
        "in the head of README.md and the bound of torch in requirements.txt accordingly."
    )
