"""Kriging: what is known at a few places, carried to all places that are like them.

    python -c "from colorize.hints.kriging import weights; help(weights)"

Krige 1951, Matheron 1963: the mean of a Gaussian process, given some of its values. The weights of
all hints are found together, so that two that say the same count no more than one, and one that
stands nearer covers those behind it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from colorize.hints.likeness import Unlikeness
from colorize.hints.pins import Pins

CAUTION = 0.8  # so much more does unlikeness count for a hint that no other one vouches for


@dataclass(frozen=True)
class Kernel:
    """1 between a place and itself, less the less alike two places are."""

    reaches: tuple[tuple[float, float], ...]  # (share, width) of each Gaussian in space
    contrast: float  # width of the Gaussian in lightness, in units of L
    belief: float  # times what two beliefs do not share, in the exponent
    nugget: float  # what is a place's own and no other place's, against the kernel's 1

    def __call__(self, apart: Unlikeness, caution: Tensor) -> Tensor:
        """(N, M, K); what is unlike counts `caution` (N,) times."""
        unlike = apart.light / (2 * self.contrast**2) + self.belief * apart.belief
        unlike = unlike * caution[:, None, None]
        near = sum(
            share * torch.exp(apart.space / (-2 * width**2)) for share, width in self.reaches
        )
        return torch.exp(-unlike) * near


def weights(kernel: Kernel, apart: Unlikeness, pins: Pins) -> Tensor:
    """(N, M, K): how much of what each pin says holds at each place of the answers."""
    caution = 1 + CAUTION / pins.count**2
    likeness = kernel(apart, caution) * pins.real[:, None]  # a filled-up pin is like no place
    rows = pins.cells[..., None].expand(-1, -1, likeness.shape[2])
    among = likeness.gather(1, rows).double().cpu()  # (N, K, K); some devices have no doubles
    own = torch.where(pins.real, kernel.nugget, 1.0).double().cpu()
    inverse = torch.linalg.inv(among * pins.real[..., None].cpu() + torch.diag_embed(own))
    found: Tensor = likeness @ inverse.to(likeness) * window(apart, pins)
    return found


def window(apart: Unlikeness, pins: Pins) -> Tensor | float:
    """1 at a pin, falling to 0 at its radius; 1 everywhere where no radius was given."""
    if (pins.radius.isinf() | ~pins.real).all():
        return 1.0
    reach = torch.where(pins.real, pins.radius, torch.inf)[:, None]
    return (1 - apart.space / reach**2).clamp(min=0) ** 2
