import json

import pytest
import torch

from colorize.bench import timing
from colorize.device import pick_device
from colorize.zoo import gflop
from train import bench
from train.__main__ import main
from train.bench import Task
from train.catalogue import find_recipe
from train.objective import untrained_model


def test_competitors_take_turns_and_the_first_round_does_not_count(monkeypatch):
    order, now = [], [0.0]
    took = {"a": iter([99, 1, 2, 3, 4, 50]), "b": iter([0, 7, 7, 7, 7, 7])}

    def task(name: str) -> Task:
        def run() -> None:
            order.append(name)
            now[0] += next(took[name])

        return Task(run)

    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])
    found = bench.times_of({"a": task("a"), "b": task("b")}, pick_device("cpu"), rounds=1)
    assert found == {"a": [1, 2, 3, 4, 50], "b": [7] * 5}  # five rounds at least
    assert order == ["a", "b"] * 6


@pytest.mark.parametrize("name", ["regression", "channels", "palette", "autoencoder"])
def test_operations_are_those_of_a_forward_and_backward_pass(name, tiny):
    """Backward costs twice forward, but for the first layer, whose input needs no gradient."""
    recipe = tiny(name, naming=0.0)
    task = bench.training_step(recipe, pick_device("cpu"))
    with torch.device("meta"):
        network = untrained_model(bench.with_palette(recipe)).network
    forward = 1e9 * gflop(network, recipe.crop)
    assert 2.5 * forward < task.operations / task.photos <= 3 * forward


def test_the_batch_is_smaller_where_a_step_would_take_long(tiny, monkeypatch):
    recipe = tiny("regression", batch=16)
    assert bench.training_step(recipe, pick_device("cpu")).photos == 16
    monkeypatch.setattr(bench, "BUDGET", 1)
    assert bench.training_step(recipe, pick_device("cpu")).photos == 1


def test_the_object_has_the_promised_keys(monkeypatch, capsys):
    monkeypatch.setattr(bench, "BUDGET", 1)
    assert main(["bench", "--recipes", "cifar-rebalanced", "--device", "cpu", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = {"cifar-rebalanced", "regression", "classification"}
    assert found["step_ms"].keys() == found["images_per_s"].keys() == names
    for key in ("ce_over_l2", "loader_over_step", "peak_share"):
        assert found[key] > 0
    assert found["device"]
    printed = bench.as_text(found)
    assert "cifar-rebalanced" in printed


def test_an_unknown_recipe_is_a_sentence(capsys):
    assert main(["bench", "--recipes", "zang"]) == 2
    assert "the nearest is 'zhang'" in capsys.readouterr().err


def test_a_palette_is_made_up():
    recipe = bench.with_palette(find_recipe("cartoon"))
    assert len(recipe.model.bins.options["colors"]) == 32
    assert bench.with_palette(find_recipe("zhang")) == find_recipe("zhang")
