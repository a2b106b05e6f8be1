"""Runs of every recipe on made-up photos, and what may befall a run."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from colorize import Colorizer
from colorize.device import Compute
from colorize.photo import Photo
from train import loop, losses
from train.catalogue import RECIPES
from train.checkpoint import CheckpointError
from train.data.batches import batches
from train.data.cache import Cache
from train.loop import Run, TrainingError, TrainingPhotos, fit
from train.recipe import Recipe
from train.target import area_mean, make_examples

ROOT = Path(__file__).parents[2]


def weights(run: Path) -> dict[str, torch.Tensor]:
    """The weights of RUN/state.pt, those that learn and those that are averaged."""
    state = torch.load(run / "state.pt", weights_only=True)
    return {
        f"{part} {k}": v
        for part in ("trainee", "averaged")
        for k, v in state[part].items()
        if v.is_floating_point()
    }


def farthest(one: Path, other: Path) -> float:
    """The largest difference between the weights of two runs."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max((first[k] - second[k]).abs().max().item() for k in first)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_to_a_model_that_colours(lessons, tiny, tmp_path, name):
    best = fit(tiny(name), Run(lessons.folder, tmp_path / "run"))
    model = Colorizer.load(best, device="cpu", short_side=32)
    colored = model(Photo(np.array(lessons.photo(0))))
    assert colored.pixels.shape == lessons.photo(0).shape
    assert model.model.config.about["steps"] == 3
    for file in ("state.pt", "log.csv", "pictures.png"):
        assert (tmp_path / "run" / file).stat().st_size > 0


def test_the_network_that_has_seen_the_world_trains_too(lessons, tiny, tmp_path):
    options = {"widths": [16] * 4, "depths": [1] * 4}
    recipe = tiny("classification", network="mobile-unet", network_options=options, aged=0.5)
    best = fit(recipe, Run(lessons.folder, tmp_path / "run"))
    model = Colorizer.load(best, device="cpu", short_side=32)
    assert model.model.config.about["recipe"]["encoder_rate"] == 0.3
    assert model(Photo(np.array(lessons.photo(0)))).pixels.shape == lessons.photo(0).shape


def lightness_loss(recipe: Recipe, cache: Cache, objective) -> float:
    """The loss of the best that can be said from the lightness of a pixel alone.

    That is the mean colour of the lightness, or the distribution of labels of the lightness.
    """
    size = torch.Size((8, 8))

    def crops(side: str, count: int):
        feed = batches(
            cache,
            cache.split(side),
            crop=32,
            batch_size=20,
            seed=0,
            scale=(1, 1),
            aspect=1,
            flip=False,
        )
        for _, batch in zip(range(count), feed, strict=False):
            view = make_examples(batch.pixels, recipe.luma)
            yield view, area_mean(view.lightness, size).round().long().flatten()
        feed.close()

    width = objective.bins.size if objective.bins else 2
    sums, counts = torch.zeros(101, width), torch.zeros(101)
    for view, level in crops("train", 3):
        if objective.bins:
            label = objective.target(view, size).label
            target = torch.zeros(len(label.indices), width, *size).scatter_add_(
                1, label.indices, label.shares
            )
        else:
            target = objective.target(view, size).scaled_ab
        sums.index_add_(0, level, target.permute(0, 2, 3, 1).flatten(0, 2))
        counts.index_add_(0, level, torch.ones(len(level)))
    said = sums / counts.clamp(min=1)[:, None]
    if objective.bins:
        said = (said + 1e-4).log()
    [(view, level)] = list(crops("val", 1))
    answer = said[level].view(-1, *size, width).permute(0, 3, 1, 2)
    return objective(answer, view).item()


@pytest.mark.parametrize("name", ["regression", "classification", "rebalanced"])
def test_the_main_three_learn_more_than_lightness_tells(lessons, tiny, tmp_path, name):
    recipe = tiny(name, steps=250, rate=0.02)
    run = Run(lessons.folder, tmp_path / "run", validate_every=100)
    photos = TrainingPhotos.of(lessons, 99)
    learner = loop.begin_or_resume(recipe, run, photos)
    baseline = lightness_loss(recipe, lessons, learner.objective)
    loop.learn(learner, run, photos, loop.Processes())
    assert learner.best < 0.85 * baseline


