"""Full-resolution lightness + colour lines -> 8-bit sRGB, strip by strip.

    python -m colorize bench        # what it costs at 12 megapixels

Per pixel this is ab = slope L + offset, Lab -> linear RGB, chroma reduced where the colour does
not exist, gamma, rounding. Strips of a few rows stay in the cache and keep the memory small;
tables replace powers: a photo has 256 values a channel, and gamma needs no more than 8 bits out.
"""

import numpy as np
import torch
from torch import Tensor

from colorize.lab import RGB_TO_XYZ, WHITE, fit_gamut, lab_to_rgb, lightness_to_gray, rgb_to_lab
from colorize.upsample import Lines

STRIP = 1 << 18  # pixels a strip
KNEE = 6 / 29  # where the cube of Lab gives way to its tangent
GAMMA_STEPS = 1 << 14  # of linear light; near black a step is a fifth of an 8-bit one
SLACK = 1e-3  # linear light outside [0, 1] by less than this rounds to the border unseen


class Painter:
    """The tables, made once; `paint` uses them for any number of photos."""

    def __init__(self) -> None:
        levels = torch.arange(256) / 255
        grays = levels.expand(3, 1, -1)
        self.lightness_of_gray = rgb_to_lab(grays)[0, 0].contiguous()  # (256,)
        self.linear = _to_linear(levels)
        light = torch.linspace(0, 1, GAMMA_STEPS + 1)
        self.gamma = (_gray_of_light(light) * 255).round().to(torch.uint8)
        self.lightness_of_light = _lightness_of_light(light)
        matrix = torch.tensor(RGB_TO_XYZ, dtype=torch.float64)
        white = torch.tensor(WHITE, dtype=torch.float64)
        self.to_rgb = (matrix.inverse() * white).float().tolist()  # from XYZ over white
        self.luminance = matrix[1].float().tolist()

    def lightness(self, pixels: Tensor) -> Tensor:
        """(rows, W, 3) uint8 -> (rows, W) L; a grey photo costs one look into a table."""
        red, green, blue = (pixels[..., c].to(torch.int32) for c in range(3))
        if torch.equal(red, green) and torch.equal(green, blue):
            return _look_up(self.lightness_of_gray, red)
        light = _look_up(self.linear, red).mul_(self.luminance[0])
        light.add_(_look_up(self.linear, green), alpha=self.luminance[1])
        light.add_(_look_up(self.linear, blue), alpha=self.luminance[2])
        return _between(self.lightness_of_light, light)

    def paint(self, pixels: np.ndarray, lines: Lines, saturation: float = 1.0) -> np.ndarray:
        """(H, W, 3) uint8 in any colours -> the same lightness in new colours."""
        height, width, _ = pixels.shape
        out = np.empty_like(pixels)
        wide = _widen(torch.cat((lines.slope, lines.offset), 1)[0].float().cpu(), width)
        wide *= saturation
        rows = max(1, STRIP // width)
        for top in range(0, height, rows):
            strip = torch.from_numpy(np.ascontiguousarray(pixels[top : top + rows]))
            lightness = self.lightness(strip)
            slope_a, slope_b, offset_a, offset_b = _lengthen(wide, top, len(strip), height)
            a = slope_a.mul_(lightness).add_(offset_a)
            b = slope_b.mul_(lightness).add_(offset_b)
            out[top : top + rows] = self._to_pixels(lightness, a, b).numpy()
        return out

    def _to_pixels(self, lightness: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """L, a, b (rows, W) -> (rows, W, 3) uint8."""
        y = (lightness + 16) / 116
        x, z = torch.add(y, a, alpha=1 / 500), torch.sub(y, b, alpha=1 / 200)
        xyz = [_cube(channel) for channel in (x, y, z)]
        linear = [
            (xyz[0] * row[0]).add_(xyz[1], alpha=row[1]).add_(xyz[2], alpha=row[2])
            for row in self.to_rgb
        ]
        pixels = torch.empty((*lightness.shape, 3), dtype=torch.uint8)
        for channel, light in enumerate(linear):
            step = light.clamp(0, 1).mul_(GAMMA_STEPS).add_(0.5).to(torch.int32)
            pixels[..., channel] = _look_up(self.gamma, step)
        low = torch.minimum(torch.minimum(linear[0], linear[1]), linear[2])
        high = torch.maximum(torch.maximum(linear[0], linear[1]), linear[2])
        outside = (low < -SLACK).logical_or_(high > 1 + SLACK)
        if outside.any():
            pixels[outside] = _fitted(lightness[outside], a[outside], b[outside])
        return pixels


def _fitted(lightness: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """(n,) each -> (n, 3) uint8 with the largest chroma that exists; L stays."""
    lightness, ab = lightness[None, :, None], torch.stack((a, b))[..., None]  # (C, n, 1)
    rgb = lab_to_rgb(torch.cat((lightness, fit_gamut(lightness, ab))))
    return (rgb[..., 0].T * 255).round().to(torch.uint8)


def _cube(f: Tensor) -> Tensor:
    """f^3 above the knee, its tangent below: f^3 - tangent is (f - k)^2 (f + 2 k) exactly."""
    over = (f - KNEE).clamp_(min=0)
    tangent = (f - 4 / 29) * (3 * KNEE**2)
    return tangent.add_(over.square_().mul_(f + 2 * KNEE))


def _widen(x: Tensor, width: int) -> Tensor:
    """(C, h, w) -> (C, h, width), bilinear between pixel centres."""
    return torch.nn.functional.interpolate(x[None], size=(x.shape[1], width), mode="bilinear")[0]


def _lengthen(x: Tensor, top: int, rows: int, height: int) -> Tensor:
    """(C, h, W) -> (C, rows, W): rows `top`.. of the picture enlarged to `height` rows."""
    place = (torch.arange(top, top + rows) + 0.5) * (x.shape[1] / height) - 0.5
    place = place.clamp(0, x.shape[1] - 1)
    upper = place.floor().long()
    lower = (upper + 1).clamp(max=x.shape[1] - 1)
    share = (place - upper)[None, :, None].float()
    return torch.lerp(x[:, upper], x[:, lower], share)


def _look_up(table: Tensor, index: Tensor) -> Tensor:
    return table.index_select(0, index.reshape(-1)).view(index.shape)


def _between(table: Tensor, share: Tensor) -> Tensor:
    """Read a table of [0, 1] between its entries."""
    place = share.clamp(0, 1) * (len(table) - 1)
    step = place.to(torch.int32).clamp_(max=len(table) - 2)
    low, high = _look_up(table, step), _look_up(table, step + 1)
    return torch.lerp(low, high, place - step)


def _to_linear(values: Tensor) -> Tensor:
    return torch.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)


def _gray_of_light(light: Tensor) -> Tensor:
    return lightness_to_gray(_lightness_of_light(light))


def _lightness_of_light(light: Tensor) -> Tensor:
    compressed = torch.where(light > KNEE**3, light ** (1 / 3), light / (3 * KNEE**2) + 4 / 29)
    return 116 * compressed - 16
