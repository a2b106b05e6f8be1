"""Small ab -> full-resolution ab, guided by the lightness, so that colour stops where things do.

    python -c "import torch; from colorize.upsample import box; print(box(torch.eye(4)[None], 1))"

Around every pixel of the network's answer, a and b are explained as slope * L + rest by least
squares. Enlarging ab blurs it, and L enlarged from the same coarse pixels is blurred alike: what
the true L has beyond that blur, times the slope, is what ab misses. Where L says nothing about the
colour the slope is near 0, and what remains is plain bilinear. (The guided filter of He and Sun
fits the same lines but averages ab over its windows too, which costs more colour than it saves.)
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

RADIUS = 1  # of the windows, in pixels of the answer: colours change their meaning within a few
EPSILON = 40.0  # squared L: contrasts well below sqrt(EPSILON) are texture and move no colour


@dataclass(frozen=True)
class Lines:
    """ab = slope * L + offset at every place of the small lightness; both (N, 2, h, w)."""

    slope: Tensor
    offset: Tensor

    def at(self, lightness: Tensor) -> Tensor:
        """ab (N, 2, H, W) at the full-resolution lightness (N, 1, H, W): what `paint` paints."""
        size = lightness.shape[2:]
        slope, offset = (resize(x, size) for x in (self.slope, self.offset))
        return slope * lightness + offset


def fit_lines(
    lightness: Tensor, ab: Tensor, radius: int = RADIUS, epsilon: float = EPSILON
) -> Lines:
    """Lines that take ab (N, 2, h', w') along the small lightness (N, 1, h, w), h' <= h."""
    ab = ab.float()
    coarse = F.interpolate(lightness, size=ab.shape[2:], mode="area")
    mean_l, mean_ab = box(coarse, radius), box(ab, radius)
    variance = (box(coarse * coarse, radius) - mean_l * mean_l).clamp(min=0)
    covariance = box(coarse * ab, radius) - mean_l * mean_ab
    slope = box(covariance / (variance + epsilon), radius)
    slope, blurred_l, blurred_ab = (resize(x, lightness.shape[2:]) for x in (slope, coarse, ab))
    return Lines(slope, blurred_ab - slope * blurred_l)


def resize(x: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    """Bilinear, from pixel centres to pixel centres."""
    return x if x.shape[2:] == size else F.interpolate(x, size=size, mode="bilinear")


def box(x: Tensor, radius: int) -> Tensor:
    """Mean over the square of side 2 radius + 1 around each pixel, cut at the border."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)
