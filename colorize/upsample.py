"""Small ab -> full-resolution ab, guided by the lightness, so that colour stops where things do.

    python -c "from colorize.upsample import guide; help(guide)"

The fast guided filter (He and Sun 2015): around every pixel of the small lightness, a and b are
explained as slope * L + offset by least squares. Slopes and offsets are smooth, so they can be
enlarged without harm; applied to the full-resolution L they draw the edges that L has.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

RADIUS = 3  # pixels of the small lightness; the answer's own pixel is four of them wide
EPSILON = 12.0  # squared L: contrasts well below sqrt(EPSILON) are texture and move no colour


@dataclass(frozen=True)
class Lines:
    """ab = slope * L + offset at every place of the small lightness; all (N, 2, h, w)."""

    slope: Tensor
    offset: Tensor

    def at(self, lightness: Tensor) -> Tensor:
        """ab (N, 2, H, W) at the full-resolution lightness (N, 1, H, W)."""
        size = lightness.shape[2:]
        slope, offset = (resize(x, size) for x in (self.slope, self.offset))
        return slope * lightness + offset


def guide(lightness: Tensor, ab: Tensor, radius: int = RADIUS, epsilon: float = EPSILON) -> Lines:
    """Explain ab (N, 2, any, any) by the small lightness (N, 1, h, w) around every pixel of it."""
    ab = resize(ab.float(), lightness.shape[2:])
    mean_l, mean_ab = box(lightness, radius), box(ab, radius)
    variance = (box(lightness * lightness, radius) - mean_l * mean_l).clamp(min=0)
    covariance = box(lightness * ab, radius) - mean_l * mean_ab
    slope = covariance / (variance + epsilon)
    offset = mean_ab - slope * mean_l
    return Lines(box(slope, radius), box(offset, radius))


def resize(x: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    """Bilinear, from pixel centres to pixel centres."""
    return x if x.shape[2:] == size else F.interpolate(x, size=size, mode="bilinear")


def box(x: Tensor, radius: int) -> Tensor:
    """Mean over the square of side 2 radius + 1 around each pixel, cut at the border."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)
