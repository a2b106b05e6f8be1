"""The clock of a run: how far it is, when it is done, and the learning rate that follows from it.

python -c "from train.catalogue import *; from train.schedule import *; print(Clock(ZHANG).rate())"
"""

import math
import time
from collections.abc import Callable

import torch
from torch import nn

from train.recipe import Recipe

ENCODER = ".mobile."  # in the names of weights that were learned elsewhere


class Clock:
    """Counts steps and seconds; a run ends after the recipe's steps or after `minutes`."""

    def __init__(self, recipe: Recipe, minutes: float | None = None) -> None:
        self.recipe, self.minutes = recipe, minutes
        self.step = 0
        self.seconds = 0.0  # as of the last step, in the words of the first process
        self.started = time.monotonic()

    def read(self) -> float:
        """Seconds of this run until now, those before it was resumed included."""
        return time.monotonic() - self.started

    def set(self, step: int, seconds: float) -> None:
        """Go on from a checkpoint."""
        self.step, self.seconds = step, seconds
        self.started = time.monotonic() - seconds

    def share(self) -> float:
        """How much of the run is over, 0..1."""
        if self.minutes is not None:
            return min(1.0, self.seconds / (60 * self.minutes))
        return min(1.0, self.step / self.recipe.steps)

    def done(self) -> bool:
        return self.share() >= 1

    def left(self) -> float:
        """Seconds to go, at the pace so far."""
        share = self.share()
        return self.seconds * (1 - share) / share if share else math.inf

    def rate(self) -> float:
        """The learning rate: a linear warm-up by steps, then half a cosine down to 1 %."""
        warm = min(1.0, (self.step + 1) / max(1, self.recipe.warmup))
        wave = (1 + math.cos(math.pi * self.share())) / 2 if self.recipe.cosine else 1.0
        return self.recipe.rate * warm * (0.01 + 0.99 * wave)


def make_optimizer(recipe: Recipe, module: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimizer; only matrices and kernels decay, not biases and norms.

    Each group's `share` is that of the rate which its weights learn at: less for an encoder that
    has learned already.
    """
    named = list(module.named_parameters())
    groups = [
        {
            "params": [
                p for name, p in named if (p.ndim > 1, ENCODER in name) == (kernel, learned)
            ],
            "weight_decay": recipe.decay if kernel else 0.0,
            "share": recipe.encoder_rate if learned else 1.0,
        }
        for learned in (False, True)
        for kernel in (True, False)
    ]
    groups = [group for group in groups if group["params"]]
    kinds: dict[str, Callable[[], torch.optim.Optimizer]] = {
        "adamw": lambda: torch.optim.AdamW(groups, recipe.rate, betas=(0.9, 0.98), fused=True),
        "adam": lambda: torch.optim.Adam(groups, recipe.rate, fused=True),
        "adamax": lambda: torch.optim.Adamax(groups, recipe.rate),
        "rmsprop": lambda: torch.optim.RMSprop(groups, recipe.rate),
        "adadelta": lambda: torch.optim.Adadelta(groups, recipe.rate),
    }
    return kinds[recipe.optimizer]()
