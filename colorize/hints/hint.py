"""A hint: a place in a photo and the colour that the visitor gives it.

    python -c "from colorize.hints.hint import Hint; print(Hint(0.5, 0.25, '#b03020').rgb)"

Places are shares of the upright photo's width and height. A hint without a colour says "leave this
as it is".
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 500  # hints for one photo: more are no work of a hand, and each costs time and memory
COLOR = re.compile(r"#[0-9a-f]{6}")


class HintError(ValueError):
    """A hint or a file of hints that cannot be used; the text is a sentence for people."""


@dataclass(frozen=True)
class Hint:
    """One place and its colour, of which hue and chroma count: the lightness is the photo's."""

    x: float  # 0 is the left edge of the upright photo, 1 the right one
    y: float  # 0 is the top edge, 1 the bottom one
    color: str | None = None  # "#rrggbb"; None leaves the place as the model has it
    radius: float | None = None  # how far it reaches at most, as a share of the photo's longer side

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, _share(name, getattr(self, name)))
        if self.radius is not None:
            object.__setattr__(self, "radius", _share("radius", self.radius))
            if self.radius == 0:
                raise HintError("A hint's radius is 0; it must be above 0, or left out.")
        if self.color is not None:
            object.__setattr__(self, "color", _color(self.color))

    @property
    def rgb(self) -> tuple[int, int, int] | None:
        """The colour in 0..255."""
        if self.color is None:
            return None
        red, green, blue = bytes.fromhex(self.color[1:])
        return red, green, blue


def check_hints(hints: Iterable[Hint]) -> tuple[Hint, ...]:
    """The hints as a tuple, if there are not too many."""
    hints = tuple(hints)
    if len(hints) > MOST:
        raise HintError(
            f"{len(hints):,} hints were given; at most {MOST:,} are taken for one photo. "
            "Remove those that change least."
        )
    for hint in hints:
        if not isinstance(hint, Hint):
            raise HintError(
                f"{quoted(hint)} is no hint: give `Hint`s, or what `read_hints` reads of a file."
            )
    return hints


def _share(name: str, value: object) -> float:
    """A number from 0 to 1."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < 1e300 else math.inf  # and no integer of 400 digits
        if 0 <= number <= 1:
            return number
    raise HintError(
        f"A hint's {name} is {quoted(value)}; it must be a number from 0 to 1, a share of the "
        "upright photo."
    )


def _color(value: object) -> str:
    if isinstance(value, str) and COLOR.fullmatch(value.lower()):
        return value.lower()
    raise HintError(
        f'A hint\'s color is {quoted(value)}; it must be "#rrggbb" in sixteens, such as '
        '"#b03020", or null for "leave it as it is".'
    )


def quoted(value: object, most: int = 60) -> str:
    """A value in a sentence, cut where it is long."""
    if isinstance(value, int) and abs(value) >= 10**most:
        return f"an integer of more than {most} digits"
    try:
        text = repr(value)
    except RecursionError:
        text = type(value).__name__
    return text if len(text) <= most else text[: most - 1] + "…"
