"""The bench: how fast each recipe trains here, and how much of the device that uses.

    python -m train bench
    python -m train bench --recipes regression,classification --json

A step is all of it: photos to Lab, labels, both passes, the optimizer, the average. The recipes
take turns; medians of the rounds are told. On a CPU a batch is smaller than the recipe's where
one step would take long, and the report says how large it was.
"""

import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from colorize.bench.timing import in_turns
from colorize.config import changed
from colorize.device import Compute, pick_device
from train.catalogue import find_recipe
from train.data.batches import Batch, Batches, batches
from train.data.cache import Cache
from train.data.draft import Draft, JournalLine
from train.learner import Learner
from train.recipe import Recipe

BUDGET = 3e11  # floating point operations of a step on a CPU
CLASSES = 10  # that the made-up photos are labelled with
COLOURS = 32  # of a palette
LOADED = 8  # batches that the loader is timed on at once
PHOTOS = 64  # in the loader's cache, of the size that `prepare` makes


@dataclass(frozen=True)
class Task:
    """Something to be timed, and the floating point operations of its products."""

    run: Callable[[], object]
    operations: int = 0
    photos: int = 0


def training_step(recipe: Recipe, compute: Compute) -> Task:
    """One step of a recipe, on the same made-up batch again and again."""
    learner = Learner(with_palette(recipe), CLASSES, compute)
    if recipe.rebalance:
        learner.rebalance(learner.measure_prior([made_up_batch(8, recipe.crop)], recipe.crop))

    def step(batch: Batch) -> None:
        learner.gradient(learner.module, batch)
        learner.update()

    with FlopCounterMode(display=False) as counter:
        step(made_up_batch(1, recipe.crop))
    each = counter.get_total_flops()
    most = recipe.batch if compute.device.type == "cuda" else int(BUDGET / each)
    batch = made_up_batch(max(1, min(recipe.batch, most)), recipe.crop)
    photos = len(batch.pixels)
    return Task(lambda: step(batch), each * photos, photos)


def product(compute: Compute) -> Task:
    """A large matrix product."""
    side = 8192 if compute.device.type == "cuda" else 2048
    matrix = torch.ones(side, side, dtype=compute.dtype, device=compute.device)
    return Task(lambda: matrix @ matrix, 2 * side**3)


def convolution(compute: Compute) -> Task:
    """A large 3x3 convolution, 256 channels to 256."""
    photos, side = 256 if compute.device.type == "cuda" else 16, 32

    def ones(*shape: int) -> torch.Tensor:
        x = torch.ones(shape, dtype=compute.dtype, device=compute.device)
        return x.to(memory_format=torch.channels_last)

    x, kernel = ones(photos, 256, side, side), ones(256, 256, 3, 3)
    return Task(lambda: F.conv2d(x, kernel, padding=1), 2 * photos * side**2 * 256**2 * 9)


def loader(recipe: Recipe, cache: Cache) -> tuple[Task, Batches]:
    """The loader alone, on one thread, and its feed (to be closed)."""
    feed = batches(
        cache,
        cache.split("train"),
        crop=recipe.crop,
        batch_size=recipe.batch,
        seed=0,
        scale=(recipe.least, 1.0),
        aspect=recipe.aspect,
    )
    return Task(lambda: deque(islice(feed, LOADED), 0), photos=LOADED * recipe.batch), feed


