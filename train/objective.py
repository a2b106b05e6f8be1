"""The objective of a recipe: photos -> what the network sees, and the loss of its answer.

    python -m train fit classification --data CACHE --output RUN --steps 100

Everything here happens on the training device, in batches: 8-bit sRGB to Lab, colours averaged to
the size of the network's answer, labels, weights and loss. The prior is measured once, from the
photos that the run trains on.
"""

from collections.abc import Iterable
from dataclasses import fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorize.bins import Channels, class_weights
from colorize.lab import rgb_to_lab
from colorize.model import Model, ModelConfig
from train import losses
from train.recipes import Recipe

LUMA = (0.21, 0.72, 0.07)  # the third paper's grey (its 0.007 is a slip: white would not be 255)


def build(recipe: Recipe) -> Model:
    """The untrained model of a recipe."""
    shared = {f.name for f in fields(ModelConfig)} & {f.name for f in fields(Recipe)}
    return Model(ModelConfig(**{name: getattr(recipe, name) for name in shared}))


class Trainee(nn.Module):
    """The model, and a head that names the photo's label from the U-Net's bottom."""

    def __init__(self, model: Model, classes: int = 0) -> None:
        super().__init__()
        self.model = model
        width = model.network.down[-1].out_channels if classes else 0
        self.naming = nn.Linear(width, classes) if classes else None

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor | None]:
        """(N, 1, H, W) -> the network's answer (N, C, h, w), and logits of labels or None."""
        if self.naming is None:
            return self.model(lightness), None
        levels = self.model.network.encode(self.model.normalise(lightness))
        return self.model.network.decode(levels), self.naming(levels[-1].mean(dim=(2, 3)))


def see(pixels: Tensor, source: str) -> tuple[Tensor, Tensor]:
    """uint8 (N, 3, H, W) -> lightness (N, 1, H, W) in 0..100 and ab (N, 2, H, W)."""
    rgb = pixels.float() / 255
    lab = rgb_to_lab(rgb)
    if source == "gray":  # a grey photo of the paper's luma, whose lightness the model is given
        luma = (rgb * rgb.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
        return rgb_to_lab(luma.expand(-1, 3, -1, -1))[:, :1], lab[:, 1:]
    return lab[:, :1], lab[:, 1:]


def shrink(x: Tensor, size: torch.Size) -> Tensor:
    """Average x down to the (h, w) of the network's answer; nothing to do where they agree."""
    return x if x.shape[2:] == size else F.interpolate(x, size=size, mode="area")


class Objective(nn.Module):
    """The recipe's loss, with the rarity weights of the measured prior."""

    def __init__(self, recipe: Recipe, model: Model, prior: Tensor | None = None) -> None:
        super().__init__()
        self.recipe, self.bins, self.ab_scale = recipe, model.bins, model.config.ab_scale
        self.register_buffer("weights", rarity(recipe, prior), persistent=False)

    def forward(self, answer: Tensor, lightness: Tensor, ab: Tensor) -> Tensor:
        recipe, ab = self.recipe, shrink(ab, answer.shape[2:])
        if recipe.loss == "cross-entropy":
            return losses.cross_entropy(answer, self.bins.encode_soft(ab), self.weights)
        if recipe.loss == "channels":
            return losses.channel_cross_entropy(answer, self.bins.encode(ab), self.weights)
        if recipe.loss == "focal-exact":
            return losses.focal_exact(answer, self.bins.encode(ab), recipe.gamma)
        if recipe.loss == "palette-distance":
            return losses.palette_distance(answer, self.bins.encode(ab))
        truth = ab / self.ab_scale
        if recipe.loss == "focal":
            return losses.focal(answer, truth, recipe.alpha, recipe.beta)
        if recipe.loss == "block":
            small = shrink(lightness, answer.shape[2:])
            return losses.block(answer, truth, small, recipe.strength)
        return losses.l2(answer, truth)


def rarity(recipe: Recipe, prior: Tensor | None) -> Tensor | None:
    """Weights by bin, E[w] = 1; for two channels, one row each."""
    if not recipe.rebalance or prior is None:
        return None
    if prior.ndim == 2:
        return torch.stack([class_weights(row, recipe.mix) for row in prior])
    return class_weights(prior, recipe.mix)


def measure_prior(model: Model, batches: Iterable[Tensor], size: int) -> Tensor:
    """How often each bin occurs: (Q,), or (2, n) for channels; sums to one along the last axis.

    `batches` are uint8 photos (N, 3, H, W), `size` the side of the network's answer.
    """
    bins = model.bins
    rows = 2 if isinstance(bins, Channels) else 1
    counts = torch.zeros(rows, bins.size // rows, dtype=torch.float64)
    for pixels in batches:
        ab = shrink(see(pixels, "lightness")[1], torch.Size((size, size)))
        if rows == 2:
            for row, channel in zip(counts, bins.encode(ab).unbind(1), strict=True):
                row += torch.bincount(channel.flatten().cpu(), minlength=len(row))
        else:
            soft = bins.encode_soft(ab)
            spread = soft.shares.flatten().double().cpu()
            counts[0] += torch.bincount(soft.indices.flatten().cpu(), spread, bins.size)
    prior = (counts / counts.sum(dim=1, keepdim=True)).float()
    return prior if rows == 2 else prior[0]
