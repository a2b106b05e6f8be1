"""Hints for a network that was trained to take them: planes beside the lightness, and a pass.

    python -c "from colorize.hints.planes import hint_planes; help(hint_planes)"

Of the models here that is `siggraph17` alone. Its authors draw each hint as a small square.
"""

import torch
from torch import Tensor

from colorize.hints.pins import Pins
from colorize.model import Model

REACH = 3  # pixels to each side of a hint's own


def takes_hints(model: Model) -> bool:
    return bool(getattr(model.network, "takes_hints", False))


@torch.inference_mode()
def ask_again(model: Model, lightness: Tensor, pins: Pins) -> Tensor:
    """The network's answer (N, 2, H, W) to lightness (N, 1, H, W) with pins on its own pixels."""
    device = next(model.network.parameters()).device
    shown = model.normalise(lightness.to(device))
    planes = hint_planes(pins, shown.shape[2], shown.shape[3]).to(shown)
    planes[:, :2] /= model.config.ab_scale
    answer: Tensor = model.network(shown, planes)
    return answer.float().to(lightness.device)


def hint_planes(pins: Pins, height: int, width: int) -> Tensor:
    """(N, 3, height, width) on the CPU: a, b, and 1 where they are given; later pins on top."""
    planes = torch.zeros(len(pins.cells), 3, height, width)
    for photo, number in pins.real.cpu().nonzero().tolist():
        row, column = divmod(int(pins.cells[photo, number]), width)
        rows = slice(max(0, row - REACH), row + REACH + 1)
        columns = slice(max(0, column - REACH), column + REACH + 1)
        planes[photo, :2, rows, columns] = pins.color[photo, :, number].cpu().view(2, 1, 1)
        planes[photo, 2, rows, columns] = 1
    return planes
