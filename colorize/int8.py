"""Weights in eight bits: files half as large as in half precision, a quarter of floats.

    python -c "from colorize.int8 import pack; help(pack)"

A kernel or matrix NAME is stored as whole numbers of -127..127 and, as NAME.scale, the step of each
of its output channels: weight = number * scale. What rounding takes from one weight it gives to the
next, so that a channel's sum over inputs that are alike is off by half a step in all, and not by
half a step each. Vectors (norms, biases) and small kernels stay in half precision: together they
weigh little, and the thin layers at the beginning of a network suffer most. docs/log.md has the
numbers.

A scale has few digits, so that number * scale is exact in float32, and the farthest weight of a
channel is always 127 steps from zero: stored weights are found on the same steps again, however
often a model is loaded and saved.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

STEPS = 127  # on each side of zero
SMALL = 2**16  # weights; kernels of fewer stay in half precision
DIGITS = 16  # binary, of a scale: with the 7 of a number they fit the 24 of a float32
LEAST = 2.0**-100  # a channel that reaches less far is all zeros
SCALE = ".scale"


def pack(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by name, as they are used -> as they are stored."""
    stored = halve(weights)
    for name, value in weights.items():
        if value.is_floating_point() and value.ndim >= 2 and value.numel() >= SMALL:
            stored[name], stored[name + SCALE] = quantize(value.cpu().float())
    return stored


def halve(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same in half precision throughout, for where eight bits hurt."""
    return {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in weights.items()
    }


def unpack(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are stored, by `pack` or by `halve` -> as they are used, float32."""
    scales = {name + SCALE for name, value in stored.items() if value.dtype == torch.int8}
    if missing := sorted(scales - stored.keys()):
        raise ValueError(f"{missing[0]} is missing")
    return {
        name: multiply(value, stored[name + SCALE]) if name + SCALE in scales else value.float()
        for name, value in stored.items()
        if name not in scales
    }


def multiply(numbers: Tensor, scale: Tensor) -> Tensor:
    """(O, ...) int8 and (O,) float32 -> the weights that they stand for."""
    sound = scale.dtype == torch.float32 and scale.shape == numbers.shape[:1]
    if not (sound and scale.isfinite().all() and (scale > 0).all()):
        raise ValueError(f"the scales of a kernel of {tuple(numbers.shape)} are damaged")
    return numbers.float() * scale.view(-1, *[1] * (numbers.ndim - 1))


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(O, ...) float32 -> numbers (O, ...) int8 and scales (O,) float32."""
    rows = weight.flatten(1)
    farthest, place = rows.abs().max(dim=1, keepdim=True)
    scale = step(farthest)  # (O, 1)
    steps = (rows / scale).double()
    steps.scatter_(1, place, (STEPS * rows.gather(1, place).sign()).double())
    return spread(steps).to(torch.int8).view_as(weight), scale.flatten()


def step(farthest: Tensor) -> Tensor:
    """farthest / 127, rounded up to DIGITS binary digits; 1 where there is nothing to store."""
    mantissa, exponent = torch.frexp(farthest / STEPS)
    short = torch.ldexp((mantissa * 2**DIGITS).ceil(), exponent - DIGITS)
    return torch.where(farthest < LEAST, torch.ones(()), short)


def spread(steps: Tensor) -> Tensor:
    """(O, K) -> whole numbers within a step of each, whose running sums are off by half a step."""
    sums = (steps.cumsum(1) + 0.5).floor()
    return sums.diff(dim=1, prepend=torch.zeros_like(sums[:, :1])).clamp(-STEPS, STEPS)
