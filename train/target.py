"""What a network is shown of photos, and what its answer is held against.

python -c "import torch; from train.target import *; print(area_mean(torch.eye(4)[None, None], 2))"

Everything here happens on the training device, in batches, at the size of the network's answer.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from colorize.lab import rgb_to_lab
from colorize.quantizer import Quantizer, SoftLabel
from train.data.degrade import age_batch
from train.recipe import Recipe

LUMA = (0.21, 0.72, 0.07)  # the third paper's grey (its 0.007 is a slip: white would not be 255)


@dataclass(frozen=True)
class Examples:
    """Photos as a model is trained on them."""

    lightness: Tensor  # (N, 1, H, W) in 0..100: what the model is given
    ab: Tensor  # (N, 2, H, W): what it is to find
    rgb: Tensor  # (N, 3, H, W) in [0, 1]


def make_examples(
    pixels: Tensor, luma: bool, tones: Tensor | None = None, ages: Tensor | None = None
) -> Examples:
    """uint8 (N, 3, H, W) -> what a model is given, and the truth.

    With `tones` (N,) the lightness given is that of a paler or darker print of the photo, with
    `ages` (N,) that of an old one.
    """
    rgb = pixels.float() / 255
    lab = rgb_to_lab(rgb)
    lightness = lab[:, :1]
    if luma:  # a grey photo of the paper's luma, whose lightness the model is given
        gray = (rgb * rgb.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
        lightness = rgb_to_lab(gray.expand(-1, 3, -1, -1))[:, :1]
    if tones is not None:
        power = tones.to(lightness.device)[:, None, None, None]
        lightness = 100 * (lightness / 100).clamp(0, 1) ** power
    if ages is not None:
        lightness = age_batch(lightness, ages)
    return Examples(lightness.contiguous(memory_format=torch.channels_last), lab[:, 1:], rgb)


@dataclass(frozen=True)
class Target:
    """The truth for an answer of one size; each part is made when a loss first asks for it."""

    examples: Examples
    size: torch.Size  # (h, w)
    quantizer: Quantizer | None
    recipe: Recipe  # holds the numbers of the losses
    weights: Tensor | None = None  # of the bins, by rarity

    @cached_property
    def ab(self) -> Tensor:
        """(N, 2, h, w)"""
        return area_mean(self.examples.ab, self.size)

    @cached_property
    def scaled_ab(self) -> Tensor:
        """(N, 2, h, w), as the network says it."""
        return self.ab / self.recipe.model.ab_scale

    @cached_property
    def rgb(self) -> Tensor:
        """(N, 3, h, w) in [0, 1]"""
        return area_mean(self.examples.rgb, self.size)

    @cached_property
    def lightness(self) -> Tensor:
        """(N, 1, h, w) in 0..100"""
        return area_mean(self.examples.lightness, self.size)

    @cached_property
    def bins(self) -> Tensor:
        """(N, h, w), or (N, 2, h, w) for channels: the nearest bin of each pixel."""
        return self._quantizer.nearest(self)

    @cached_property
    def label(self) -> SoftLabel:
        """Spread over near bins, or all in one, as the recipe says."""
        return self._quantizer.label(self, self.recipe.soft)

    @property
    def _quantizer(self) -> Quantizer:
        assert self.quantizer is not None, "a recipe without bins has a loss that asks for none"
        return self.quantizer


def area_mean(x: Tensor, size: torch.Size) -> Tensor:
    """Average x down to the (h, w) of the network's answer; nothing to do where they agree."""
    return x if x.shape[2:] == size else F.interpolate(x, size=size, mode="area")
