"""A look inside: what a model believed about a pixel, where it was unsure, and the planes a and b.

    python -c "from colorize.web.belief import color_words; print(color_words(60, 40, 50))"

Maps are (H, W, 3) uint8. Words say what the pictures show to those who cannot see them.
"""

from dataclasses import dataclass
from math import atan2, degrees, hypot

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorize.bins import hull_centres
from colorize.lab import lab_to_pixels, pixels_to_lab
from colorize.web.studio import Preview

GRID = 16  # places a side among which the most vivid is found
MAP_LIGHTNESS = 68.0  # of the planes, so that only colour differs
# Deep blue, rose, orange, pale yellow: even steps of lightness, told apart by everyone.
SCALE = ((16.0, 14.0, -36.0), (48.0, 44.0, -8.0), (72.0, 28.0, 38.0), (95.0, -4.0, 32.0))
HUES = {  # name: where it ends on the circle of Lab, degrees
    "pink": 15, "red": 42, "orange": 72, "yellow": 107, "lime": 125, "green": 165, "teal": 195,
    "cyan": 232, "blue": 290, "violet": 318, "purple": 345,
}  # fmt: skip


@dataclass(frozen=True)
class Belief:
    """What a model held possible at one pixel, and what became of it."""

    centres: Tensor  # (Q, 2): the colours it knows
    shares: Tensor | None  # (Q,): their probabilities; None if it states one colour only
    lightness: float
    painted: tuple[float, float]  # ab
    original: tuple[float, float] | None  # ab of the upload, if it had colours

    def likeliest(self, count: int) -> list[tuple[float, str, tuple[float, float]]]:
        """The most probable colours: (share, name, mean ab); near ones count together."""
        if self.shares is None:
            return []
        groups: dict[str, Tensor] = {}
        for share, ab in zip(self.shares, self.centres, strict=True):
            name = color_words(self.lightness, *ab.tolist())
            weighed = torch.stack((share, share * ab[0], share * ab[1]))
            groups[name] = groups.get(name, 0) + weighed
        found = []
        for name, (share, a, b) in groups.items():
            if share:
                found.append((float(share), name, (float(a / share), float(b / share))))
        return sorted(found, reverse=True)[:count]


def belief_at(preview: Preview, painted: np.ndarray, x: int, y: int) -> Belief:
    """The model's belief at pixel (x, y) of the file; `painted` is the screen's picture."""
    look = preview.look
    column = min(max(x, 0), preview.width - 1) * look.photo.width // preview.width
    row = min(max(y, 0), preview.height - 1) * look.photo.height // preview.height
    lightness, a, b = _lab_at(painted, column, row)
    own = None if preview.gray else _lab_at(look.photo.pixels, column, row)[1:]
    known = hull_centres() if look.centres is None else look.centres  # a backdrop
    return Belief(known, look.belief(column, row), lightness, (a, b), own)


def most_vivid(painted: np.ndarray) -> tuple[float, float]:
    """Where the strongest colour is, as shares of width and height; of a grid, not of the grain."""
    small = Image.fromarray(painted).resize((GRID, GRID), Image.Resampling.BOX)
    chroma = pixels_to_lab(np.asarray(small))[1:].norm(dim=0)
    row, column = divmod(int(chroma.argmax()), GRID)
    return (column + 0.5) / GRID, (row + 0.5) / GRID


def entropy_map(entropy: Tensor) -> np.ndarray:
    """(h, w) nats -> dark where the model is sure, bright where it hesitates, for this photo."""
    low, high = entropy.quantile(0.02), entropy.quantile(0.98)
    place = ((entropy - low) / (high - low).clamp(min=1e-3)).clamp(0, 1) * (len(SCALE) - 1)
    lower = place.floor().long().clamp(max=len(SCALE) - 2)
    stops = torch.tensor(SCALE)
    lab = torch.lerp(stops[lower], stops[lower + 1], (place - lower)[..., None])
    return lab_to_pixels(lab.permute(2, 0, 1))


def planes(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The planes a (green to red) and b (blue to yellow) of a photo, at one lightness."""
    _, a, b = pixels_to_lab(pixels)
    lightness, none = torch.full_like(a, MAP_LIGHTNESS), torch.zeros_like(a)
    return lab_to_pixels(torch.stack((lightness, a, none))), lab_to_pixels(
        torch.stack((lightness, none, b))
    )


def color_words(lightness: float, a: float, b: float) -> str:
    """A plain name, such as "light orange" or "dark grey"."""
    chroma, hue = hypot(a, b), degrees(atan2(b, a)) % 360
    tone = "dark " if lightness < 35 else "light " if lightness > 75 else ""
    if chroma < 6:
        return f"{tone}grey"
    name = next((word for word, end in HUES.items() if hue < end), "pink")
    if name in ("orange", "red") and lightness < 62 and chroma < 48:
        name = "brown"
    strength = "greyish " if chroma < 16 else "vivid " if chroma > 62 else ""
    return f"{tone}{strength}{name}"


def css(lightness: float, a: float, b: float) -> str:
    """#rrggbb of a Lab colour."""
    red, green, blue = lab_to_pixels(torch.tensor([lightness, a, b])[:, None, None])[0, 0]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _lab_at(pixels: np.ndarray, column: int, row: int) -> tuple[float, float, float]:
    """Lab of the 3 x 3 pixels around a place, so that grain does not decide."""
    around = pixels[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    lightness, a, b = pixels_to_lab(around).mean(dim=(1, 2)).tolist()
    return lightness, a, b
