"""Agreement: places that look alike and lie near one another take on one colour.

    python -m train evaluate rebalanced --data PHOTOS        # metric `blotch`, see docs/log.md

A network decides place by place, so that one wall comes out in several colours. Here every place
asks the others what they expect and follows those that lie near, are of its lightness and believe
what it believes: softmax(-d^2 / 2) over all places, d the distance in these three traits. (The mean
of decoded colours is the colour of the mean of beliefs, each annealed; mean field would repeat it.)
The mean of several colours is greyer than they are, so it is given their mean chroma.
"""

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from colorize.model import Model

NEAR = 0.3  # of the shorter side
LIGHTNESS = 10.0  # L
BELIEF = 0.35  # Hellinger: 0 where beliefs are the same, sqrt(2) where they share nothing
VIVID = 1.25  # times its own chroma a mean may be given: where hues oppose, grey is right
COLOUR = 10.0  # ab, where a network states no beliefs
SKETCH = 32  # numbers that stand for the belief in all bins
ASKED = 1_000  # places of the photo, at most about: beyond, neighbours answer together
ROWS = 1_024  # places that ask at once, for memory


def decode_in_agreement(
    model: "Model", output: Tensor, lightness: Tensor, temperature: float | None = None
) -> Tensor:
    """ab (N, 2, h, w) of a network's answer, in agreement as far as the model's config asks."""
    ab = model.decode(output, temperature)
    if not model.config.agreement:
        return ab
    beliefs = None if model.bins is None else model.bins.belief(output)
    return agree(ab, lightness, beliefs, model.config.agreement)


def agree(ab: Tensor, lightness: Tensor, beliefs: Tensor | None, strength: float) -> Tensor:
    """ab (N, 2, h, w) drawn towards what like places say: at strength 0 as it is, at 1 all the way.

    lightness (N, 1, H, W) in 0..100; beliefs (N, Q, h, w) add up to 1 at each place.
    """
    if strength == 0:
        return ab
    traits = torch.cat((place(ab), shade(lightness, ab), mind(ab, beliefs)), dim=1)
    together = math.ceil((ab[0, 0].numel() / ASKED) ** 0.5)
    said = torch.cat((ab, ab.norm(dim=1, keepdim=True)), dim=1)  # a, b and chroma
    asked, said = (F.avg_pool2d(x, together, ceil_mode=True).flatten(2) for x in (traits, said))
    heard = [
        listen(asking.flatten(1), *others)
        for asking, *others in zip(traits, asked, said, strict=True)
    ]
    mean, chroma = torch.stack(heard).view(len(ab), 3, *ab.shape[2:]).tensor_split((2,), dim=1)
    greyed = chroma / mean.norm(dim=1, keepdim=True).clamp(min=1e-6)
    return torch.lerp(ab, mean * greyed.clamp(1, VIVID), strength)


def listen(asking: Tensor, asked: Tensor, said: Tensor) -> Tensor:
    """Attention by distance: what is said, times softmax over S of -|asking - asked|^2 / 2.

    asking (K, P), asked (K, S), said (3, S) -> (3, P). |asking|^2 is the same for all that are
    asked and falls out of the softmax.
    """
    half = asked.square().sum(0) / 2  # (S,)
    parts = asking.chunk(math.ceil(asking.shape[1] / ROWS), dim=1)
    return torch.cat([said @ (part.T @ asked - half).softmax(1).T for part in parts], dim=1)


def place(ab: Tensor) -> Tensor:
    """(N, 2, h, w): where a place is, in units of NEAR."""
    height, width = ab.shape[2:]
    unit = NEAR * min(height, width)
    rows, columns = (torch.arange(side, device=ab.device) / unit for side in (height, width))
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
    return (grid - grid.mean((1, 2), keepdim=True)).expand(len(ab), -1, -1, -1)


def shade(lightness: Tensor, ab: Tensor) -> Tensor:
    """(N, 1, h, w): how light it is, in units of LIGHTNESS."""
    return F.interpolate(lightness - 50, size=ab.shape[2:], mode="area") / LIGHTNESS


def mind(ab: Tensor, beliefs: Tensor | None) -> Tensor:
    """(N, K, h, w): what is believed there; roots of beliefs lie as far apart as Hellinger says.

    A random projection keeps distances (Johnson and Lindenstrauss) at a tenth of the cost.
    """
    if beliefs is None:
        return ab / COLOUR
    generator = torch.Generator().manual_seed(0)
    sketch = torch.randn(SKETCH, beliefs.shape[1], generator=generator).to(beliefs)
    return torch.einsum("kq,nqhw->nkhw", sketch, beliefs.sqrt()) / (math.sqrt(SKETCH) * BELIEF)
