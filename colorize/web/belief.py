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

from colorize.bins import HULL_ROWS
from colorize.lab import lab_to_rgb, rgb_to_lab
from colorize.web.studio import Sight

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
        found = [(float(g[0]), name, (g[1:] / g[0]).tolist()) for name, g in groups.items() if g[0]]
        return sorted(found, reverse=True)[:count]


def ask(sight: Sight, painted: np.ndarray, x: int, y: int) -> Belief:
    """The model's belief at pixel (x, y) of the file; `painted` is the screen's picture."""
    look = sight.look
    column = min(max(x, 0), sight.width - 1) * look.photo.width // sight.width
    row = min(max(y, 0), sight.height - 1) * look.photo.height // sight.height
    lightness, *ab = _lab_at(painted, column, row)
    own = None if sight.gray else tuple(_lab_at(look.photo.pixels, column, row)[1:])
    shares = look.belief(column, row)
    known = look.centres if shares is not None else _hull()
    return Belief(known, shares, lightness, tuple(ab), own)


def most_vivid(painted: np.ndarray) -> tuple[float, float]:
    """Where the strongest colour is, as shares of width and height; of a grid, not of the grain."""
    small = Image.fromarray(painted).resize((GRID, GRID), Image.Resampling.BOX)
    chroma = to_lab(np.asarray(small))[1:].norm(dim=0)
    row, column = divmod(int(chroma.argmax()), GRID)
    return (column + 0.5) / GRID, (row + 0.5) / GRID


def entropy_map(entropy: Tensor) -> np.ndarray:
    """(h, w) nats -> dark where the model is sure, bright where it hesitates, for this photo."""
    low, high = entropy.quantile(0.02), entropy.quantile(0.98)
    place = ((entropy - low) / (high - low).clamp(min=1e-3)).clamp(0, 1) * (len(SCALE) - 1)
    lower = place.floor().long().clamp(max=len(SCALE) - 2)
    stops = torch.tensor(SCALE)
    lab = torch.lerp(stops[lower], stops[lower + 1], (place - lower)[..., None])
    return to_pixels(lab.permute(2, 0, 1))


def planes(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The planes a (green to red) and b (blue to yellow) of a photo, at one lightness."""
    _, a, b = to_lab(pixels)
    lightness, none = torch.full_like(a, MAP_LIGHTNESS), torch.zeros_like(a)
    return to_pixels(torch.stack((lightness, a, none))), to_pixels(
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
    red, green, blue = to_pixels(torch.tensor([lightness, a, b])[:, None, None])[0, 0]
    return f"#{red:02x}{green:02x}{blue:02x}"


def to_lab(pixels: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 -> (3, H, W)."""
    return rgb_to_lab(torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255)


def to_pixels(lab: Tensor) -> np.ndarray:
    """(3, H, W) -> (H, W, 3) uint8."""
    return (lab_to_rgb(lab) * 255).round().byte().permute(1, 2, 0).numpy()


def _lab_at(pixels: np.ndarray, column: int, row: int) -> list[float]:
    """Lab of the 3 x 3 pixels around a place, so that grain does not decide."""
    around = pixels[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return to_lab(around).mean(dim=(1, 2)).tolist()


def _hull() -> Tensor:
    """(313, 2): the natural colours, as a backdrop for models that know no bins."""
    rows = HULL_ROWS.items()
    return torch.tensor([(a, b) for a, (first, last) in rows for b in range(first, last + 1, 10)])