def test_a_run_that_is_killed_and_resumed_is_the_run_that_was_not(lessons, tiny, tmp_path):
    recipe = tiny("rebalanced", steps=60)
    whole = Run(lessons.folder, tmp_path / "whole", device="cpu", save_every=0)
    fit(recipe, whole)
    killed = tmp_path / "killed"
    command = fit_command(recipe, lessons, killed, "--save-every", "0")
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    while not (killed / "state.pt").exists():
        assert child.poll() is None, "the run ended before its first checkpoint"
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.5))
    child.kill()
    child.wait()
    reached = torch.load(killed / "state.pt", weights_only=True)["step"]
    fit(recipe, Run(lessons.folder, killed, device="cpu", resume=True))
    assert 0 < reached <= 60
    assert farthest(tmp_path / "whole", killed) < 1e-6
    assert (killed / "log.csv").read_text().count("\n60,") == 1


def fit_command(recipe: Recipe, cache: Cache, output: Path, *more: str) -> list[str]:
    options = '{"widths": [16, 32], "depths": [1, 1]}'
    return [
        *(sys.executable, "-m", "train", "fit", recipe.name, "--network", "unet"),
        *("--network-options", options),
        *("--data", str(cache.folder), "--output", str(output), "--device", "cpu"),
        *("--steps", str(recipe.steps), "--crop", str(recipe.crop), "--batch", str(recipe.batch)),
        *("--warmup", str(recipe.warmup), "--rate", str(recipe.rate), *more),
    ]


TWO_PROCESSES = """
import sys
import torch
from colorize.device import Compute
from train import loop
from train.__main__ import main

# Half precision rounds each process's gradient on its own; here the sums are to be compared.
loop.pick_device = lambda wish: Compute(torch.device("cpu"), torch.float32, "float32")
sys.exit(main(sys.argv[1:]))
"""


def test_two_processes_learn_what_one_does(lessons, tiny, tmp_path, monkeypatch):
    recipe = tiny("rebalanced", steps=6)
    exact = Compute(torch.device("cpu"), torch.float32, "float32")
    monkeypatch.setattr(loop, "pick_device", lambda wish: exact)
    fit(recipe, Run(lessons.folder, tmp_path / "one"))
    script = tmp_path / "two.py"
    script.write_text(TWO_PROCESSES)
    words = fit_command(recipe, lessons, tmp_path / "two")[3:]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*command, str(script), *words], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert farthest(tmp_path / "one", tmp_path / "two") < 1e-5


