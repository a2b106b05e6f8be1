"""Age: what years, cameras and scanners do to the lightness of a photo. Colours stay the truth's.

    python -m train fit classification --data CACHE --output RUN --aged 0.3

`age` draws from its seed which of the EFFECTS happen to a photo and how strongly, in the order in
which they happen to a print: in the camera, in the darkroom, in the album, on the scanner. Lengths
are in units of a 160th of the shorter side, the size at which networks see photos.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

UNITS = 160  # of length, along the shorter side
LUMINANCE = (  # the table of the JPEG standard, annex K
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
Draw = np.random.Generator
Effect = Callable[[Tensor, Draw, float], Tensor]  # (1, 1, H, W) in 0..1, draws, pixels a unit


def age_batch(lightness: Tensor, seeds: Tensor) -> Tensor:
    """(N, 1, H, W) in 0..100, each photo aged by its seed; those below 0 stay as they are."""
    aged = lightness.clone()
    for number, seed in enumerate(seeds.tolist()):
        if seed >= 0:
            aged[number : number + 1] = age(lightness[number : number + 1], seed)
    return aged


def age(lightness: Tensor, seed: int) -> Tensor:
    """(1, 1, H, W) in 0..100 -> the lightness of the same photo, old: a function of the seed."""
    draw = np.random.default_rng(seed)
    x, unit = lightness.float() / 100, min(lightness.shape[2:]) / UNITS
    for effect, likely in EFFECTS.items():
        happens, own = draw.random() < likely, np.random.default_rng(draw.integers(2**63))
        if happens:
            x = effect(x, own, unit).clamp(0, 1)
    return (100 * x).to(lightness.dtype)


def blur(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """A soft lens, or a hand that moved: up to a unit and a half."""
    return gaussian(x, unit * draw.uniform(0.3, 1.5))


def fade(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Blacks turn grey, whites yellow: the tones shrink into a part of the range."""
    dark, light = draw.uniform(0, 0.3), draw.uniform(0.65, 1)
    return dark + (light - dark) * x


