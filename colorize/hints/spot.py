"""On the way to the screen: a hint's own spot shows its colour, whatever enlarging made of it.

    from colorize.hints.spot import hold
    hold(fit_lines(light, ab), fit_lines(light, own), light, [Hint(0.5, 0.5, "#b03020")])

An answer is coarse, and its places are mixed as it is enlarged: beside an edge a pinned spot would
be off by a dozen units of ab, and more where colour follows the lightness steeply. What it misses
is kriged once more, on the finer grid of the lightness that the network was shown, to its nearest
surroundings alone; there colour does not follow the lightness. The four cells between which a spot
lies are then set outright: on an edge, what is across it would else shine through.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

import torch
from torch import Tensor

from colorize.hints.hint import Hint
from colorize.hints.likeness import pick
from colorize.hints.pins import pins_on
from colorize.upsample import Lines

WIDTH = 0.02  # of the surroundings, in sides of a square of the photo's area: a place of an answer
CONTRAST = 15.0  # units of L: what differs more is another thing
NUGGET = 0.001
END = 3  # widths from a spot, where its surroundings end


@dataclass(frozen=True)
class Surroundings:
    """Of K spots on a grid: S x S cells around each, and how much they are like it."""

    spots: Tensor  # (K,): numbers of cells
    cells: Tensor  # (K, S, S)
    likeness: Tensor  # (K, S, S), 0 beyond the border
    inverse: Tensor  # (K, K): of the spots' likeness among each other

    @classmethod
    def of(cls, spots: Tensor, light: Tensor) -> "Surroundings":
        """light is (h, w)."""
        height, width = light.shape
        unit = WIDTH * sqrt(height * width)

        def like(down: Tensor, right: Tensor, lighter: Tensor) -> Tensor:
            far = (down**2 + right**2) / unit**2 + (lighter / CONTRAST) ** 2
            return torch.exp(far / -2)

        row, column, own = spots // width, spots % width, light.flatten()[spots]
        among = like(*(x[:, None] - x for x in (row, column, own))).double()
        inverse = torch.linalg.inv(among + NUGGET * torch.eye(len(spots)).to(among))
        step = torch.arange(-ceil(END * unit), ceil(END * unit) + 1, device=light.device)
        y, x = row[:, None, None] + step[:, None], column[:, None, None] + step
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        cells = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
        lighter = light.flatten()[cells] - own[:, None, None]
        return cls(spots, cells, like(step[:, None], step, lighter) * inside, inverse.to(light))

    def bring(self, field: Tensor, wanted: Tensor) -> Tensor:
        """The field (1, C, h, w) with what is wanted (1, C, K) at the spots."""
        missing = wanted - pick(field.flatten(2), self.spots[None])
        share = (missing @ self.inverse)[0]  # (C, K)
        change = (share[:, :, None, None] * self.likeness).flatten(1)
        moved = field[0].flatten(1).index_add(1, self.cells.flatten(), change)
        return moved.view_as(field)


def hold(lines: Lines, own: Lines, lightness: Tensor, hints: Sequence[Hint]) -> Lines:
    """Lines of one photo at whose spots are the hints' colours; `own` are those without hints."""
    pins = pins_on(own.at(lightness), [hints])
    around = Surroundings.of(pins.cells[0], lightness[0, 0])
    slope = pick(own.slope.flatten(2), pins.cells) * pins.kept[:, None]
    offset = pins.color - slope * pick(lightness.flatten(2), pins.cells)
    near = corners(hints, *lightness.shape[2:]).to(lightness.device)
    kept = pins.kept.T  # (K, 1)
    return replace(
        lines,
        slope=put(around.bring(lines.slope, slope), near, own.slope, kept, torch.zeros_like(slope)),
        offset=put(around.bring(lines.offset, offset), near, own.offset, kept, pins.color),
    )


def corners(hints: Sequence[Hint], height: int, width: int) -> Tensor:
    """(K, 4): the cells of which an enlarged picture is mixed where each hint lies."""

    def pairs(place: list[float], size: int) -> Tensor:
        first = (torch.tensor(place) * size - 0.5).floor().long()
        return torch.stack((first, first + 1), dim=1).clamp(0, size - 1)  # (K, 2)

    rows = pairs([hint.y for hint in hints], height)
    columns = pairs([hint.x for hint in hints], width)
    return (rows[:, :, None] * width + columns[:, None]).flatten(1)


def put(field: Tensor, cells: Tensor, own: Tensor, kept: Tensor, wanted: Tensor) -> Tensor:
    """The field (1, 2, h, w) with what is wanted (1, 2, K) in the cells (K, 4), or its own."""
    values = torch.where(kept, own[0].flatten(1)[:, cells], wanted[0][..., None])  # (2, K, 4)
    changed = field[0].flatten(1).index_copy(1, cells.flatten(), values.flatten(1))
    return changed.view_as(field)
