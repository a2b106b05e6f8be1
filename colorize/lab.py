"""sRGB <-> CIE Lab (D65, 2 degrees) in torch: batched, differentiable, on any device.

    python -c "import torch, colorize.lab as l; print(l.rgb_to_lab(torch.ones(3, 1, 1)))"

Channels come third from the end: (..., 3, H, W). RGB lies in [0, 1]; L in [0, 100]; a and b are
about -110..110. Everything is computed in float32 (float64 stays float64): half precision has
too few digits for the cube roots near black. `skimage.color` is the oracle in the tests.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

WHITE = (0.95047, 1.0, 1.08883)  # XYZ of D65, the 2 degree observer
RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
PIECE = 1 << 15  # colours that are fitted at a time: they stay in the processor's cache
TOLERANCE = 1e-4  # of linear light outside [0, 1], far below what 8 bits show
KNEE = 6 / 29  # of f = (L + 16) / 116: below it the cube root gives way to its tangent


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """(..., 3, H, W) sRGB in [0, 1] -> (..., 3, H, W) Lab."""
    rgb = _at_least_float32(rgb)
    light = to_linear(rgb).unbind(-3)
    x, y, z = (compress(channel) for channel in _mix(light, _xyz_over_white(rgb)))
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=-3)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """(..., 3, H, W) Lab -> (..., 3, H, W) sRGB, clipped to [0, 1]."""
    return to_gamma(lab_to_linear(lab).clamp(0, 1))


def pixels_to_lab(pixels: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    """(H, W, 3) uint8 -> (3, H, W) Lab."""
    rgb = torch.tensor(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    return rgb_to_lab(rgb.to(dtype) / 255)


def lab_to_pixels(lab: Tensor) -> np.ndarray:
    """(3, H, W) Lab -> (H, W, 3) uint8."""
    rgb = (lab_to_rgb(lab) * 255).round().to(torch.uint8)
    return rgb.permute(1, 2, 0).contiguous().cpu().numpy()


def rgb_to_ab(rgb: Tensor) -> Tensor:
    """(n, 3) sRGB in [0, 1], colours and no picture -> (n, 2) ab."""
    return rgb_to_lab(rgb.T[:, :, None])[1:, :, 0].T.contiguous()


def lab_to_linear(lab: Tensor) -> Tensor:
    """(..., 3, H, W) Lab -> linear RGB, not clipped: outside [0, 1] means outside the gamut."""
    lab = _at_least_float32(lab)
    lightness, a, b = lab.unbind(-3)
    y = (lightness + 16) / 116
    xyz = [expand(channel) for channel in (y + a / 500, y, y - b / 200)]
    return torch.stack(_mix(xyz, _xyz_over_white(lab).inverse()), dim=-3)


def rgb_to_lightness(rgb: Tensor) -> Tensor:
    """(..., 3, H, W) sRGB in [0, 1] -> (..., 1, H, W) L: a third of the work of the whole Lab."""
    rgb = _at_least_float32(rgb)
    luminance = _mix(to_linear(rgb).unbind(-3), rgb.new_tensor(RGB_TO_XYZ[1:2]))[0]
    return (116 * compress(luminance) - 16).unsqueeze(-3)


def lightness_to_gray(lightness: Tensor) -> Tensor:
    """L -> the sRGB value in [0, 1] of the grey that has this lightness; any shape."""
    return to_gamma(expand((_at_least_float32(lightness) + 16) / 116).clamp(0, 1))


def fit_gamut(lightness: Tensor, ab: Tensor, steps: int = 8) -> Tensor:
    """Shrink the chroma of ab (..., 2, H, W) until Lab fits into sRGB; lightness and hue stay."""
    a, b = _at_least_float32(ab).unbind(-3)
    y = (_at_least_float32(lightness).squeeze(-3) + 16) / 116
    shape = torch.broadcast_shapes(y.shape, a.shape)
    y, to_x, to_z = (f.expand(shape).reshape(-1).split(PIECE) for f in (y, a / 500, b / -200))
    pieces = zip(y, to_x, to_z, strict=True)
    kept = torch.cat([_share_that_fits(f, x, z, steps) for f, x, z in pieces])
    return ab * kept.view(shape).unsqueeze(-3)


def _share_that_fits(y: Tensor, to_x: Tensor, to_z: Tensor, steps: int) -> Tensor:
    """(n,) in 0..1: how far one may go from the grey f = y by (to_x, to_z) and stay within sRGB.

    Bisection: grey (share 0) always fits, so after `steps` halvings the kept share is within
    2**-steps of the largest that does.
    """
    light, matrix = expand(y), _xyz_over_white(y).inverse().tolist()
    own = [light * row[1] for row in matrix]

    def fits(share: Tensor | float) -> Tensor:
        x, z = (expand(y + share * to) for to in (to_x, to_z))
        mixed = zip(own, matrix, strict=True)
        return _exists([torch.add(c, x, alpha=m[0]).add_(z, alpha=m[2]) for c, m in mixed])

    kept = torch.zeros_like(y)
    for step in range(1, steps + 1):
        kept.add_(fits(kept + 0.5**step), alpha=0.5**step)
    return torch.where(fits(1.0), 1.0, kept)


def _exists(linear: Sequence[Tensor]) -> Tensor:
    """Is this red, green and blue light within [0, 1]? Any shape, bool."""
    red, green, blue = linear
    low = torch.minimum(torch.minimum(red, green), blue)
    high = torch.maximum(torch.maximum(red, green), blue)
    return (low >= -TOLERANCE) & (high <= 1 + TOLERANCE)


def _at_least_float32(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def _xyz_over_white(like: Tensor) -> Tensor:
    matrix = torch.tensor(RGB_TO_XYZ, dtype=torch.float64)
    return (matrix / torch.tensor(WHITE, dtype=torch.float64)[:, None]).to(like)


def _mix(channels: Sequence[Tensor], matrix: Tensor) -> list[Tensor]:
    """Rows of `matrix` times the three channels; on images three scaled sums beat a matmul."""
    r, g, b = channels
    return [row[0] * r + row[1] * g + row[2] * b for row in matrix.unbind(0)]


def to_linear(rgb: Tensor) -> Tensor:
    """sRGB in [0, 1] -> light in [0, 1]; any shape."""
    return torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055).clamp(min=0.05) ** 2.4, rgb / 12.92)


def to_gamma(linear: Tensor) -> Tensor:
    """Light in [0, 1] -> sRGB in [0, 1]; any shape."""
    # The clamp keeps the power's infinite slope at zero out of the gradient of the other branch.
    curve = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curve, linear * 12.92)


def compress(t: Tensor) -> Tensor:
    """Light in [0, 1] -> f = (L + 16) / 116, whose lower end is a line; any shape."""
    tangent = t / (3 * KNEE**2) + 4 / 29
    return torch.where(t > KNEE**3, t.clamp(min=KNEE**3) ** (1 / 3), tangent)


def expand(f: Tensor) -> Tensor:
    """f = (L + 16) / 116 -> light: the cube, below the knee its tangent; any shape."""
    high = f.clamp(min=KNEE)
    return torch.add(high**3, f - high, alpha=3 * KNEE**2)
