"""Hints and a model's answer -> its small colours, changed as the hints say.

    from colorize.hints.hint import Hint
    from colorize.hints.steer import steer
    steer(look.model, look.output, look.shown.lightness, [[Hint(0.5, 0.5, "#b03020")]])

Three steps. Beliefs are tilted: what the visitor says of a place changes the odds of each colour
there by some factor, and places like it change theirs by the same factor, to the power of their
weight. So each place takes up a hint in its own terms, among the colours that it held possible.
What is then still missing at the hints goes to the same places by the same weights (kriging), and
the last of it to the hints' nearest surroundings alone, so that a pinned place has its colour. A
model that states no beliefs gets the last two. None of it takes a pass of the network, but for one
that was trained to take hints: that is asked again.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from colorize.agreement import decode_in_agreement
from colorize.hints.hint import Hint
from colorize.hints.kriging import Kernel, weights
from colorize.hints.likeness import Unlikeness, pick, scene_of, squared_distance, unlike
from colorize.hints.pins import Pins, pins_on
from colorize.hints.planes import ask_again, takes_hints
from colorize.model import Model

# Chosen on one half of eval-dev and measured on the other: docs/results.md.
WIDE = Kernel(((0.3, 0.18), (0.7, 1.5)), contrast=34, belief=3.2, nugget=0.35)
NEAR = Kernel(((1.0, 0.07),), contrast=12, belief=16, nugget=0.0005)
SIGMA = 7.0  # ab units: how far from a hint's colour the truth may lie
FLOOR = 1e-7  # the odds of a colour far from the hint's
STRENGTH = 0.5  # of the tilt, against what the hint says; kriging does the rest
NOTABLE = 14.0  # ab units: a lone hint that changes its place by less is about that place alone,
PALER = 0.65  # and by how much sooner one is believed elsewhere that takes chroma away, as exponent
SHARPNESS = 8  # of the step between


def steer(
    model: Model,
    output: Tensor,
    lightness: Tensor,
    hints: Sequence[Sequence[Hint]],
    temperature: float | None = None,
    own: Tensor | None = None,
) -> Tensor:
    """ab (N, 2, h, w) of the answers (N, C, h, w) to lightness (N, 1, H, W), each with its hints.

    Without hints it is what the model itself says, to the last bit: `own`, for who has it already.
    """
    if own is None:
        own = decode_in_agreement(model, output, lightness, temperature)
    if not any(hints):
        return own
    return follow(model, output, lightness, own, pins_on(own, hints), temperature)


def follow(
    model: Model,
    output: Tensor,
    lightness: Tensor,
    own: Tensor,
    pins: Pins,
    temperature: float | None = None,
) -> Tensor:
    """`steer` for pins on the model's own colours (N, 2, h, w)."""
    apart = distances(model, output, lightness, own, pins)
    if takes_hints(model):
        again = ask_again(model, lightness, pins)
        ab = decode_in_agreement(model, again, lightness, temperature)
        return ab + spread(pins, ab, weights(NEAR, apart, pins))
    wide = weights(WIDE, apart, pins) * reach(own, pins)[:, None]
    tilted = believe(model, output, pins, wide)
    ab = decode_in_agreement(model, tilted, lightness, temperature)
    return complete(ab, apart, pins, wide)


def distances(
    model: Model, output: Tensor, lightness: Tensor, own: Tensor, pins: Pins
) -> Unlikeness:
    """Of every place from the pins, as the model sees them."""
    beliefs = (torch.softmax(logits.float(), dim=1) for logits, _ in choices(model, output))
    scene = scene_of(lightness, own, tuple(beliefs))
    return unlike(scene, scene.at(pins.cells))


def believe(model: Model, output: Tensor, pins: Pins, wide: Tensor) -> Tensor:
    """The answer (N, C, h, w) with its beliefs tilted; as it is where it states none."""
    stated = choices(model, output)
    if not stated:
        return output
    wanted = pins.color.split([colors.shape[1] for _, colors in stated], dim=1)
    tilted = [
        tilt(logits, colors.to(logits.device), color, pins, wide)
        for (logits, colors), color in zip(stated, wanted, strict=True)
    ]
    return torch.cat(tilted, dim=1)


def complete(ab: Tensor, apart: Unlikeness, pins: Pins, wide: Tensor) -> Tensor:
    """What ab still misses at the pins, kriged: widely, and the rest of it nearby."""
    ab = ab + spread(pins, ab, wide)
    return ab + spread(pins, ab, weights(NEAR, apart, pins))


def choices(model: Model, output: Tensor) -> list[tuple[Tensor, Tensor]]:
    """What the model states beliefs about: logits and colours of each; nothing for regression."""
    return [] if model.bins is None else model.bins.choices(output)


def tilt(logits: Tensor, centres: Tensor, color: Tensor, pins: Pins, weight: Tensor) -> Tensor:
    """log p'(x) = log p(x) + sum over k of w_k(x) (log s_k - log p(x_k)): (N, Q, h, w).

    s_k is the hint's colour (N, C, K) spread over the bins; the weight is (N, M, K).
    """
    far = squared_distance(centres.T.expand(len(color), -1, -1), color)  # (N, Q, K)
    said = (torch.softmax(far / (-2 * SIGMA**2), dim=1) + FLOOR).log()
    before = torch.log_softmax(pick(logits.float().flatten(2), pins.cells), dim=1)
    change = STRENGTH * (said - before).masked_fill((pins.kept | ~pins.real)[:, None], 0)
    return logits + (change @ weight.mT).view_as(logits)


def spread(pins: Pins, ab: Tensor, weight: Tensor) -> Tensor:
    """What the colours (N, 2, h, w) still miss at the pins, brought everywhere by their weight."""
    missing = pins.color - pick(ab.flatten(2), pins.cells)
    return (missing @ weight.mT).view_as(ab)


def reach(own: Tensor, pins: Pins) -> Tensor:
    """(N, K) in 0..1: is a hint about its own place alone, or about all that is like it?

    A lone hint near the colour that is there already says little of other places, and one that
    adds chroma less than one that takes it away: vivid things are few. Several hints vouch for
    each other, and one with a radius reaches as far as that says.
    """
    before = pick(own.flatten(2), pins.cells)
    change = (pins.color - before).norm(dim=1) + 1
    paler = (before.norm(dim=1) - pins.color.norm(dim=1)) / change
    least = NOTABLE * torch.exp(-PALER * paler) / pins.count[:, None] ** 2
    return torch.where(pins.radius.isinf(), 1 / (1 + (least / change) ** SHARPNESS), 1.0)