def harden(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """A hard paper: contrast around a middle, the ends lost."""
    middle, contrast = draw.uniform(0.35, 0.65), draw.uniform(1.2, 2.2)
    return middle + contrast * (x - middle)


def bend(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Under- or overexposed: the tones to a power within 1/1.8 .. 1.8."""
    return x.clamp(min=0) ** float(1.8 ** draw.uniform(-1, 1))


def vignette(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Corners darker, or bleached, than the middle."""
    rows, columns = (torch.linspace(-1, 1, side, device=x.device) for side in x.shape[2:])
    distance = (rows[:, None] ** 2 + columns**2) / 2  # 0 in the middle, 1 in the corners
    strength = draw.uniform(0.2, 0.7)
    if draw.random() < 0.25:
        return x + (1 - x) * strength * distance
    return x * (1 - strength * distance)


def veil(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Stray light and stains: a smooth field, lighter here and darker there."""
    field = noise(x, draw, unit * draw.uniform(25, 60))
    return x + draw.uniform(0.03, 0.12) * field


def grain(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Silver, fine or coarse: strongest in the middle tones."""
    speckle = noise(x, draw, unit * draw.uniform(0.3, 2.0))
    return x + draw.uniform(0.015, 0.08) * speckle * (0.4 + 2.4 * x * (1 - x))


def paper(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """The tooth of the paper: a fine weave, or noise between two sizes."""
    strength = draw.uniform(0.01, 0.05)
    if draw.random() < 0.5:
        size = unit * draw.uniform(0.8, 2)
        return x * (1 + strength * (noise(x, draw, size) - noise(x, draw, 3 * size)))
    wave = [
        torch.sin(angle) for angle in rotated(x, draw.uniform(0, 90), unit * draw.uniform(3, 6))
    ]
    return x * (1 + strength * (wave[0] + wave[1]))


def dust(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Specks of one to three units, most of them light."""
    height, width = x.shape[2:]
    rows, columns = (torch.arange(side, device=x.device).float() for side in (height, width))
    for _ in range(int(draw.integers(3, 25))):
        middle = draw.random(2) * (height, width)
        radius = unit * draw.uniform(0.4, 1.5)
        squared = (rows[:, None] - middle[0]) ** 2 + (columns - middle[1]) ** 2
        cover = torch.exp(-squared / (2 * radius**2)) * draw.uniform(0.4, 1)
        x = torch.lerp(x, x.new_tensor(float(draw.random() < 0.7)), cover)
    return x


def scratches(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Thin lines across the print, mostly upright, light or dark, each of a part of its length."""
    rows, columns = (torch.arange(side, device=x.device).float() for side in x.shape[2:])
    for _ in range(int(draw.integers(1, 7))):
        start, slope = draw.uniform(0, len(columns)), draw.normal(0, 0.25)
        first, last = np.sort(draw.random(2)) * len(rows)
        away = columns - (start + slope * rows[:, None])  # pixels to the line, along the row
        there = ((rows >= first) & (rows <= last)).float()[:, None]
        cover = torch.exp(-((away / (unit * draw.uniform(0.25, 0.7))) ** 2)) * there
        x = torch.lerp(x, x.new_tensor(float(draw.random() < 0.7)), cover * draw.uniform(0.3, 0.9))
    return x


def halftone(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """A newspaper's screen: dots that grow with the ink, seen through a scanner's blur."""
    period = max(2.5, unit * draw.uniform(2, 4))
    across, along = rotated(x, draw.uniform(15, 75), period)
    screen = 0.5 + (torch.cos(across) + torch.cos(along)) / 4  # 0..1
    dots = torch.sigmoid(draw.uniform(4, 10) * (x - screen))
    return torch.lerp(x, gaussian(dots, 0.3 * period), draw.uniform(0.3, 0.8))


def jpeg(x: Tensor, draw: Draw, unit: float) -> Tensor:
    """Blocks of 8x8 pixels whose cosines are rounded, of quality 15 to 70."""
    quality = draw.uniform(15, 70)
    scale = 50 / quality if quality < 50 else 2 - quality / 50
    table = (x.new_tensor(LUMINANCE) * scale).round().clamp(1, 255)
    cosines = cosine_basis(x)
    height, width = x.shape[2:]
    padded = F.pad(x, (0, -width % 8, 0, -height % 8), mode="replicate") * 255 - 128
    blocks = padded.unfold(2, 8, 8).unfold(3, 8, 8)  # (1, 1, rows, columns, 8, 8)
    rounded = (cosines @ blocks @ cosines.T / table).round() * table
    whole = (cosines.T @ rounded @ cosines).permute(0, 1, 2, 4, 3, 5).reshape(padded.shape)
    return (whole[:, :, :height, :width] + 128) / 255


EFFECTS: dict[Effect, float] = {  # and how likely each is, in the order of a print's life
    blur: 0.35,
    bend: 0.3,
    harden: 0.2,
    vignette: 0.3,
    grain: 0.6,
    fade: 0.4,
    veil: 0.3,
    paper: 0.2,
    dust: 0.2,
    scratches: 0.2,
    halftone: 0.06,
    jpeg: 0.3,
}


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """(1, 1, H, W) blurred by a Gaussian of so many pixels; edges go on as they end."""
    reach = min(max(1, int(3 * sigma)), min(x.shape[2:]) - 1)
    steps = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-((steps / sigma) ** 2) / 2)
    kernel = kernel / kernel.sum()
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="replicate"), kernel[None, None, None])
    return F.conv2d(F.pad(x, (0, 0, reach, reach), mode="replicate"), kernel[None, None, :, None])


def noise(x: Tensor, draw: Draw, size: float) -> Tensor:
    """Smooth noise of mean 0 and variance about 1, its spots so many pixels large, shaped as x."""
    shape = [max(2, round(side / max(1.0, size)) + 1) for side in x.shape[2:]]
    coarse = torch.from_numpy(draw.standard_normal(shape, dtype=np.float32)).to(x.device)
    if tuple(shape) == tuple(x.shape[2:]):
        return coarse[None, None]
    return F.interpolate(coarse[None, None], x.shape[2:], mode="bicubic", align_corners=True)


def rotated(x: Tensor, degrees: float, period: float) -> tuple[Tensor, Tensor]:
    """The phases, in radians, of two waves at right angles over the photo: (H, W) each."""
    rows, columns = (torch.arange(side, device=x.device).float() for side in x.shape[2:])
    turn, pace = np.deg2rad(degrees), 2 * np.pi / period
    across = columns * float(np.cos(turn)) + rows[:, None] * float(np.sin(turn))
    along = rows[:, None] * float(np.cos(turn)) - columns * float(np.sin(turn))
    return pace * across, pace * along


def cosine_basis(x: Tensor) -> Tensor:
    """(8, 8): the orthonormal cosine transform of eight samples, a row a frequency."""
    steps = torch.arange(8, device=x.device, dtype=x.dtype)
    basis = torch.cos(torch.pi * (steps + 0.5) * steps[:, None] / 8) / 2
    basis[0] /= 2**0.5
    return basis
