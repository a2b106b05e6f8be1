"""Ways to cut the colour plane into bins, so that colour becomes a choice among Q classes.

    python -c "from colorize.bins import Hull; print(Hull().centres.shape)"

    Grid(20)        the poster's n x n cells over a, b in [-128, 127]
    Hull()          Zhang et al.'s 313 centres, ten units apart, where natural colours are
    Channels(10)    n bins of a and n bins of b, each chosen on its own
    Palette(...)    any given colours, such as k-means centres

Each is a `Quantizer` (quantizer.py says what it can do): nobody needs to ask which.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from colorize import decode
from colorize.lab import rgb_to_ab
from colorize.quantizer import Colours, Quantizer, SoftLabel

# a: (first b, last b) of Zhang's centres on the lattice of step ten. The set came out of ImageNet
# and cannot be derived from sRGB's gamut (whose strict centres would be 228).
HULL_ROWS = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100),
    -40: (-40, 100), -30: (-50, 100), -20: (-50, 100), -10: (-60, 100), 0: (-70, 100),
    10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90), 50: (-100, 80),
    60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip
SIGMA = 5.0  # width of the Gaussian over the nearest centres, in ab units
EXACT = "donot_use_mm_for_euclid_dist"  # of `cdist`: the faster way is off by up to 0.05 units
LOW, SIDE = -128, 256  # the ab square on which nearest centres are tabulated, one cell a unit


class Centres(Quantizer):
    """Bins given by their centres: a colour belongs to the nearest one.

    The k nearest are found among a short list of candidates kept for each unit cell of the ab
    square, never among all Q: the list holds every centre that is among the `neighbours` nearest
    for any point of the cell, so the answer is exact (in the square of LOW and SIDE, which sRGB
    does not leave) and the cost does not grow with Q. Only training encodes: the list is made when
    it is first needed.
    """

    def __init__(self, centres: Tensor, neighbours: int = 5) -> None:
        super().__init__()
        if len(centres) < 1:
            raise ValueError("A quantizer has no centres; it needs at least one. Give it colours.")
        self.neighbours = min(neighbours, len(centres))
        self.register_buffer("centres", centres.float(), persistent=False)  # (Q, 2)
        self.candidates: Tensor | None  # (SIDE * SIDE, M), later
        self.register_buffer("candidates", None, persistent=False)

    def encode(self, ab: Tensor) -> Tensor:
        """(N, 2, H, W) -> (N, H, W): the index of the nearest centre."""
        return self._nearest(ab, 1)[1].squeeze(1)

    def encode_soft(self, ab: Tensor) -> SoftLabel:
        """Gaussian shares of the nearest centres, as in Zhang et al. 2016, section 2.1."""
        squared, indices = self._nearest(ab, self.neighbours)
        return SoftLabel(indices, torch.softmax(-squared / (2 * SIGMA**2), dim=1))

    def _nearest(self, ab: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Squared distances and indices, both (N, k, H, W), nearest first."""
        if self.candidates is None:
            self.candidates = _candidates(self.centres, self.neighbours)
        points = ab.float().permute(0, 2, 3, 1)  # (N, H, W, 2)
        cell = (points - LOW).floor().long().clamp(0, SIDE - 1)
        candidates = self.candidates[cell[..., 0] * SIDE + cell[..., 1]].long()  # (N, H, W, M)
        squared = (self.centres[candidates] - points[..., None, :]).square().sum(-1)
        squared, place = squared.topk(k, dim=-1, largest=False)
        indices = candidates.gather(-1, place)
        return squared.permute(0, 3, 1, 2), indices.permute(0, 3, 1, 2)


class Hull(Centres):
    """Zhang's 313 centres, a outer and b inner, both ascending."""

    def __init__(self, neighbours: int = 5) -> None:
        super().__init__(hull_centres(), neighbours)


class Palette(Centres):
    """Given colours: `colors` are ab pairs, or sRGB triples in 0..255 of which ab is taken."""

    def __init__(self, colors: list[list[float]], neighbours: int = 1) -> None:
        table = torch.tensor(colors, dtype=torch.float32)
        if table.ndim != 2 or table.shape[1] not in (2, 3):
            raise ValueError(
                f"A palette of shape {tuple(table.shape)} was given; it must be a list of ab pairs "
                "or of RGB triples."
            )
        is_rgb = table.shape[1] == 3
        super().__init__(rgb_to_ab(table / 255) if is_rgb else table, neighbours)
        self.rgb: Tensor | None  # (Q, 3), if the colours came so
        self.register_buffer("rgb", table if is_rgb else None, persistent=False)

    def nearest(self, colours: Colours) -> Tensor:
        """RGB triples are compared as RGB: white, grey and black share one ab."""
        if self.rgb is None:
            return super().nearest(colours)
        points = 255 * colours.rgb.permute(0, 2, 3, 1).flatten(1, 2)  # (N, H W, 3)
        distances = torch.cdist(points, self.rgb, compute_mode=EXACT)
        return distances.argmin(-1).view(-1, *colours.rgb.shape[2:])


