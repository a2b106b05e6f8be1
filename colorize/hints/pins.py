"""Hints on the places of a model's answer, as tensors that any device can work with.

python -c "from colorize.hints.pins import Pins; help(Pins)"
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from colorize.hints.hint import Hint, check_hints
from colorize.hints.likeness import pick
from colorize.lab import fit_gamut, lab_to_rgb, rgb_to_lab


@dataclass(frozen=True)
class Pins:
    """Up to K hints on each of N answers; shorter rows are filled up with pins that do nothing."""

    cells: Tensor  # (N, K) int64: places of the answer, row by row
    color: Tensor  # (N, 2, K): the ab that each shall have
    real: Tensor  # (N, K) bool: not filled up
    kept: Tensor  # (N, K) bool: "leave it as it is"
    radius: Tensor  # (N, K): in sides of a square of the photo's area; infinite if not given

    @property
    def count(self) -> Tensor:
        """(N,): in how many places a colour is given; at least 1."""
        colored = self.real & ~self.kept
        same = (self.cells[:, :, None] == self.cells[:, None]) & colored[:, None]
        again = same.tril(-1).any(2)  # an earlier pin stands there too
        return (colored & ~again).sum(1).clamp(min=1)


def pins_on(own: Tensor, hints: Sequence[Sequence[Hint]]) -> Pins:
    """The hints of N photos on their own colours (N, 2, h, w)."""
    if len(hints) != len(own):
        raise ValueError(
            f"Hints for {len(hints)} photos were given with {len(own)} answers; each needs its own."
        )
    height, width = own.shape[2:]
    rows = [[_numbers(hint, height, width) for hint in check_hints(some)] for some in hints]
    table = pad_sequence([torch.tensor(row).view(-1, 7) for row in rows], batch_first=True)
    wanted = rgb_to_lab(table[..., 4:].permute(2, 0, 1) / 255)[1:]  # (2, N, K)
    cells, real, kept, radius, *_ = table.to(own).unbind(2)
    pins = Pins(cells.long(), wanted.transpose(0, 1).to(own), real > 0, kept > 0, radius)
    before = pick(own.flatten(2), pins.cells)
    return replace(pins, color=torch.where(pins.kept[:, None], before, pins.color))


def _numbers(hint: Hint, height: int, width: int) -> tuple[float, ...]:
    """Cell, real, kept, radius, and the colour's three."""
    radius = inf if hint.radius is None else hint.radius * max(height, width) / sqrt(height * width)
    kept = hint.rgb is None
    return cell(hint, height, width), 1.0, kept, radius, *(hint.rgb or (0, 0, 0))


def cell(hint: Hint, height: int, width: int) -> int:
    """The place of an answer of that size in which the hint lies."""
    return min(int(hint.y * height), height - 1) * width + min(int(hint.x * width), width - 1)


def shown_colors(hints: Sequence[Hint], lightness: Tensor) -> list[str | None]:
    """What each hint's place can show of its colour, "#rrggbb": (1, 1, H, W) lightness decides.

    Hue and chroma are the hint's, where sRGB has them at this lightness; else the chroma is the
    largest that it has. None where the hint leaves its place as it is.
    """
    height, width = lightness.shape[2:]
    flat = lightness.float().cpu().flatten()
    colors: list[str | None] = []
    for hint in hints:
        if hint.rgb is None:
            colors.append(None)
            continue
        ab = rgb_to_lab(torch.tensor(hint.rgb)[:, None, None] / 255)[1:]
        here = flat[cell(hint, height, width)].view(1, 1, 1)
        colors.append(hex_color(torch.cat((here, fit_gamut(here, ab)))))
    return colors


def hex_color(lab: Tensor) -> str:
    """(3, 1, 1) Lab -> "#rrggbb"."""
    return "#" + bytes((lab_to_rgb(lab).flatten() * 255).round().int().tolist()).hex()
