"""Checkpoints: everything a run needs to go on as if it had never stopped.

    python -m train fit classification --data CACHE --output RUN --resume

RUN/state.pt holds weights, their average, optimizer, step and random state; it is replaced in one
rename, so that a run killed at any moment leaves a whole one. RUN/best.safetensors (+ .json) is the
model to use: the averaged weights of the best validation so far.
"""

import errno
import os
from pathlib import Path

import torch

STATE = "state.pt"


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or used; the text is a sentence for people."""


def write(run: Path, state: dict) -> None:
    """Replace RUN/state.pt by `state` (and the random state of torch) in one step."""
    part = run / (STATE + ".part")
    state = {**state, "random": torch.get_rng_state()}
    try:
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(run / STATE)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise CheckpointError(
            f"The checkpoint {run / STATE} cannot be written ({_reason(error)}). The one before it "
            "is kept; free some space and continue with --resume."
        ) from error


def read(run: Path, recipe: dict) -> dict:
    """The state of a run, if it is of this recipe."""
    path = run / STATE
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"There is no checkpoint {path} to resume from. Leave out --resume to start anew."
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint {path} is damaged ({_reason(error)}). Start anew in another folder."
        ) from error
    changed = sorted(
        name
        for name in recipe.keys() & state["recipe"].keys()
        if recipe[name] != state["recipe"][name] and name not in ("steps", "sentence")
    )
    if changed:
        before, now = state["recipe"][changed[0]], recipe[changed[0]]
        raise CheckpointError(
            f"{path} was trained with {changed[0]} {before!r}, not {now!r}. Resume with the same "
            "settings, or train into another folder."
        )
    return state


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
