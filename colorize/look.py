"""What a model thinks of one photo: rendered with any settings, and asked what it believed.

    from colorize import Colorizer
    Colorizer.load("rebalanced").look("old.jpg").render(saturation=1.2).save("new.png")

A network looks once, at a small `Input`; sliders, hints and charts then work on the `Look`, whose
answer it keeps, on the CPU.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from torch import Tensor

from colorize.agreement import decode_in_agreement
from colorize.hints.hint import Hint
from colorize.hints.reference import Borrowed, Reference, borrow, with_borrowed
from colorize.hints.spot import hold
from colorize.hints.steer import steer
from colorize.model import Model
from colorize.paint import Painter
from colorize.photo import Photo, save_photo
from colorize.settings import DEFAULTS, Changes, Settings
from colorize.upsample import fit_lines


@dataclass(frozen=True, eq=False)
class Input:
    """What a network is shown of N photos of one small size, on the CPU."""

    lightness: Tensor  # (N, 1, h, w) float32 in 0..100

    @classmethod
    def batch(cls, some: Sequence["Input"]) -> "Input":
        return cls(torch.cat([one.lightness for one in some]))

    def halves(self) -> tuple["Input", "Input"]:
        middle = len(self.lightness) // 2
        return Input(self.lightness[:middle]), Input(self.lightness[middle:])


@dataclass(frozen=True)
class Colored:
    """A photo in colour, and what it took."""

    photo: Photo
    ab: Tensor  # (2, h, w): the small colours it was painted from
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def pixels(self) -> np.ndarray:
        return self.photo.pixels

    def save(self, path: str | Path) -> Path:
        return save_photo(self.photo, path)


@dataclass(frozen=True)
class Look:
    """What a model thinks of one photo; rendering it again costs no network pass."""

    photo: Photo  # as it came, in its own colours
    model: Model
    painter: Painter
    shown: Input  # of this photo alone
    output: Tensor  # (1, C, h', w') float32 on the CPU
    seconds: dict[str, float]
    reference: Callable[[str], Reference]  # how the model sees a reference photo
    _own: dict[float | None, Tensor] = field(init=False, default_factory=dict, repr=False)

    def own(self, temperature: float | None = None) -> Tensor:
        """(1, 2, h', w'): the model's own small colours, decoded once for each temperature."""
        if temperature not in self._own:
            self._own[temperature] = decode_in_agreement(
                self.model, self.output, self.shown.lightness, temperature
            )
        return self._own[temperature]

    def ab(self, temperature: float | None = None, hints: Sequence[Hint] = ()) -> Tensor:
        """(2, h', w'): the small colours at a temperature (the model's own if None)."""
        light, own = self.shown.lightness, self.own(temperature)
        return steer(self.model, self.output, light, [hints], temperature, own)[0]

    def render(self, settings: Settings = DEFAULTS, **changes: Unpack[Changes]) -> Colored:
        """Paint the photo. For a smaller one: replace(look, photo=smaller).render()."""
        settings = replace(settings, **changes)
        started = time.perf_counter()
        hints, light = self.hints(settings), self.shown.lightness
        ab = self.ab(settings.temperature, hints)
        lines = fit_lines(light, ab[None])
        if hints:
            lines = hold(lines, fit_lines(light, self.own(settings.temperature)), light, hints)
        painted = self.painter.paint(self.photo.pixels, lines, settings.saturation)
        seconds = {**self.seconds, "colour": time.perf_counter() - started}
        return Colored(replace(self.photo, pixels=painted), ab, seconds)

    def hints(self, settings: Settings) -> Sequence[Hint]:
        """What a person says of places, and what a reference photo says of the others."""
        if settings.reference is None:
            return settings.hints
        return with_borrowed(settings.hints, self.borrow(settings))

    def borrow(self, settings: Settings) -> tuple[Borrowed, ...]:
        """What the settings' reference photo lends to this one."""
        assert settings.reference is not None
        reference, strength = self.reference(settings.reference), settings.strength
        light = self.shown.lightness
        return borrow(self.model, self.output, light, reference, strength, settings.temperature)

    @property
    def centres(self) -> Tensor | None:
        """(Q, 2): the colours that `belief` is about; None for regression."""
        return None if self.model.bins is None else self.model.bins.centres.cpu()

    def belief(self, x: int, y: int) -> Tensor | None:
        """(Q,): how likely each colour is at pixel (x, y) of the photo; None for regression."""
        if self.model.bins is None:
            return None
        height, width = self.output.shape[2:]
        row = min(height - 1, max(0, y * height // self.photo.height))
        column = min(width - 1, max(0, x * width // self.photo.width))
        logits = self.output[:, :, row, column, None, None]  # (1, C, 1, 1)
        return self.model.bins.belief(logits).flatten()

    @cached_property
    def entropy(self) -> Tensor | None:
        """(h', w') in nats: where the model is unsure; None for regression."""
        entropy = self.model.entropy(self.output)
        return None if entropy is None else entropy[0]
