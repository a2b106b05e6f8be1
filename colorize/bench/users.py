"""Simulated users, as in Zhang, Zhu, Isola et al. 2017: they know the true colours of a photo.

    python -c "from colorize.bench.users import places; print(places(5, seed=0))"

They click at places drawn from a normal distribution around the middle, a quarter wide, and give
the mean true colour of the four by four pixels there.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from colorize.hints.pins import Pins

CELL = 4  # pixels a side of what a user looks at, of the photo as the network is shown it


def places(count: int, seed: int) -> Tensor:
    """(count, 2): x and y in 0..1, the same first ones for any count."""
    generator = torch.Generator().manual_seed(seed)
    found: list[Tensor] = []
    while len(found) < count:
        place = 0.5 + 0.25 * torch.randn(2, generator=generator)
        if (place >= 0).all() and (place < 1).all():
            found.append(place)
    return torch.stack(found)


def click(own: Tensor, truth: Tensor, spots: Tensor) -> Pins:
    """Pins on one answer (1, 2, h, w): the true ab (1, 2, H, W) at the spots (K, 2)."""
    seen = F.avg_pool2d(truth, CELL)
    color = seen.flatten(2)[..., _cells(spots, seen)]
    count = len(spots)
    return Pins(
        _cells(spots, own)[None],
        color,
        torch.ones(1, count, dtype=torch.bool),
        torch.zeros(1, count, dtype=torch.bool),
        torch.full((1, count), torch.inf),
    )


def _cells(spots: Tensor, grid: Tensor) -> Tensor:
    """(K,): numbers of the cells of (1, C, h, w) in which the spots (K, 2) lie."""
    height, width = grid.shape[2:]
    column, row = (spots * torch.tensor([width, height])).long().unbind(1)
    return row * width + column