class Grid(Quantizer):
    """n x n equal cells over a, b in [-128, 127]; index = row of a times n plus row of b."""

    def __init__(self, n: int = 20) -> None:
        super().__init__()
        if n < 1:
            raise ValueError(f"A grid of {n} cells a side was asked for; it needs at least 1.")
        self.n, self.cell = n, 255 / n
        steps = -128 + self.cell * (torch.arange(n) + 0.5)
        self.register_buffer("centres", torch.cartesian_prod(steps, steps), persistent=False)

    def encode(self, ab: Tensor) -> Tensor:
        """(N, 2, H, W) -> (N, H, W): the index of the cell."""
        row = self._cells(ab)
        return row[:, 0] * self.n + row[:, 1]

    def encode_soft(self, ab: Tensor) -> SoftLabel:
        """The label spread over the 3x3 cells around it by the kernel 1 2 1; edges renormalised."""
        offset = torch.arange(-1, 2, device=ab.device)
        cells = self._cells(ab)[:, :, None] + offset[None, None, :, None, None]  # (N, 2, 3, H, W)
        inside = (cells >= 0) & (cells < self.n)
        share = inside * torch.tensor([1.0, 2.0, 1.0], device=ab.device)[:, None, None]
        a, b = cells.clamp(0, self.n - 1).unbind(1)
        indices = (a[:, :, None] * self.n + b[:, None]).flatten(1, 2)  # (N, 9, H, W)
        shares = (share[:, 0, :, None] * share[:, 1, None]).flatten(1, 2)
        return SoftLabel(indices, shares / shares.sum(1, keepdim=True))

    def _cells(self, ab: Tensor) -> Tensor:
        return ((ab.float() + 128) / self.cell).floor().long().clamp(0, self.n - 1)


class Channels(Quantizer):
    """n bins of a and n bins of b over the 8-bit range 0..255 (128 is grey), chosen separately.

    Logits hold the n of a, then the n of b. The centres are all n x n pairs.
    """

    def __init__(self, n: int = 10) -> None:
        super().__init__()
        if n < 1:
            raise ValueError(f"{n} bins a channel were asked for; it needs at least 1.")
        self.n, self.width = n, 255 / n
        steps = -128 + self.width * (torch.arange(n) + 0.5)
        self.steps: Tensor  # (n,): the middles, of a and of b alike
        self.register_buffer("steps", steps, persistent=False)
        self.register_buffer("centres", torch.cartesian_prod(steps, steps), persistent=False)

    @property
    def size(self) -> int:
        return 2 * self.n

    def encode(self, ab: Tensor) -> Tensor:
        """(N, 2, H, W) -> (N, 2, H, W): the bin of each channel."""
        return ((ab.float() + 128) / self.width).floor().long().clamp(0, self.n - 1)

    def encode_soft(self, ab: Tensor) -> SoftLabel:
        """The bins of a and of b, as places among the logits, each with a share of one."""
        bins = self.encode(ab) + torch.tensor([0, self.n], device=ab.device)[:, None, None]
        return SoftLabel(bins, torch.ones_like(bins, dtype=torch.float32))

    def label(self, colours: Colours, soft: bool) -> SoftLabel:
        return self.encode_soft(colours.ab)

    def prior(self, labels: Iterable[SoftLabel]) -> Tensor:
        """(2, n): how often each bin of a and of b is the label; a row sums to one."""
        return 2 * super().prior(labels).view(2, self.n)

    def decode(self, logits: Tensor, temperature: float) -> Tensor:
        steps = self.steps[:, None]
        a, b = (decode.annealed_mean(x, steps, temperature) for x in logits.chunk(2, dim=1))
        return torch.cat((a, b), dim=1)

    def belief(self, logits: Tensor) -> Tensor:
        """Of all pairs: the product of the two."""
        a, b = (torch.softmax(half, dim=1) for half in logits.chunk(2, dim=1))
        return (a[:, :, None] * b[:, None]).flatten(1, 2)

    def choices(self, logits: Tensor) -> list[tuple[Tensor, Tensor]]:
        """a, then b."""
        return [(half, self.steps[:, None]) for half in logits.chunk(2, dim=1)]

    def entropy(self, logits: Tensor) -> Tensor:
        """The sum of the two, which are chosen separately."""
        a, b = logits.chunk(2, dim=1)
        return decode.entropy(a) + decode.entropy(b)


def hull_centres() -> Tensor:
    """(313, 2): the centres of `Hull`, without the tables of a quantizer."""
    rows = ((a, range(first, last + 1, 10)) for a, (first, last) in HULL_ROWS.items())
    return torch.tensor([(a, b) for a, bs in rows for b in bs], dtype=torch.float32)


def _candidates(centres: Tensor, k: int) -> Tensor:
    """For each unit cell, all centres that are among the k nearest of some point in it.

    A point is within r = sqrt(1/2) of its cell's middle, so a centre farther from the middle than
    the k-th nearest by more than 2 r cannot matter. Shorter rows go on with the next nearest.
    """
    axis = torch.arange(SIDE, device=centres.device) + LOW + 0.5
    middles = torch.cartesian_prod(axis, axis)  # (SIDE * SIDE, 2)
    distances = torch.cdist(middles, centres, compute_mode=EXACT)  # (SIDE * SIDE, Q), once
    reach = distances.kthvalue(k, dim=1, keepdim=True).values + 2**0.5 + 1e-3
    longest = int((distances <= reach).sum(1).max())
    return distances.topk(longest, dim=1, largest=False).indices.to(torch.int32)


QUANTIZERS: dict[str, Callable[..., Quantizer]] = {
    "grid": Grid,
    "hull": Hull,
    "channels": Channels,
    "palette": Palette,
}
