"""The training loop: one visible loop for every recipe, on a CPU, a GPU, or several of either.

    python -m train fit classification --data CACHE --output RUN --minutes 60
    python -m train fit regression --data CACHE --output RUN --steps 20 --crop 32   # a toy
    torchrun --nproc-per-node 4 -m train fit classification --data CACHE --output RUN

RUN then holds best.safetensors + best.json (the model), state.pt (to resume), log.csv and pictures
of validation photos (grey, ours, truth).
"""

from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from colorize.device import pick_device
from train import checkpoint, progress
from train.data.batches import Batch, Batches, batches
from train.data.cache import Cache
from train.learner import Learner
from train.palette import fill_palette
from train.processes import Processes, interruption, join_processes
from train.recipe import Recipe, flat_recipe
from train.target import make_examples
from train.warmstart import adjust_head, origin, solve_head, take_trunk, translate_head

CROPS = 32  # a batch, in validation and when the prior is measured
PRIOR_BATCHES = 64  # that the prior of the bins is measured on
HEAD_BATCHES = 32  # that a new last layer is solved from
HELD_EVERY = 20  # training photos, where the data has no validation side


class TrainingError(ValueError):
    """A run that cannot go on; the text says where it stopped and what is kept."""


@dataclass(frozen=True)
class Run:
    """Where and for how long a recipe is trained; everything else is the recipe's."""

    data: Path
    output: Path
    minutes: float | None = None  # instead of the recipe's steps
    resume: bool = False
    init: Path | None = None  # take the trunk of this model
    device: str = "auto"
    seed: int = 0
    threads: int = 1  # of the loader
    validate_every: int = 500  # steps
    save_every: float = 120.0  # seconds
    validation_photos: int = 256


@dataclass(frozen=True)
class TrainingPhotos:
    """The photos of a run: those to learn from, and those held back to choose the best."""

    cache: Cache
    train: np.ndarray
    held: np.ndarray

    @classmethod
    def of(cls, cache: Cache, most_held: int) -> "TrainingPhotos":
        """The sides of a cache; without a side `val`, every twentieth training photo is held."""
        train = cache.split("train")
        if "val" in cache.splits:
            return cls(cache, train, cache.split("val")[:most_held])
        apart = np.arange(len(train)) % HELD_EVERY == 0
        learned = train if len(train) == 1 else train[~apart]
        return cls(cache, learned, train[apart][:most_held])

    def names(self, batch: Batch) -> list[str]:
        return [self.cache.name(int(i)) for i in batch.indices]


def fit(recipe: Recipe, run: Run) -> Path:
    """Train `recipe`; returns the path of the best model. Ctrl-C ends it with a checkpoint."""
    photos = TrainingPhotos.of(Cache.open(run.data), run.validation_photos)
    with join_processes() as team:
        learner = begin_or_resume(recipe, run, photos)
        learn(learner, run, photos, team)
    return run.output / "best.safetensors"


def begin_or_resume(recipe: Recipe, run: Run, photos: TrainingPhotos) -> Learner:
    """The learner at its first step, or where its checkpoint left it."""
    run.output.mkdir(parents=True, exist_ok=True)
    recipe = fill_palette(recipe, photos.cache, photos.train, run.seed)
    if not run.resume:
        checkpoint.refuse_existing(run.output)
    state = checkpoint.read_state(run.output, flat_recipe(recipe)) if run.resume else None
    torch.manual_seed(run.seed)
    learner = Learner(recipe, len(photos.cache.classes), pick_device(run.device), run.minutes)
    if state:
        learner.restore(state)
        return learner
    if run.init:
        begin_warm(learner, run, photos)
    if recipe.rebalance:
        with closing(largest_crops(photos.cache, photos.train, recipe.crop, run.seed)) as feed:
            some = islice(feed, PRIOR_BATCHES)
            weights = learner.rebalance(learner.measure_prior(some, recipe.crop))
        if run.init:
            adjust_head(learner.model, run.init, weights)
    return learner


def begin_warm(learner: Learner, run: Run, photos: TrainingPhotos) -> None:
    """The trunk of another model, and a last layer that makes the most of it."""
    assert run.init
    if "head.weight" not in take_trunk(learner.model, run.init):
        return
    if learner.recipe.model.bins.kind:
        translate_head(learner.model, run.init)
        return
    with closing(training_batches(learner, run, photos, Processes())) as feed:
        solve_head(learner.model, learner.lessons(islice(feed, HEAD_BATCHES)))


