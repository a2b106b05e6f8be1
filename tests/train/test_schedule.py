import pytest
import torch
from torch import nn

from train.catalogue import find_recipe
from train.recipe import OPTIMIZERS
from train.schedule import Clock, make_optimizer

RECIPE = find_recipe("regression", steps=100, warmup=10, rate=1.0)


def rates(clock: Clock, steps: int) -> list[float]:
    found = []
    for step in range(steps):
        clock.step = step
        found.append(clock.rate())
    return found


def test_the_rate_warms_up_and_falls_to_one_hundredth():
    found = rates(Clock(RECIPE), 101)
    assert found[0] == pytest.approx(0.1)
    assert found[:10] == sorted(found[:10])
    assert found[10:] == sorted(found[10:], reverse=True)
    assert found[50] == pytest.approx(0.01 + 0.99 / 2)
    assert found[100] == pytest.approx(0.01)


def test_without_cosine_the_rate_stays():
    clock = Clock(find_recipe("cartoon", steps=50))
    assert set(rates(clock, 50)) == {1.0}


def test_a_run_of_steps_ends_with_them():
    clock = Clock(RECIPE)
    clock.step = 99
    assert not clock.done()
    clock.step = 100
    assert clock.done()


def test_a_run_of_minutes_follows_the_clock_and_not_the_steps():
    clock = Clock(RECIPE, minutes=2)
    clock.set(step=10_000, seconds=30)
    assert clock.share() == 0.25
    assert clock.left() == pytest.approx(90)
    clock.set(step=5, seconds=120)
    assert clock.done()


def test_a_resumed_clock_goes_on():
    clock = Clock(RECIPE)
    clock.set(step=7, seconds=50)
    assert clock.step == 7
    assert 50 <= clock.read() < 51


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_minimises(name):
    torch.manual_seed(0)
    module = nn.Linear(3, 1)
    optimizer = make_optimizer(
        find_recipe("regression", optimizer=name, rate=0.05, decay=0.0), module
    )
    x, first = torch.randn(20, 3), None
    for _ in range(50):
        loss = (module(x) - x.sum(1, keepdim=True)).square().mean()
        first = first or loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first


def test_only_matrices_decay():
    optimizer = make_optimizer(find_recipe("regression", decay=0.3), nn.Sequential(nn.Linear(3, 2)))
    decays = {p.ndim: g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decays == {2: 0.3, 1: 0.0}