def test_a_loss_that_is_no_number_stops_with_step_and_names(lessons, tiny, tmp_path, monkeypatch):
    recipe, run = tiny("regression", steps=9), Run(lessons.folder, tmp_path, save_every=0)
    sound, calls = losses.l2, []

    def broken(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return sound(predicted, truth) * (float("nan") if len(calls) == 5 else 1)

    monkeypatch.setattr(losses, "l2", broken)
    with pytest.raises(TrainingError, match=r"became nan .* at step 4, on the photos \d\d\.png, "):
        fit(recipe, run)
    kept = torch.load(tmp_path / "state.pt", weights_only=True)
    assert kept["step"] == 4
    assert all(value.isfinite().all() for value in kept["trainee"].values())


@contextmanager
def at_step(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Do this as soon as that step is told."""
    step = loop.progress.ProgressLog.step

    def step_and_act(log: loop.progress.ProgressLog, loss: float) -> None:
        step(log, loss)
        if log.clock.step == number:
            act()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.progress.ProgressLog, "step", step_and_act)
        yield


def test_control_c_ends_with_a_checkpoint_from_which_the_run_goes_on(
    lessons, tiny, tmp_path, capsys
):
    recipe = tiny("classification", steps=8)
    fit(recipe, Run(lessons.folder, tmp_path / "whole"))
    with at_step(3, lambda: signal.raise_signal(signal.SIGINT)):
        best = fit(recipe, Run(lessons.folder, tmp_path / "pressed"))
    assert best.exists()
    assert "Stopped; go on with --resume" in capsys.readouterr().err
    assert torch.load(tmp_path / "pressed/state.pt", weights_only=True)["step"] == 4
    fit(recipe, Run(lessons.folder, tmp_path / "pressed", resume=True))
    assert farthest(tmp_path / "whole", tmp_path / "pressed") < 1e-6


def test_a_full_disk_ends_with_a_sentence_and_resume_goes_on(lessons, tiny, tmp_path, small_disk):
    recipe = tiny("classification", steps=8)
    fit(recipe, Run(lessons.folder, tmp_path / "whole"))
    run = Run(lessons.folder, small_disk.path / "run", save_every=0)
    full = pytest.raises(CheckpointError, match="cannot be written .the disk is full")
    with at_step(5, small_disk.fill), full:
        fit(recipe, run)
    assert torch.load(run.output / "state.pt", weights_only=True)["step"] == 4
    with pytest.raises(CheckpointError, match="cannot be written"):
        fit(recipe, replace(run, resume=True))  # still full
    small_disk.free()
    fit(recipe, replace(run, resume=True))
    assert farthest(tmp_path / "whole", run.output) < 1e-6
    left = {path.name for path in run.output.iterdir()}
    assert left == {path.name for path in (tmp_path / "whole").iterdir()}


def test_too_little_memory_for_a_batch_is_a_sentence(lessons, tiny, tmp_path, monkeypatch):
    def no_gpu(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB.")

    monkeypatch.setattr(losses, "l2", no_gpu)
    with pytest.raises(TrainingError, match=r"of step 0 \(CUDA out of memory\.\).*smaller --batch"):
        fit(tiny("regression"), Run(lessons.folder, tmp_path))


def test_a_time_budget_ends_a_run(lessons, tiny, tmp_path):
    run = Run(lessons.folder, tmp_path, minutes=1 / 60)
    assert fit(tiny("regression", steps=10**9), run).exists()
    assert torch.load(tmp_path / "state.pt", weights_only=True)["seconds"] >= 1


def test_the_best_model_is_kept_and_not_the_last(lessons, tiny, tmp_path, monkeypatch):
    values = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr(loop, "validate", lambda *_: next(values))
    best = fit(tiny("regression"), Run(lessons.folder, tmp_path, validate_every=1))
    about = Colorizer.load(best, device="cpu").model.config.about
    assert (about["steps"], about["validation_loss"]) == (2, 1.0)


def test_a_warm_start_begins_where_the_other_model_was(lessons, tiny, tmp_path):
    trained = fit(tiny("classification", steps=40), Run(lessons.folder, tmp_path / "first"))
    photos = TrainingPhotos.of(lessons, 99)
    recipe = tiny("regression")
    cold, warm = (
        loop.begin_or_resume(recipe, Run(lessons.folder, tmp_path / name, init=init), photos)
        for name, init in (("cold", None), ("warm", trained))
    )
    stem = Colorizer.load(trained, device="cpu").model.network.stem.weight
    assert torch.equal(warm.model.network.stem.weight, stem)
    assert not torch.equal(cold.model.network.stem.weight, stem)


def test_a_finished_run_is_not_overwritten_and_not_prolonged(lessons, tiny, tmp_path):
    run = Run(lessons.folder, tmp_path)
    fit(tiny("regression"), run)
    before = (tmp_path / "best.safetensors").stat().st_mtime_ns
    with pytest.raises(CheckpointError, match="already holds a run"):
        fit(tiny("regression"), run)
    fit(tiny("regression"), Run(lessons.folder, tmp_path, resume=True))
    assert (tmp_path / "best.safetensors").stat().st_mtime_ns == before


def test_without_a_validation_side_some_training_photos_are_held(lessons):
    both = TrainingPhotos.of(lessons, 8)
    assert len(both.held) == 8
    only = replace(lessons, splits=("train", "test"))
    found = TrainingPhotos.of(only, 99)
    assert sorted([*found.train, *found.held]) == only.split("train").tolist()
    assert len(found.held) == 3
