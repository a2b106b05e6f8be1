"""The learner: all that changes while a recipe is trained, and what decides how it changes.

python -m train fit classification --data CACHE --output RUN --resume      # restores it
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from colorize.device import Compute
from colorize.model import Model
from train.checkpoint import CheckpointError
from train.data.batches import Batch
from train.objective import ModelWithNaming, Objective, untrained_model
from train.recipe import Recipe, flat_recipe
from train.schedule import Clock, make_optimizer
from train.target import Examples, make_examples

Tensors = tuple[Tensor, ...] | list[Tensor]


class Learner:
    """A model in training: weights, their average, optimizer, clock, and the best so far."""

    def __init__(
        self, recipe: Recipe, classes: int, compute: Compute, minutes: float | None = None
    ) -> None:
        self.recipe, self.compute = recipe, compute
        self.module = ModelWithNaming(untrained_model(recipe), classes if recipe.naming else 0)
        compute.take(self.module)
        self.model = self.module.model
        self.averaged = AveragedModel(self.model, multi_avg_fn=moving_average(recipe.average))
        self.averaged.eval().requires_grad_(False)
        self.objective = Objective(recipe, self.model).to(compute.device)
        self.prior: Tensor | None = None  # of the bins, where the recipe rebalances
        self.optimizer = make_optimizer(recipe, self.module)
        self.clock = Clock(recipe, minutes)
        self.best = float("inf")  # validation loss

    @property
    def averaged_model(self) -> Model:
        """What is validated and used."""
        return cast(Model, self.averaged.module)

    def rebalance(self, prior: Tensor) -> Tensor:
        """Weigh pixels by the rarity of their bins; returns the weights."""
        self.prior = prior
        return self.objective.weigh(prior.to(self.compute.device))

    @torch.no_grad()
    def measure_prior(self, batches: Iterable[Batch], crop: int) -> Tensor:
        """How often each bin occurs in these photos, at the size of the network's answer."""
        device = self.compute.device
        size = self.averaged_model(torch.zeros(1, 1, crop, crop, device=device)).shape[2:]
        photos = (make_examples(batch.pixels.to(device), self.recipe.luma) for batch in batches)
        return self.objective.prior(photos, size)

    def examples(self, batch: Batch) -> Examples:
        """A batch as the model is trained on it, toned and aged, on the training device."""
        pixels = batch.pixels.to(self.compute.device)
        return make_examples(pixels, self.recipe.luma, batch.tones, batch.ages)

    @torch.no_grad()
    def lessons(self, batches: Iterable[Batch]) -> Iterator[tuple[Tensor, Tensor]]:
        """What the model is shown of these photos, and the ab that it should answer with."""
        size: torch.Size | None = None
        for batch in batches:
            examples = self.examples(batch)
            size = size or self.averaged_model(examples.lightness[:1]).shape[2:]
            yield examples.lightness, self.objective.target(examples, size).scaled_ab

    def loss(self, module: torch.nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The recipe's loss of a batch, and what is to be minimised: with naming, if it names."""
        examples = self.examples(batch)
        with self.compute.autocast():
            answer, names = module(examples.lightness)
        loss = self.objective(answer, examples)
        if names is None:
            return loss.detach(), loss
        return loss.detach(), loss + self.recipe.naming * naming_loss(names, batch.labels)

    def gradient(self, module: torch.nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The recipe's loss; the gradient lies in the weights, and its norm was this (clipped)."""
        loss, total = self.loss(module, batch)
        total.backward()
        return loss, clip_grad_norm_(self.module.parameters(), self.recipe.clip)

    def update(self) -> None:
        """One step along the gradient, at the clock's rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.clock.rate() * group.get("share", 1.0)  # old checkpoints have none
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.averaged.update_parameters(self.model)
        self.clock.step += 1

    def state(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        return {
            "recipe": flat_recipe(self.recipe),
            "trainee": self.module.state_dict(),
            "averaged": self.averaged.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "prior": self.prior,
            "step": self.clock.step,
            "seconds": self.clock.read(),
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        try:
            self.module.load_state_dict(state["trainee"])
            self.averaged.module.load_state_dict(state["averaged"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            raise CheckpointError(
                "The checkpoint holds weights of another network, or of photos with other labels. "
                "Resume with the same recipe and data, or train into another folder."
            ) from error
        self.averaged.n_averaged.fill_(state["step"])
        if state["prior"] is not None:
            self.rebalance(state["prior"])
        self.clock.set(state["step"], state["seconds"])
        self.best = state["best"]


def moving_average(keep: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """An exponential average of weights, shorter at first, so that the start is forgotten."""

    def average(averages: Tensors, current: Tensors, count: Tensor | int) -> None:
        now = min(keep, (1 + int(count)) / (10 + int(count)))
        get_ema_multi_avg_fn(now)(averages, current, count)

    return average


def naming_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the photos' labels; photos without one (-1) count as nothing."""
    labels = labels.to(logits.device)
    total = F.cross_entropy(logits.float(), labels, ignore_index=-1, reduction="sum")
    return total / len(labels)
