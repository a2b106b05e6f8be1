"""How unlike two places of a photo are: in space, in lightness, in the colours held possible there.

    python -c "from colorize.hints.likeness import unlike; help(unlike)"

All three are squared distances, so that Gaussians of them are positive definite, whatever their
widths: kriging relies on it. That between beliefs is Hellinger's: 1 - overlap is half its square.
"""

from dataclasses import dataclass
from math import prod, sqrt

import torch
import torch.nn.functional as F
from torch import Tensor

SPREAD = 15.0  # ab units: how sure we take a model to be that states one colour only


@dataclass(frozen=True)
class Scene:
    """Some places of N photos, and all that a kernel looks at there."""

    position: Tensor  # (N, 2, M): x and y, in sides of a square of the photo's area
    lightness: Tensor  # (N, 1, M)
    color: Tensor  # (N, 2, M): the model's own ab
    roots: tuple[Tensor, ...]  # (N, Q, M) each: square roots of the beliefs, one for each choice

    def at(self, cells: Tensor) -> "Scene":
        """The places of these numbers (N, K)."""
        position, lightness, color, *roots = (
            pick(x, cells) for x in (self.position, self.lightness, self.color, *self.roots)
        )
        return Scene(position, lightness, color, tuple(roots))

    def overlap(self, other: "Scene") -> Tensor:
        """(N, M, K): Bhattacharyya's coefficient, 1 where both hold the same colours possible."""
        if not self.roots:  # two Gaussians of width SPREAD
            return torch.exp(-squared_distance(self.color, other.color) / (8 * SPREAD**2))
        shared = [mine.mT @ others for mine, others in zip(self.roots, other.roots, strict=True)]
        return prod(shared[1:], start=shared[0]).clamp(max=1)


@dataclass(frozen=True)
class Unlikeness:
    """Of M places and K others, (N, M, K) each."""

    space: Tensor  # squared distance, in sides of a square of the photo's area
    light: Tensor  # squared difference of L
    belief: Tensor  # 1 - overlap of the beliefs, 0..1


def unlike(places: Scene, others: Scene) -> Unlikeness:
    return Unlikeness(
        squared_distance(places.position, others.position),
        squared_distance(places.lightness, others.lightness),
        1 - places.overlap(others),
    )


def scene_of(lightness: Tensor, color: Tensor, beliefs: tuple[Tensor, ...]) -> Scene:
    """Every place of the answers: lightness (N, 1, H, W) of the photos, color (N, 2, h, w)."""
    height, width = color.shape[2:]
    coarse = F.interpolate(lightness.to(color), size=(height, width), mode="area")
    x = (torch.arange(width, device=color.device) + 0.5) / sqrt(height * width)
    y = (torch.arange(height, device=color.device) + 0.5) / sqrt(height * width)
    position = torch.stack((x.expand(height, width), y[:, None].expand(height, width)))
    return Scene(
        position.flatten(1).expand(len(color), -1, -1),
        coarse.flatten(2),
        color.flatten(2),
        tuple(belief.flatten(2).sqrt() for belief in beliefs),
    )


def pick(values: Tensor, cells: Tensor) -> Tensor:
    """(N, C, M) at the places (N, K) -> (N, C, K)."""
    return values.gather(2, cells[:, None].expand(-1, values.shape[1], -1))


def squared_distance(x: Tensor, y: Tensor) -> Tensor:
    """(N, C, M) and (N, C, K) -> (N, M, K), by differences, which keep their digits."""
    pairs = zip(x.unbind(1), y.unbind(1), strict=True)
    squares = [(a[:, :, None] - b[:, None]).square() for a, b in pairs]
    return sum(squares[1:], start=squares[0])
