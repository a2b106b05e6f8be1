"""The objective of a recipe: photos -> what the network sees, and the loss of its answer.

    python -m train fit classification --data CACHE --output RUN --steps 100

Everything here happens on the training device, in batches: 8-bit sRGB to Lab, colours averaged to
the size of the network's answer, labels, weights and loss. The prior is measured once, from the
photos that the run trains on.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorize.bins import Channels, Palette, Soft, class_weights
from colorize.lab import rgb_to_lab
from colorize.model import Model, ModelConfig
from train import losses
from train.data.degrade import age_batch
from train.recipe import Recipe

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
        width = model.network.bottom if classes else 0
        self.naming = nn.Linear(width, classes) if classes else None

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor | None]:
        """(N, 1, H, W) -> the network's answer (N, C, h, w), and logits of labels or None."""
        if self.naming is None:
            return self.model(lightness), None
        levels = self.model.network.encode(self.model.normalise(lightness))
        answer = self.model.network.decode(levels, lightness.shape)
        return answer, self.naming(levels[-1].mean(dim=(2, 3)))


@dataclass(frozen=True)
class View:
    """Photos as a model is trained on them."""

    lightness: Tensor  # (N, 1, H, W) in 0..100: what the model is given
    ab: Tensor  # (N, 2, H, W): what it is to find
    rgb: Tensor  # (N, 3, H, W) in [0, 1]


def see(
    pixels: Tensor, luma: bool, tones: Tensor | None = None, ages: Tensor | None = None
) -> View:
    """uint8 (N, 3, H, W) -> what a model is given, and the truth.

    With `tones` (N,) the lightness given is that of a paler or darker print of the photo, with
    `ages` (N,) that of an old one.
    """
    rgb = pixels.float() / 255
    lab = rgb_to_lab(rgb)
    lightness = lab[:, :1]
    if luma:  # a grey photo of the paper's luma, whose lightness the model is given
        luma = (rgb * rgb.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
        lightness = rgb_to_lab(luma.expand(-1, 3, -1, -1))[:, :1]
    if tones is not None:
        power = tones.to(lightness.device)[:, None, None, None]
        lightness = 100 * (lightness / 100).clamp(0, 1) ** power
    if ages is not None:
        lightness = age_batch(lightness, ages)
    return View(lightness.contiguous(memory_format=torch.channels_last), lab[:, 1:], rgb)


def shrink(x: Tensor, size: torch.Size) -> Tensor:
    """Average x down to the (h, w) of the network's answer; nothing to do where they agree."""
    return x if x.shape[2:] == size else F.interpolate(x, size=size, mode="area")


class Objective(nn.Module):
    """The recipe's loss; a recipe that rebalances needs `weigh` first."""

    def __init__(self, recipe: Recipe, model: Model) -> None:
        super().__init__()
        self.recipe, self.ab_scale = recipe, model.config.ab_scale
        self.bins = copy.deepcopy(model.bins)  # encoding makes tables, which no model needs
        self.register_buffer("weights", None, persistent=False)  # by bin; a row a channel

    def weigh(self, prior: Tensor) -> None:
        """Weigh pixels by the rarity of their colours, so that E[w] = 1."""
        rows = [class_weights(row, self.recipe.mix) for row in prior.view(-1, prior.shape[-1])]
        self.weights = torch.stack(rows).view_as(prior)

    def forward(self, answer: Tensor, view: View) -> Tensor:
        recipe, size = self.recipe, answer.shape[2:]
        if recipe.loss == "cross-entropy":
            return losses.cross_entropy(answer, self.label(view, size), self.weights)
        if recipe.loss == "channels":
            bins = self.bins.encode(shrink(view.ab, size))
            return losses.channel_cross_entropy(answer, bins, self.weights)
        if recipe.loss == "focal-exact":
            return losses.focal_exact(answer, self.nearest(view, size), recipe.gamma)
        if recipe.loss == "palette-distance":
            return losses.palette_distance(answer, self.nearest(view, size))
        truth = shrink(view.ab, size) / self.ab_scale
        if recipe.loss == "focal":
            return losses.focal(answer, truth, recipe.alpha, recipe.beta)
        if recipe.loss == "block":
            lightness = shrink(view.lightness, size)
            return losses.block(answer, truth, lightness, recipe.strength)
        return losses.l2(answer, truth)

    def label(self, view: View, size: torch.Size) -> Soft:
        """The label of each pixel of an answer of this size: spread over near bins, or one."""
        if self.recipe.soft:
            return self.bins.encode_soft(shrink(view.ab, size))
        return losses.hard(self.nearest(view, size))

    def nearest(self, view: View, size: torch.Size) -> Tensor:
        """(N, h, w): the nearest bin; of a palette of RGB colours, the nearest in RGB."""
        if isinstance(self.bins, Palette) and self.bins.rgb is not None:
            return self.bins.encode_rgb(shrink(view.rgb, size) * 255)
        return self.bins.encode(shrink(view.ab, size))

    def prior(self, views: Iterable[View], size: torch.Size) -> Tensor:
        """How often each bin is the label: (Q,), or (2, n) for channels; a row sums to one."""
        if isinstance(self.bins, Channels):
            return self._channel_prior(views, size)
        counts = torch.zeros(self.bins.size, dtype=torch.float64)
        for view in views:
            label = self.label(view, size)
            shares = label.shares.flatten().double().cpu()
            counts += torch.bincount(label.indices.flatten().cpu(), shares, len(counts))
        return (counts / counts.sum()).float()

    def _channel_prior(self, views: Iterable[View], size: torch.Size) -> Tensor:
        counts = torch.zeros(2, self.bins.n, dtype=torch.float64)
        for view in views:
            bins = self.bins.encode(shrink(view.ab, size)).cpu()
            for row, channel in zip(counts, bins.unbind(1), strict=True):
                row += torch.bincount(channel.flatten(), minlength=len(row))
        return (counts / counts.sum(dim=1, keepdim=True)).float()
