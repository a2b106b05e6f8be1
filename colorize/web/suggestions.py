"""What the visitor's hand is offered: colours for a spot, other versions, what a reference lends.

    from colorize.web.studio import Studio
    print(Studio().swatches("old.jpg", Settings("rebalanced"), 0.5, 0.5))

Pictures are (H, W, 3) uint8, as small as a thumbnail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image

from colorize.hints.alternatives import SHADES, alternatives, written
from colorize.hints.hint import Hint
from colorize.hints.reference import Borrowed, open_reference, regions
from colorize.look import Look
from colorize.photo import shrink
from colorize.settings import Settings
from colorize.web.belief import Belief, css

SIDE = 360  # pixels of a small picture's longer side
OFFERED = 6  # colours for a spot


@dataclass(frozen=True)
class Swatch:
    """A colour that the model held possible at a spot."""

    color: str  # "#rrggbb", for a hint
    shown: str  # the same at the spot's own lightness, as it would look there
    share: float  # of the belief, 0..1
    words: str  # such as "light orange"


@dataclass(frozen=True)
class Version:
    """The whole photo with other colours."""

    hints: tuple[Hint, ...]
    pixels: np.ndarray


@dataclass(frozen=True)
class Loan:
    """What a reference photo lends: to the same number belong a hint, its source and its region."""

    borrowed: tuple[Borrowed, ...]  # where in the reference each hint comes from
    taken: np.ndarray  # the photo painted where it took colour, and grey elsewhere
    reference: np.ndarray  # the reference itself
    regions: np.ndarray  # (h, w): the number of the hint that each place goes by

    @property
    def hints(self) -> tuple[Hint, ...]:
        return tuple(one.hint for one in self.borrowed)


def swatches(belief: Belief) -> list[Swatch]:
    """The likeliest first; none where the model states one colour only."""
    light = torch.tensor(belief.lightness).clamp(*SHADES)
    return [
        Swatch(written(torch.tensor(ab), light), css(belief.lightness, *ab), share, words)
        for share, words, ab in belief.likeliest(OFFERED)
    ]


def versions(look: Look, settings: Settings) -> list[Version]:
    """Up to three, clearly different from what is shown without hints and from each other."""
    light, temperature = look.shown.lightness, settings.temperature
    found = alternatives(look.model, look.output, light, temperature=temperature)
    return [Version(hints, _painted(look, settings, hints)) for hints in found]


def loan(look: Look, settings: Settings) -> Loan:
    """What the settings' reference photo lends."""
    assert settings.reference is not None
    borrowed = look.borrow(settings)
    hints = [one.hint for one in borrowed]
    light, temperature = look.shown.lightness, settings.temperature
    number = regions(look.model, look.output, light, hints, temperature).numpy()
    took = np.array([hint.color is not None for hint in hints])[number]
    painted, grey = (
        _painted(look, replace(settings, saturation=saturation), hints)
        for saturation in (settings.saturation, 0.0)
    )
    size = painted.shape[1], painted.shape[0]
    here = np.array(Image.fromarray(took).resize(size, Image.Resampling.NEAREST))
    taken = np.where(here[..., None], painted, grey)
    return Loan(borrowed, taken, shrink(open_reference(settings.reference), SIDE).pixels, number)


def _painted(look: Look, settings: Settings, hints: Sequence[Hint]) -> np.ndarray:
    small = replace(look, photo=shrink(look.photo, SIDE))
    return small.render(replace(settings, hints=hints, reference=None)).pixels
