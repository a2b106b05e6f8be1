"""Checkpoints: everything a run needs to go on as if it had never stopped.

    python -m train fit classification --data CACHE --output RUN --resume

RUN/state.pt holds weights, their average, optimizer and step; it is replaced in one rename, so
that a run killed at any moment leaves a whole one. RUN/best.safetensors (+ .json) is the model to
use: the averaged weights of the best validation so far.
"""

import copy
import os
import pickle
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from colorize.files import NO_SPACE
from colorize.model import Model

STATE = "state.pt"
FREE = {"sentence", "steps", "rate", "warmup", "cosine", "clip", "pad", "held"}  # may change


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or used; the text is a sentence for people."""


def write_state(run: Path, state: dict[str, Any]) -> None:
    """Replace RUN/state.pt by `state` in one step."""
    part = run / (STATE + ".part")
    with explain_write_errors(run / STATE):
        try:
            with part.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(run / STATE)
        finally:
            part.unlink(missing_ok=True)


def export_model(run: Path, model: Model, about: dict[str, Any]) -> None:
    """RUN/best.safetensors and RUN/best.json, with the origin of the model."""
    described = copy.copy(model)
    described.config = replace(model.config, about=about)
    with explain_write_errors(run / "best.safetensors"):
        described.save(run / "best")


def refuse_existing(run: Path) -> None:
    """A new run does not write over another."""
    if (run / STATE).exists():
        raise CheckpointError(
            f"{run} already holds a run. Go on with it by --resume, or choose another --output."
        )


def read_state(run: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """The state of a run, if it is of this recipe (its fields as a dict)."""
    path = run / STATE
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"There is no checkpoint {path} to resume from. Leave out --resume to start anew."
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"The checkpoint {path} is damaged ({_reason(error)}). Start anew in another folder."
        ) from error
    before = state["recipe"]
    for name in recipe:
        if name in before and name not in FREE and recipe[name] != before[name]:
            raise CheckpointError(
                f"{path} was trained with {name} {before[name]!r}, not {recipe[name]!r}. Resume "
                "with the same settings, or train into another folder."
            )
    return state


def code_version() -> str:
    """The commit of this program, "+" if it was changed since; "unknown" outside a checkout."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        answer = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return answer.stdout.strip() or "unknown"


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """What goes wrong while `path` is replaced, as a sentence."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} cannot be written ({_reason(error)}). The one before it is kept; free some "
            "space and continue with --resume."
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return "the disk is full"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