def learn(learner: Learner, run: Run, photos: TrainingPhotos, team: Processes) -> None:
    """The loop: from the learner's step to the end of the run."""
    recipe, clock = learner.recipe, learner.clock
    module = team.share(learner.module)
    why, quiet = learner.compute.why, not team.first
    log = progress.ProgressLog(run.output, clock, recipe.batch, why, quiet)
    code, feed = checkpoint.code_version(), training_batches(learner, run, photos, team)
    with interruption() as interrupted, closing(feed):
        while not clock.done():
            torch.manual_seed(run.seed + 1_000_003 * clock.step + team.rank)  # of dropout
            batch = next(feed)
            loss, norm = gradient(learner, module, batch, run.output)
            if not (loss + norm).isfinite():  # the norm is of all processes: they stop together
                names = photos.names(batch)
                raise divergence(float(loss), float(norm), clock.step, names, run.output)
            learner.update()
            clock.seconds, stop = team.broadcast(clock.read(), interrupted())
            log.step(float(loss))

            last = clock.done() or bool(stop)
            if team.first and (clock.step % run.validate_every == 0 or last):
                value = validate(learner, photos, log)
                if value < learner.best:
                    learner.best = value
                    about = provenance(learner, run, photos, code)
                    checkpoint.export_model(run.output, learner.averaged_model, about)
            if team.first and (last or log.seconds_since_save() > run.save_every):
                checkpoint.write_state(run.output, learner.state())
                log.saved()
            if last:
                break
    log.close()


def gradient(
    learner: Learner, module: torch.nn.Module, batch: Batch, output: Path
) -> tuple[torch.Tensor, torch.Tensor]:
    """A step's loss and the norm of its gradient, if the device has the memory for it."""
    try:
        return learner.gradient(module, batch)
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"The memory of {learner.compute.device} does not suffice for the batch of step "
            f"{learner.clock.step} ({str(error).splitlines()[0]}). The last checkpoint is kept in "
            f"{output}. End what else uses the device, or begin anew with a smaller --batch."
        ) from error


def training_batches(
    learner: Learner, run: Run, photos: TrainingPhotos, team: Processes
) -> Batches:
    """This process's part of the training batches, from the learner's step on."""
    recipe = learner.recipe
    return batches(
        photos.cache,
        photos.train,
        crop=recipe.crop,
        batch_size=recipe.batch,
        seed=run.seed,
        start=learner.clock.step,
        rank=team.rank,
        world=team.count,
        scale=(recipe.least, 1.0),
        aspect=recipe.aspect,
        tone=recipe.tone,
        aged=recipe.aged,
        threads=run.threads,
    )


def largest_crops(cache: Cache, photos: np.ndarray, crop: int, seed: int) -> Batches:
    """Crops as large as each photo allows, not mirrored; the same for the same seed."""
    return batches(
        cache,
        photos,
        crop=crop,
        batch_size=min(CROPS, len(photos)),
        seed=seed,
        scale=(1.0, 1.0),
        aspect=1.0,
        flip=False,
    )


def validation_crops(photos: TrainingPhotos, crop: int) -> Batches:
    """One fixed crop of each held photo, of as many as make whole batches."""
    with closing(largest_crops(photos.cache, photos.held, crop, seed=0)) as feed:
        yield from islice(feed, max(1, len(photos.held) // CROPS))


@torch.no_grad()
def validate(learner: Learner, photos: TrainingPhotos, log: progress.ProgressLog) -> float:
    """The averaged model's loss on one fixed crop of each held photo; logged, with pictures."""
    model, values = learner.averaged_model, []
    for batch in validation_crops(photos, learner.recipe.crop):
        examples = make_examples(batch.pixels.to(learner.compute.device), learner.recipe.luma)
        with learner.compute.autocast():
            answer = model(examples.lightness)
        values.append(float(learner.objective(answer, examples)))
        if len(values) == 1:
            log.pictures(examples.lightness[:8], model.decode(answer[:8]), examples.ab[:8])
    value = float(np.mean(values))
    log.validation(value)
    return value


def provenance(learner: Learner, run: Run, photos: TrainingPhotos, code: str) -> dict[str, Any]:
    """How a model was made, for its JSON."""
    return {
        "recipe": flat_recipe(learner.recipe) | {"bins_options": {}},  # the config has those
        "data": run.data.name,
        "photos": len(photos.train),
        "init": run.init.stem if run.init else None,
        "origin": origin(run.init) if run.init else None,
        "steps": learner.clock.step,
        "minutes": round(learner.clock.seconds / 60, 1),
        "device": learner.compute.why,
        "code": code,
        "validation_loss": round(learner.best, 4),
        "seed": run.seed,
    }


def divergence(
    loss: float, norm: float, step: int, names: list[str], output: Path
) -> TrainingError:
    """Why the run stops before its weights are spoiled."""
    return TrainingError(
        f"The loss became {loss} and its gradient {norm} at step {step}, on the photos "
        f"{', '.join(names[:8])}, … The last good checkpoint is kept in {output}. Look at these "
        "photos, or lower --rate, and --resume."
    )
