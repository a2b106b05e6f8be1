"""The objective of a recipe: its model, and the loss of its model's answers.

    python -m train fit classification --data CACHE --output RUN --steps 100

What an answer is held against is made on the training device (target.py). The prior is measured
once, from the photos that the run trains on.
"""

import copy
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from colorize.model import Model
from colorize.networks.unet import UNet
from train import losses
from train.recipe import LOSSES, Recipe
from train.target import Examples, Target


def untrained_model(recipe: Recipe) -> Model:
    return Model(recipe.model)


class ModelWithNaming(nn.Module):
    """The model, and a head that names the photo's label from the U-Net's bottom."""

    def __init__(self, model: Model, classes: int = 0) -> None:
        super().__init__()
        self.model = model
        self.naming: nn.Linear | None = None
        if classes:
            self.naming = nn.Linear(self._unet.bottom, classes)

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor | None]:
        """(N, 1, H, W) -> the network's answer (N, C, h, w), and logits of labels or None."""
        if self.naming is None:
            return self.model(lightness), None
        levels = self._unet.encode(self.model.normalise(lightness))
        answer = self._unet.decode(levels, lightness.shape)
        return answer, self.naming(levels[-1].mean(dim=(2, 3)))

    @property
    def _unet(self) -> UNet:
        assert isinstance(self.model.network, UNet), "only U-Nets name photos: see recipe.py"
        return self.model.network


class Objective(nn.Module):
    """The recipe's loss; a recipe that rebalances needs `weigh` first."""

    weights: Tensor | None  # by bin; a row a channel

    def __init__(self, recipe: Recipe, model: Model) -> None:
        super().__init__()
        self.recipe = recipe
        self.bins = copy.deepcopy(model.bins)  # encoding makes tables, which no model needs
        self.loss: Callable[[Tensor, Target], Tensor]
        self.loss = getattr(losses, LOSSES[recipe.loss].function)
        self.register_buffer("weights", None, persistent=False)

    def weigh(self, prior: Tensor) -> Tensor:
        """Weigh pixels by the rarity of their colours, so that E[w] = 1; returns the weights."""
        rows = prior.view(-1, prior.shape[-1])
        weights = [losses.class_weights(row, self.recipe.mix) for row in rows]
        self.weights = torch.stack(weights).view_as(prior)
        return self.weights

    def forward(self, answer: Tensor, examples: Examples) -> Tensor:
        return self.loss(answer, self.target(examples, answer.shape[2:]))

    def target(self, examples: Examples, size: torch.Size) -> Target:
        """What an answer of this size is held against."""
        return Target(examples, size, self.bins, self.recipe, self.weights)

    def prior(self, batches: Iterable[Examples], size: torch.Size) -> Tensor:
        """How often each bin is the label: (Q,), or (2, n) for channels; a row sums to one."""
        assert self.bins is not None, "a recipe that rebalances has bins: see recipe.py"
        return self.bins.prior(self.target(examples, size).label for examples in batches)
