"""Baselines: what a model must beat. They look at nothing, or at the lightness of a pixel alone.

    python -m train evaluate --data PHOTOS        # the baselines by themselves

`gray` has no colour; `mean-by-lightness` gives every pixel the mean colour of all pixels of its
lightness; `original` is the photo itself.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from colorize.lab import fit_gamut, lab_to_pixels, lightness_to_gray
from train.evaluation.metrics import Guess, Truth

LEVELS = 101  # of lightness, one a unit


@dataclass(frozen=True)
class LightnessTable:
    """Sums of ab over the pixels of each lightness; photos can be taken out again."""

    sums: Tensor  # (2, LEVELS) float64
    counts: Tensor  # (LEVELS,) float64

    @classmethod
    def empty(cls) -> "LightnessTable":
        zeros = torch.zeros(3, LEVELS, dtype=torch.float64)
        return cls(zeros[:2], zeros[2])

    @classmethod
    def of(cls, lab: Tensor) -> "LightnessTable":
        """The table of one photo, (3, H, W) Lab."""
        level = lightness_levels(lab[0]).flatten()
        a, b = (torch.bincount(level, x.flatten().double(), LEVELS) for x in lab[1:])
        return cls(torch.stack((a, b)), torch.bincount(level, minlength=LEVELS).double())

    def plus(self, other: "LightnessTable") -> "LightnessTable":
        return LightnessTable(self.sums + other.sums, self.counts + other.counts)

    def minus(self, other: "LightnessTable") -> "LightnessTable":
        return LightnessTable(self.sums - other.sums, self.counts - other.counts)

    def ab(self) -> Tensor:
        """(2, LEVELS): the mean colours, within the gamut; grey where no pixel was seen."""
        mean = (self.sums / self.counts.clamp(min=1)).float()[:, None]  # (2, 1, LEVELS)
        lightness = torch.arange(LEVELS, dtype=torch.float32)[None, None]
        return fit_gamut(lightness, mean)[:, 0]


def lightness_levels(lightness: Tensor) -> Tensor:
    return lightness.round().long().clamp(0, LEVELS - 1)


def gray(truth: Truth) -> Guess:
    shade = (lightness_to_gray(truth.lab[0]) * 255).round().to(torch.uint8)
    pixels = shade[..., None].expand(-1, -1, 3).numpy().copy()
    return Guess(truth, pixels, torch.zeros_like(truth.lab[1:]))


def mean_by_lightness(truth: Truth, table: LightnessTable) -> Guess:
    ab = table.ab()[:, lightness_levels(truth.lab[0])]
    return Guess(truth, lab_to_pixels(torch.cat((truth.lab[:1], ab))), ab)


def original(truth: Truth) -> Guess:
    return Guess(truth, truth.pixels, truth.lab[1:])
