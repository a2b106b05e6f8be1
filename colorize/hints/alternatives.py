"""Other possibilities: from one answer, clearly different versions of the whole photo, as hints.

    from colorize.hints.alternatives import alternatives
    for hints in alternatives(look.model, look.output, look.shown.lightness):
        print(hints)

Places of like beliefs make a region. Where a region's belief has several strong modes, a version
takes another one for the whole of it, the likeliest first, and as few of them as make the photo
clearly different from what the model shows and from the versions before. Regions that a version
does not change are pinned. Nothing is random.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from colorize.agreement import decode_in_agreement
from colorize.hints.hint import Hint
from colorize.hints.likeness import scene_of
from colorize.hints.pins import hex_color
from colorize.lab import fit_gamut
from colorize.model import Model

REGIONS = 6  # at most
ROUNDS = 6  # of moving their middles
LEAST = 0.03  # of the photo: smaller regions are left alone
SPOTS = 3  # hints in a region that a version changes
SMOOTH = 8.0  # ab units: modes are sought in the belief blurred by this
MODE = 15.0  # ab units: what lies nearer belongs to the mode
APART = 22.0  # ab units between two modes
PLAUSIBLE = 0.06  # of the belief that a mode holds
CLEAR = (9.0, 4.5)  # ab units, mean over the photo, between versions; the second where none is left
SHADES = (35.0, 75.0)  # the lightness in which hints are written: both ends show strong colour


@dataclass(frozen=True)
class Mode:
    """A colour that a region may have."""

    color: Tensor  # (2,): ab
    share: float  # of the region's belief


@dataclass(frozen=True)
class Region:
    """Places of like beliefs."""

    cells: Tensor  # (m,): their numbers; the most typical first
    area: float  # share of the photo
    color: Tensor  # (2,): what the model shows, on average
    modes: tuple[Mode, ...]  # far enough from that colour and from each other, the likeliest first


@torch.inference_mode()
def alternatives(
    model: Model,
    output: Tensor,
    lightness: Tensor,
    count: int = 3,
    temperature: float | None = None,
) -> list[tuple[Hint, ...]]:
    """Up to `count` versions of one photo (1, C, h, w); fewer where the model is too sure."""
    if model.bins is None:
        return []
    own = decode_in_agreement(model, output, lightness, temperature)
    belief = model.bins.belief(output.float())[0].flatten(1).cpu()  # (Q, M)
    regions = regions_of(belief, model.bins.centres.cpu(), own[0].flatten(1).cpu())
    shown = [torch.stack([region.color for region in regions])]
    versions: list[tuple[Hint, ...]] = []
    while len(versions) < count:
        found = (another(regions, shown, clear) for clear in CLEAR)
        taken = next((one for one in found if one is not None), None)
        if taken is None:
            break
        pairs = zip(regions, taken, strict=True)
        shown.append(torch.stack([(mode or region).color for region, mode in pairs]))
        versions.append(hints_for(regions, taken, lightness, (own.shape[2], own.shape[3])))
    return versions


def regions_of(belief: Tensor, centres: Tensor, own: Tensor) -> list[Region]:
    """k-means of the beliefs' square roots on the sphere, begun with what is farthest apart."""
    roots = belief.sqrt()  # (Q, M), columns of length 1
    middle = roots.mean(1, keepdim=True)
    middles = [roots[:, (roots.T @ middle).argmax()]]
    while len(middles) < REGIONS:
        likest = torch.stack([roots.T @ one for one in middles]).amax(0)  # (M,)
        middles.append(roots[:, likest.argmin()])
    found = torch.stack(middles)  # (R, Q)
    for _ in range(ROUNDS):
        member = torch.nn.functional.one_hot((found @ roots).argmax(0), len(found)).float()
        found = torch.nn.functional.normalize((roots @ member).T, dim=1)
    likeness, number = (found @ roots).max(0)
    regions = []
    for one in range(len(found)):
        cells = (number == one).nonzero().flatten()
        if len(cells) < LEAST * len(number):
            continue
        cells = cells[likeness[cells].argsort(descending=True, stable=True)]
        color = own[:, cells].mean(1)
        modes = modes_of(belief[:, cells].mean(1), centres, color)
        regions.append(Region(cells, len(cells) / len(number), color, modes))
    return regions


def modes_of(belief: Tensor, centres: Tensor, shown: Tensor) -> tuple[Mode, ...]:
    """The strong modes of a belief (Q,), but for the one that is shown."""
    squared = torch.cdist(centres, centres).square()
    dense = torch.exp(squared / (-2 * SMOOTH**2)) @ belief
    free = (centres - shown).norm(dim=1) >= APART
    modes = []
    while free.any():
        peak = int(torch.where(free, dense, -1.0).argmax())
        near = (squared[peak] <= MODE**2) & free
        share = float(belief[near].sum())
        if share < PLAUSIBLE:
            break
        modes.append(Mode((belief[near, None] * centres[near]).sum(0) / share, share))
        free &= squared[peak] > APART**2
    return tuple(modes)


def another(regions: list[Region], shown: list[Tensor], clear: float) -> list[Mode | None] | None:
    """A mode for each region or None to leave it: that far from each of the versions (R, 2)."""
    area = torch.tensor([region.area for region in regions])
    taken: list[Mode | None] = [None] * len(regions)
    colors = shown[0].clone()
    moves = [
        (region.area * mode.share, number, mode)
        for number, region in enumerate(regions)
        for mode in region.modes
    ]
    while min(float((area * (colors - one).norm(dim=1)).sum()) for one in shown) < clear:
        new = [m for m in moves if taken[m[1]] is None and not _seen(m[1], m[2], shown)]
        if not new:
            return None
        _, number, mode = max(new, key=lambda move: move[0])
        taken[number], colors[number] = mode, mode.color
    return taken


def _seen(number: int, mode: Mode, shown: list[Tensor]) -> bool:
    """Has a version before shown this region so?"""
    return any(bool(torch.equal(one[number], mode.color)) for one in shown)


def hints_for(
    regions: list[Region], taken: list[Mode | None], lightness: Tensor, size: tuple[int, int]
) -> tuple[Hint, ...]:
    """Hints in the changed regions, pins on the others."""
    scene = scene_of(lightness.cpu(), torch.zeros(1, 2, *size), ())
    hints = []
    for region, mode in zip(regions, taken, strict=True):
        for cell in spots(region.cells, scene.position[0], SPOTS if mode else 1):
            row, column = divmod(cell, size[1])
            light = scene.lightness[0, 0, region.cells].mean().clamp(*SHADES)
            color = None if mode is None else written(mode.color, light)
            hints.append(Hint((column + 0.5) / size[1], (row + 0.5) / size[0], color))
    return tuple(hints)


def spots(cells: Tensor, position: Tensor, count: int) -> list[int]:
    """The most typical place of a region, then those of its typical half that lie farthest off."""
    typical = cells[: max(1, len(cells) // 2)]
    places = position[:, typical]  # (2, m)
    chosen = [0]
    while len(chosen) < min(count, len(typical)):
        distance = torch.cdist(places.T, places[:, chosen].T).amin(1)
        chosen.append(int(distance.argmax()))
    return [int(typical[number]) for number in chosen]


def written(color: Tensor, light: Tensor) -> str:
    """ "#rrggbb" of a colour (2,) at a lightness, with as much chroma as that has."""
    light = light.view(1, 1, 1)
    return hex_color(torch.cat((light, fit_gamut(light, color[:, None, None]))))
