"""Hints: places in a photo and the colours that the visitor gives them, and the file that holds them.

    python -c "from colorize.hints import read_hints; print(read_hints('hints.json'))"

The file is a JSON list: [{"x": 0.5, "y": 0.25, "color": "#b03020"}, {"x": 0, "y": 1, "color": null}].
Places are shares of the upright photo's width and height; null says "leave this as it is".
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from colorize.files import write_whole
from colorize.lab import rgb_to_lab

MOST = 1_000  # hints for one photo: more are no work of a hand, and their cost grows with the square
LARGEST = 1 << 20  # bytes of a file of hints: a thousand take a tenth of it
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
    def ab(self) -> tuple[float, float]:
        """Hue and chroma of the colour, as a and b of Lab; of a hint that has one."""
        rgb = torch.tensor([int(self.color[i : i + 2], 16) for i in (1, 3, 5)])  # type: ignore[index]
        a, b = rgb_to_lab(rgb[:, None, None] / 255)[1:].flatten().tolist()
        return a, b


def check_hints(hints: Iterable[Hint]) -> tuple[Hint, ...]:
    """The hints as a tuple, if there are not too many."""
    hints = tuple(hints)
    if len(hints) > MOST:
        raise HintError(
            f"{len(hints):,} hints were given; at most {MOST:,} are taken for one photo. "
            "Remove those that change least."
        )
    return hints


def parse_hints(text: str | bytes) -> tuple[Hint, ...]:
    """The hints that a JSON text lists."""
    if len(text) > LARGEST:
        raise HintError(
            f"The list of hints is {len(text):,} bytes long; at most {LARGEST:,} are read. "
            f"A photo takes up to {MOST:,} hints."
        )
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HintError(f"The hints are no JSON ({error}). Save them again.") from error
    if isinstance(listed, dict) and "version" in listed:
        raise HintError(
            f"The hints are of version {_shown(listed['version'])}; this program reads the plain "
            "list of the first one. Save them again with this program, or update it."
        )
    if not isinstance(listed, list):
        raise HintError(
            f"The hints are {_shown(listed)}, not a list. Write "
            '[{"x": 0.5, "y": 0.5, "color": "#b03020"}].'
        )
    return make_hints(listed)


def make_hints(listed: Sequence[object]) -> tuple[Hint, ...]:
    """Hints of decoded JSON; the sentence of an error tells which one is wrong."""
    if len(listed) > MOST:
        check_hints(listed)  # type: ignore[arg-type]  # only their number is looked at
    hints = []
    for number, described in enumerate(listed, start=1):
        try:
            hints.append(_hint(described))
        except HintError as error:
            raise HintError(f"Hint {number} of {len(listed)}: {error}") from error
    return tuple(hints)


def write_text(hints: Iterable[Hint]) -> str:
    """The JSON list, one hint a line."""
    lines = []
    for hint in check_hints(hints):
        described = asdict(hint)
        if hint.radius is None:
            del described["radius"]
        lines.append("  " + json.dumps(described))
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def read_hints(path: str | Path) -> tuple[Hint, ...]:
    """The hints in a file."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise HintError(
            f"The hints {path} cannot be read: {error.strerror or error}. Give the path of a JSON "
            "file of hints."
        ) from error
    try:
        return parse_hints(text)
    except HintError as error:
        raise HintError(f"{path}: {error}") from error


def save_hints(hints: Iterable[Hint], path: str | Path) -> Path:
    """Write the file, whole or not at all."""
    path = Path(path)
    write_whole(path, write_text(hints).encode())
    return path


def _hint(described: object) -> Hint:
    if not isinstance(described, dict):
        raise HintError(f"It is {_shown(described)}; it must be an object with x, y and color.")
    known = Hint.__dataclass_fields__
    unknown = [key for key in described if key not in known]
    if unknown:
        raise HintError(
            f"It has {_shown(unknown[0])}, which no hint has; known are {', '.join(known)}."
        )
    for name in ("x", "y", "color"):
        if name not in described:
            raise HintError(f"It has no {name}; x, y and color (or null for none) are needed.")
    return Hint(**described)


def _share(name: str, value: object) -> float:
    """A number from 0 to 1."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < 1e300 else math.inf  # and no integer of 400 digits
        if 0 <= number <= 1:
            return number
    raise HintError(
        f"A hint's {name} is {_shown(value)}; it must be a number from 0 to 1, a share of the "
        "upright photo."
    )


def _color(value: object) -> str:
    if isinstance(value, str) and COLOR.fullmatch(value.lower()):
        return value.lower()
    raise HintError(
        f'A hint\'s color is {_shown(value)}; it must be "#rrggbb" in sixteens, such as '
        '"#b03020", or null for "leave it as it is".'
    )


def _shown(value: object, most: int = 60) -> str:
    """A value in a sentence, cut where it is long."""
    if isinstance(value, int) and abs(value) >= 10**most:
        return f"an integer of more than {most} digits"
    try:
        text = repr(value)
    except RecursionError:
        text = type(value).__name__
    return text if len(text) <= most else text[: most - 1] + "…"
