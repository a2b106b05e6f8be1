"""Full-resolution lightness + colour lines -> 8-bit sRGB, strip by strip.

    python -m colorize bench        # what it costs at 12 megapixels

Between L and light stands one curve: f = (L + 16) / 116, light = f^3. In these terms colour is
fx = f + a / 500 and fz = f - b / 200, so that lines of ab over L are lines of fx and fz over f, and
a pixel costs two multiplications, two cubes, a 3x3 mix and the look-ups of gamma. Strips of a few
rows stay in the processor's cache. Colours that do not exist are set aside and fitted in bulk.
"""

import numpy as np
import torch
from torch import Tensor

from colorize.lab import (
    RGB_TO_XYZ,
    WHITE,
    compress,
    expand,
    fit_gamut,
    lab_to_pixels,
    to_gamma,
    to_linear,
)
from colorize.upsample import Lines, resize

STRIP = 1 << 17  # pixels a strip, if a row is not longer
TALLEST = 1 << 9  # rows of a strip
MANY = 1 << 18  # misfits that are worth mending together
STEPS = 1 << 16  # of light in the tables; near black one is a fiftieth of an L
SLACK = 1.5e-4  # linear light outside [0, 1] by less than this, half a step of 8 bits, is not seen


class Painter:
    """The tables, made once; `paint` uses them for any number of photos."""

    def __init__(self) -> None:
        matrix = torch.tensor(RGB_TO_XYZ, dtype=torch.float64)
        white = torch.tensor(WHITE, dtype=torch.float64)
        self.to_rgb = (matrix.inverse() * white * STEPS).float().tolist()  # of fx^3, f^3, fz^3
        levels = to_linear(torch.arange(256, dtype=torch.float64) / 255)
        self.steps = (matrix[1, :, None] * levels * STEPS).round().int()  # (3, 256), they add up
        light = torch.arange(STEPS + 3) / STEPS  # three roundings may pass white by a step
        self.root = compress(light)
        middles = (light + 0.5 / STEPS).clamp(max=1)  # `paint` rounds light down to a step
        self.gamma = (to_gamma(middles) * 255).round().to(torch.uint8)

    def paint(self, pixels: np.ndarray, lines: Lines, saturation: float = 1.0) -> np.ndarray:
        """(H, W, 3) uint8 in any colours -> the same lightness in new colours."""
        height, width, _ = pixels.shape
        if width > STRIP and width > height:  # a row that is no strip: turn the photo on its side
            turned = Lines(lines.slope.mT, lines.offset.mT)
            return self.paint(pixels.swapaxes(0, 1), turned, saturation).swapaxes(0, 1)
        out = np.empty_like(pixels, order="C")
        wide = _widen(_in_roots(lines, saturation), width)  # (4, h, W)
        misfits = OutOfGamut(torch.from_numpy(out).view(-1, 3))
        rows = min(max(1, STRIP // width), TALLEST)
        for top in range(0, height, rows):
            out[top : top + rows] = pixels[top : top + rows]
            strip = torch.from_numpy(out[top : top + rows])
            root = self.roots(strip)  # (rows, W)
            x_slope, z_slope, x, z = _lengthen(wide, top, len(strip), height)
            x.addcmul_(x_slope, root)
            z.addcmul_(z_slope, root)
            linear = self._mix(x, root, z)
            misfits.note(linear, root, x, z, top * width)
            for channel, light in enumerate(linear):
                step = light.clamp_(0, STEPS).to(torch.int32).view(-1)
                strip[..., channel] = self.gamma.index_select(0, step).view(root.shape)
            misfits.mend(at_least=MANY)
        misfits.mend()
        return out

    def roots(self, pixels: Tensor) -> Tensor:
        """(rows, W, 3) uint8 -> (rows, W): f of every pixel, from its light."""
        red, green, blue = (
            table.index_select(0, level)
            for table, level in zip(self.steps, pixels.view(-1, 3).int().unbind(1), strict=True)
        )
        return self.root.index_select(0, red.add_(green).add_(blue)).view(pixels.shape[:2])

    def _mix(self, x: Tensor, y: Tensor, z: Tensor) -> list[Tensor]:
        """fx, f, fz -> red, green and blue light, in STEPS, not clipped."""
        xyz = [expand(f) for f in (x, y, z)]
        return [
            (xyz[0] * row[0]).add_(xyz[1], alpha=row[1]).add_(xyz[2], alpha=row[2])
            for row in self.to_rgb
        ]


class OutOfGamut:
    """Pixels whose colour does not exist, gathered over the strips and given what chroma there is.

    Finding that chroma takes hundreds of small operations, so it is done for many pixels at once.
    """

    def __init__(self, out: Tensor) -> None:
        self.out = out  # (H W, 3) uint8
        self.waiting: list[Tensor] = []  # each (4, n): place, f, fx, fz

    def note(self, linear: list[Tensor], root: Tensor, x: Tensor, z: Tensor, start: int) -> None:
        """Keep what lies outside; `start` is the place of the strip's first pixel."""
        low = torch.minimum(torch.minimum(linear[0], linear[1]), linear[2])
        high = torch.maximum(torch.maximum(linear[0], linear[1]), linear[2])
        excess = torch.maximum(low.neg_(), high.sub_(STEPS))
        if excess.amax() <= SLACK * STEPS:
            return
        place = (excess > SLACK * STEPS).view(-1).nonzero().squeeze(1)
        found = [f.reshape(-1).index_select(0, place).double() for f in (root, x, z)]
        self.waiting.append(torch.stack((place + start, *found)))

    def mend(self, at_least: int = 1) -> None:
        """Paint the waiting pixels with the largest chroma that exists; L and hue stay."""
        if sum(x.shape[1] for x in self.waiting) < at_least:
            return
        place, *roots = torch.cat(self.waiting, dim=1)
        self.waiting.clear()
        y, x, z = (f.float() for f in roots)
        lightness, ab = 116 * y - 16, torch.stack((500 * (x - y), 200 * (y - z)))
        lightness, ab = lightness[None, :, None], ab[..., None]  # (C, n, 1): pictures to lab.py
        pixels = lab_to_pixels(torch.cat((lightness, fit_gamut(lightness, ab))))  # (n, 1, 3)
        self.out[place.long()] = torch.from_numpy(pixels[:, 0])


def _in_roots(lines: Lines, saturation: float) -> Tensor:
    """Lines of a, b over L -> (1, 4, h, w): slopes of fx and fz over f, then their offsets."""
    per_unit = saturation * lines.slope.new_tensor((1 / 500, -1 / 200))[:, None, None]
    slope = 1 + 116 * per_unit * lines.slope
    offset = per_unit * (lines.offset - 16 * lines.slope)
    return torch.cat((slope, offset), dim=1).float().cpu()


def _widen(x: Tensor, width: int) -> Tensor:
    """(1, C, h, w) -> (C, h, width), bilinear between pixel centres."""
    return resize(x, (x.shape[2], width))[0].contiguous()


def _lengthen(x: Tensor, top: int, rows: int, height: int) -> Tensor:
    """(C, h, W) -> (C, rows, W): rows `top`.. of the picture enlarged to `height` rows."""
    place = (torch.arange(top, top + rows) + 0.5) * (x.shape[1] / height) - 0.5
    place = place.clamp(0, x.shape[1] - 1)
    sources = torch.arange(int(place[0]), min(int(place[-1]) + 2, x.shape[1]))
    weights = (1 - (place[:, None] - sources).abs()).clamp(min=0)  # (rows, few): bilinear
    return weights @ x[:, sources[0] : sources[-1] + 1]
