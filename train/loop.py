"""The training loop: one visible loop for every recipe, on a CPU, a GPU, or several of either.

    python -m train fit classification --data CACHE --output RUN --minutes 60
    python -m train fit regression --data CACHE --output RUN --steps 20 --crop 32   # a toy
    torchrun --nproc-per-node 4 -m train fit classification --data CACHE --output RUN

RUN then holds best.safetensors + best.json (the model), state.pt (to resume), log.csv and pictures
of validation photos (grey, ours, truth).
"""

import copy
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from colorize.device import Compute, pick
from colorize.model import Model
from train import checkpoint, progress
from train.batches import Batch, batches
from train.cache import Cache
from train.objective import Objective, Trainee, build, measure_prior, see
from train.palette import fill_palette
from train.recipes import Recipe
from train.schedule import Clock, make_optimizer
from train.warmstart import take_trunk


class TrainingError(RuntimeError):
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


def fit(recipe: Recipe, run: Run) -> Path:
    """Train `recipe`; returns the path of the best model. Ctrl-C ends it with a checkpoint."""
    with processes() as (rank, world):
        return _fit(recipe, run, rank, world)


def _fit(recipe: Recipe, run: Run, rank: int, world: int) -> Path:
    compute = pick(run.device)
    cache = Cache.open(run.data)
    train, held = cache.split("train"), cache.split("val")[: run.validation_photos]
    run.output.mkdir(parents=True, exist_ok=True)
    recipe = fill_palette(recipe, cache, train, run.seed)
    saved = checkpoint.read(run.output, asdict(recipe)) if run.resume else None

    torch.manual_seed(run.seed)
    model = build(recipe)
    if run.init and not saved:
        take_trunk(model, run.init)
    trainee = Trainee(model, len(cache.classes) if recipe.naming else 0)
    trainee = trainee.to(compute.device, memory_format=torch.channels_last)
    prior = saved["prior"] if saved else prior_of(recipe, model, cache, train, run.seed)
    objective = Objective(recipe, model, prior).to(compute.device)
    optimizer = make_optimizer(recipe, trainee)
    averaged = copy.deepcopy(trainee.model).requires_grad_(False)
    clock = Clock(recipe, run.minutes)
    best = float("inf")
    if saved:
        trainee.load_state_dict(saved["trainee"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
        clock.step, clock.before, best = saved["step"], saved["seconds"], saved["best"]

    def state() -> dict:
        return {
            "recipe": asdict(recipe),
            "trainee": trainee.state_dict(),
            "averaged": averaged.state_dict(),
            "optimizer": optimizer.state_dict(),
            "prior": prior,
            "step": clock.step,
            "seconds": clock.seconds(),
            "best": best,
        }

    learner = DistributedDataParallel(trainee) if world > 1 else trainee
    feed = batches(
        cache,
        train,
        crop=recipe.crop,
        batch_size=recipe.batch,
        seed=run.seed,
        start=clock.step,
        rank=rank,
        world=world,
        scale=(recipe.least, 1.0),
        aspect=recipe.aspect,
        threads=run.threads,
    )
    log = progress.Log(run.output, clock, recipe.batch, compute.why, quiet=rank > 0)
    with interruption() as interrupted:
        while not clock.done():
            batch = next(feed)
            for group in optimizer.param_groups:
                group["lr"] = clock.rate()
            loss = step(learner, objective, batch, compute, recipe)
            check_finite(loss, clock.step, batch, cache, run.output)
            torch.nn.utils.clip_grad_norm_(trainee.parameters(), recipe.clip)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            average(averaged, trainee.model, recipe.average, clock.step)
            clock.step += 1
            log.step(float(loss), clock.rate())

            last = clock.done() or interrupted()
            if rank == 0 and (clock.step % run.validate_every == 0 or last):
                value, sheet = validate(averaged, objective, cache, held, recipe, compute)
                log.validation(value, sheet)
                if value < best:
                    best = value
                    export(averaged, recipe, run, clock, compute, value)
            if rank == 0 and (last or log.seconds_since_save() > run.save_every):
                checkpoint.write(run.output, state())
                log.saved()
            if last:
                break
    log.close()
    return run.output / "best.safetensors"


def step(
    learner: torch.nn.Module,
    objective: Objective,
    batch: Batch,
    compute: Compute,
    recipe: Recipe,
) -> Tensor:
    """Forward and backward; the gradients lie in the parameters, the loss is returned."""
    lightness, ab = see(batch.pixels.to(compute.device), recipe.source)
    with compute.autocast():
        answer, names = learner(lightness.contiguous(memory_format=torch.channels_last))
    loss = objective(answer, lightness, ab)
    total = loss
    if names is not None:
        total = loss + recipe.naming * F.cross_entropy(
            names.float(), batch.labels.to(names.device), ignore_index=-1
        )
    total.backward()
    return loss.detach()


@torch.no_grad()
def average(averaged: Model, model: Model, keep: float, step: int) -> None:
    """Exponential moving average of the weights; shorter at first, so the start is forgotten."""
    keep = min(keep, (1 + step) / (10 + step))
    ours, theirs = list(averaged.parameters()), list(model.parameters())
    torch._foreach_lerp_(ours, theirs, 1 - keep)
    for mean, now in zip(averaged.buffers(), model.buffers(), strict=True):
        mean.copy_(now)


@torch.no_grad()
def validate(
    model: Model,
    objective: Objective,
    cache: Cache,
    held: np.ndarray,
    recipe: Recipe,
    compute: Compute,
) -> tuple[float, list[tuple[Tensor, Tensor, Tensor]]]:
    """The recipe's loss on one fixed crop of each held photo, and some to look at."""
    model.eval()
    crops = batches(
        cache,
        held,
        crop=recipe.crop,
        batch_size=min(32, len(held)),
        seed=0,
        scale=(1.0, 1.0),
        aspect=1.0,
        flip=False,
    )
    total, sheet = 0.0, []
    rounds = max(1, len(held) // min(32, len(held)))
    for _, batch in zip(range(rounds), crops, strict=False):
        lightness, ab = see(batch.pixels.to(compute.device), recipe.source)
        with compute.autocast():
            answer = model(lightness.contiguous(memory_format=torch.channels_last))
        total += float(objective(answer, lightness, ab)) / rounds
        if not sheet:
            sheet = [(lightness[:8], model.decode(answer[:8]), ab[:8])]
    crops.close()
    return total, sheet


def prior_of(
    recipe: Recipe, model: Model, cache: Cache, train: np.ndarray, seed: int
) -> Tensor | None:
    """The prior over bins from 2,048 training crops, where the recipe wants one."""
    if not recipe.rebalance:
        return None
    size = min(64, len(train))
    feed = batches(cache, train, crop=recipe.crop, batch_size=size, seed=seed + 1, scale=(1.0, 1.0))
    rounds = min(32, max(1, len(train) // size))
    answer = recipe.crop if recipe.network_options.get("patch") == 1 else recipe.crop // 4
    answer = recipe.square or answer
    pixels = (batch.pixels for _, batch in zip(range(rounds), feed, strict=False))
    prior = measure_prior(model, pixels, answer)
    feed.close()
    return prior


def export(
    model: Model, recipe: Recipe, run: Run, clock: Clock, compute: Compute, value: float
) -> None:
    """The averaged model with its origin, as best.safetensors + best.json."""
    about = {
        "recipe": asdict(recipe) | {"bins_options": {}},
        "data": run.data.name,
        "init": run.init.stem if run.init else None,
        "steps": clock.step,
        "minutes": round(clock.seconds() / 60, 1),
        "device": compute.why,
        "validation_loss": round(value, 4),
        "seed": run.seed,
    }
    described = copy.copy(model)
    described.config = replace(model.config, about=about)
    described.save(run.output / "best")


def check_finite(loss: Tensor, step: int, batch: Batch, cache: Cache, output: Path) -> None:
    if torch.isfinite(loss):
        return
    names = ", ".join(cache.name(int(i)) for i in batch.indices[:8])
    raise TrainingError(
        f"The loss became {float(loss)} at step {step}, on the photos {names}, … The last good "
        f"checkpoint is kept in {output}. Look at these photos, or lower --rate, and --resume."
    )


@contextmanager
def processes() -> Iterator[tuple[int, int]]:
    """Rank and number of processes: torchrun's, or this one alone."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield 0, 1
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    try:
        yield dist.get_rank(), world
    finally:
        dist.destroy_process_group()


@contextmanager
def interruption() -> Iterator:
    """A question whether Ctrl-C was pressed; the second press ends at once."""
    pressed = []

    def note(*_: object) -> None:
        pressed.append(time.monotonic())
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
