"""A reference photo: its colours, carried over where both photos mean the same, as hints.

    from colorize.hints.reference import borrow, open_reference, reference_of
    photo = open_reference("the-same-room-today.jpg")
    borrow(look.model, look.output, look.shown.lightness, reference_of(colorizer.look(photo)))

The model looks at the lightness of both. Where it believes the same of a place here and of places
there, and they are equally light, the mean true colour of those becomes a hint here. Where nothing
there is like it, a place is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot, sqrt
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from colorize.agreement import decode_in_agreement
from colorize.hints.hint import MOST, Hint, HintError, check_hints, quoted
from colorize.hints.likeness import Scene, pick, scene_of, unlike
from colorize.hints.pins import hex_color, pins_on
from colorize.hints.steer import WIDE, choices
from colorize.lab import pixels_to_lab
from colorize.model import Model
from colorize.photo import Photo, is_gray, open_photo

if TYPE_CHECKING:
    from colorize.look import Look

PLACES = 30  # of the photo for which something like them is sought
LIKE = 0.97  # overlap of beliefs, times likeness of lightness, from which on two places are alike
BESIDE = 0.12  # of the photo's sides: so near to a person's hint the reference says nothing
CONTRAST = 10.0  # units of L: width of that likeness
SHARPNESS = 30.0  # of the mean over the reference: what is less alike by this share counts 1 / e


@dataclass(frozen=True)
class Reference:
    """A photo in colour, as a model sees it without and as it is."""

    output: Tensor  # (1, C, h, w): what the model says to its lightness
    lightness: Tensor  # (1, 1, H, W)
    color: Tensor  # (1, 2, h, w): its own ab


@dataclass(frozen=True)
class Borrowed:
    """A hint, and the place of the reference from which its colour comes."""

    hint: Hint
    source: tuple[float, float] | None  # x and y in shares; None: left as it is, nothing is like it
    likeness: float  # of the two places, 0..1


def open_reference(source: str | bytes, name: str | None = None) -> Photo:
    """The photo, if there are colours in it."""
    photo = open_photo(source, name=name)
    if is_gray(photo):
        name = f'"{photo.name}"' if photo.name else "The reference photo"
        raise HintError(
            f"{name} is grey or of one tint, so it has no colours to give: take another."
        )
    return photo


def reference_of(look: "Look") -> Reference:
    """A photo that the model has looked at, in its own colours."""
    ab = pixels_to_lab(look.photo.pixels)[None, 1:]
    height, width = look.output.shape[2:]
    color = F.interpolate(ab, size=(height, width), mode="area")
    return Reference(look.output, look.shown.lightness, color)


@torch.inference_mode()
def borrow(
    model: Model,
    output: Tensor,
    lightness: Tensor,
    reference: Reference,
    strength: float = 1.0,
    temperature: float | None = None,
) -> tuple[Borrowed, ...]:
    """Hints for one photo (1, C, h, w); strength is how far they go from its own colours."""
    if not 0 <= strength <= 1:
        raise HintError(
            f"A strength of {quoted(strength)} was given; it must lie between 0 (nothing of the "
            "reference) and 1 (its colours)."
        )
    own = decode_in_agreement(model, output, lightness, temperature)
    scene = _scene(model, output, lightness, own)
    cells = typical(scene, own.shape[2], own.shape[3])
    here = scene.at(cells)
    theirs = decode_in_agreement(model, reference.output, reference.lightness, temperature)
    there = _scene(model, reference.output, reference.lightness, theirs)
    likeness, color, source = match(here, there, reference.color.flatten(2))
    color = torch.lerp(pick(own.flatten(2), cells), color, strength)
    return tuple(
        _borrowed(
            (int(cell), own.shape[3], own.shape[2]),
            torch.cat((here.lightness[0, :, k], color[0, :, k])),
            float(likeness[0, k]),
            (int(source[0, k]), reference.output.shape[3], reference.output.shape[2]),
        )
        for k, cell in enumerate(cells[0])
    )


def with_borrowed(hints: Sequence[Hint], borrowed: Sequence[Borrowed]) -> tuple[Hint, ...]:
    """A person's hints, and what a reference says of places that are not beside one of them."""
    own = check_hints(hints)
    further = [
        one.hint
        for one in borrowed
        if not any(hypot(one.hint.x - hint.x, one.hint.y - hint.y) < BESIDE for hint in own)
    ]
    return (*own, *further[: MOST - len(own)])


@torch.inference_mode()
def regions(
    model: Model,
    output: Tensor,
    lightness: Tensor,
    hints: Sequence[Hint],
    temperature: float | None = None,
) -> Tensor:
    """(h, w) int64: the number of the hint that each place of one photo is most like."""
    own = decode_in_agreement(model, output, lightness, temperature)
    scene = _scene(model, output, lightness, own)
    apart = unlike(scene, scene.at(pins_on(own, [hints]).cells))
    return WIDE(apart, torch.ones(1).to(own))[0].argmax(1).view(own.shape[2:])


def match(here: Scene, there: Scene, colors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of K places the best likeness (N, K), colours of all like ones (N, 2, K), the best place."""
    apart = unlike(here, there)  # (N, K, M)
    light = apart.light / (2 * CONTRAST**2)
    likeness, source = ((1 - apart.belief) * torch.exp(-light)).max(dim=2)
    share = torch.softmax(-SHARPNESS * apart.belief - light, dim=2)
    return likeness, colors @ share.mT, source


def typical(scene: Scene, height: int, width: int) -> Tensor:
    """(1, K): of every block of the photo, the place whose beliefs are most like the block's."""
    side = sqrt(height * width / PLACES)
    rows, columns = ceil(height / side), ceil(width / side)
    number = torch.arange(height * width)
    block = (number // width * rows // height) * columns + number % width * columns // width
    mean = scene.roots or (scene.color,)
    found = []
    for one in range(rows * columns):
        cells = (block == one).nonzero().flatten()
        off = sum((x[0][:, cells] - x[0][:, cells].mean(1, keepdim=True)).norm(dim=0) for x in mean)
        found.append(cells[torch.as_tensor(off).argmin()])
    return torch.stack(found)[None]


def _scene(model: Model, output: Tensor, lightness: Tensor, own: Tensor) -> Scene:
    beliefs = (torch.softmax(logits.float(), dim=1) for logits, _ in choices(model, output))
    return scene_of(lightness, own, tuple(beliefs))


def _borrowed(
    cell: tuple[int, int, int], lab: Tensor, likeness: float, source: tuple[int, int, int]
) -> Borrowed:
    """Cells are (number, width, height); lab is (3,)."""
    like = likeness >= LIKE
    x, y = _center(*cell)
    hint = Hint(x, y, hex_color(lab.view(3, 1, 1)) if like else None)
    return Borrowed(hint, _center(*source) if like else None, likeness)


def _center(number: int, width: int, height: int) -> tuple[float, float]:
    row, column = divmod(number, width)
    return (column + 0.5) / width, (row + 0.5) / height