def measure(recipes: Sequence[Recipe], device: str, rounds: int) -> dict[str, object]:
    """Everything that is reported, ready for JSON."""
    compute = pick_device(device)
    main = [find_recipe("regression"), find_recipe("classification")]
    every = {recipe.name: recipe for recipe in (*recipes, *main)}
    steps = {n: training_step(r, compute) for n, r in tqdm(every.items(), "building", leave=False)}
    peaks = {"product": product(compute), "convolution": convolution(compute)}
    times = times_of(steps | peaks, compute, rounds)
    seconds = {n: median(values) for n, values in times.items()}
    pairs = zip(times["classification"], times["regression"], strict=True)
    with tempfile.TemporaryDirectory() as folder:
        load, feed = loader(main[1], made_up_cache(Path(folder) / "cache"))
        with closing(feed):
            loaded = load.photos / median(times_of({"load": load}, compute, rounds)["load"])
    speed = {n: task.photos / seconds[n] for n, task in steps.items()}
    work = {n: task.operations / seconds[n] for n, task in (steps | peaks).items()}
    peak = work["product" if compute.device.type == "cuda" else "convolution"]
    return {
        "device": compute.why,
        "threads": torch.get_num_threads(),
        "rounds": rounds,
        "batch": {n: task.photos for n, task in steps.items()},
        "step_ms": {n: round(1e3 * seconds[n], 2) for n in steps},
        "images_per_s": {n: round(v, 2) for n, v in speed.items()},
        "ce_over_l2": round(median(a / b for a, b in pairs), 3),  # within each turn
        "loader_images_per_s": round(loaded, 1),
        "loader_over_step": round(loaded / speed["classification"], 2),
        "peak_tflops": {n: round(work[n] / 1e12, 3) for n in peaks},
        "peak_share": round(work["classification"] / peak, 3),
    }


def times_of(tasks: dict[str, Task], compute: Compute, rounds: int) -> dict[str, list[float]]:
    """Seconds of each task in each of the rounds, of which there are five at least."""
    wait = torch.cuda.synchronize if compute.device.type == "cuda" else lambda: None
    return in_turns({name: task.run for name, task in tasks.items()}, max(5, rounds), wait)


def made_up_batch(photos: int, crop: int) -> Batch:
    """A batch of smooth noise."""
    random = torch.Generator().manual_seed(0)
    coarse = torch.randint(256, (photos, 3, 4, 4), generator=random).float()
    pixels = F.interpolate(coarse, (crop, crop), mode="bicubic").clamp(0, 255).to(torch.uint8)
    numbers = torch.arange(photos)
    return Batch(pixels, numbers % CLASSES, numbers)


def made_up_cache(folder: Path) -> Cache:
    """Noise of the size that `prepare` makes."""
    random = np.random.default_rng(0)
    with Draft(folder, {}) as draft:
        for i in range(PHOTOS):
            pixels = random.integers(0, 256, (160, 213, 3), np.uint8)
            line = JournalLine(f"{i}", 160, 213, "", "train", f"{i:032x}")
            draft.add([(line, pixels.tobytes())])
        draft.finish()
    return Cache.open(folder)


def with_palette(recipe: Recipe) -> Recipe:
    """The recipe with made-up colours, if it wants a palette."""
    if recipe.model.bins.kind != "palette":
        return recipe
    shades = np.linspace(0, 255, COLOURS)
    colors = np.stack((shades, shades[::-1], np.roll(shades, 8)), axis=1).tolist()
    return changed(recipe, bins_options={"colors": colors})


def as_text(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [f"{'recipe':22} {'batch':>5} {'step, ms':>10} {'images/s':>9}"]
    for name, milliseconds in report["step_ms"].items():
        batch, speed = report["batch"][name], report["images_per_s"][name]
        lines.append(f"{name:22} {batch:5d} {milliseconds:10.1f} {speed:9.1f}")
    peaks = ", ".join(f"{n} {v:.2f}" for n, v in report["peak_tflops"].items())
    return "\n".join(
        (
            f"{report['device']}, {report['threads']} threads; medians of {report['rounds']}",
            *lines,
            f"cross-entropy step / L2 step: {report['ce_over_l2']:.3f}",
            f"loader alone: {report['loader_images_per_s']:.0f} images/s, "
            f"{report['loader_over_step']:.1f} times the step's",
            f"peaks in TFLOP/s: {peaks}; share that a step reaches: {report['peak_share']:.1%}",
        )
    )
