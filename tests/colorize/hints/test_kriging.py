from dataclasses import replace

import numpy as np
import pytest
import torch

from colorize.hints.kriging import CAUTION, Kernel, weights
from colorize.hints.likeness import Scene, scene_of, unlike
from colorize.hints.pins import Pins

KERNEL = Kernel(((0.4, 0.2), (0.6, 1.0)), contrast=25, belief=4, nugget=0.1)
HEIGHT, WIDTH = 6, 8


def scene(seed: int = 0, photos: int = 1) -> Scene:
    """Random places; beliefs over seven colours."""
    random = torch.Generator().manual_seed(seed)
    belief = torch.randn(photos, 7, HEIGHT, WIDTH, generator=random).mul(2).softmax(1)
    lightness = torch.rand(photos, 1, HEIGHT, WIDTH, generator=random) * 100
    return scene_of(lightness, torch.zeros(photos, 2, HEIGHT, WIDTH), (belief,))


def pins(*cells: list[int]) -> Pins:
    """Rows are filled up to the longest."""
    most = max(map(len, cells))
    real = torch.tensor([[k < len(row) for k in range(most)] for row in cells])
    table = torch.tensor([row + [0] * (most - len(row)) for row in cells])
    radius = torch.full(table.shape, torch.inf)
    return Pins(table, torch.zeros(len(cells), 2, most), real, torch.zeros_like(real), radius)


def by_hand(kernel: Kernel, places: Scene, cells: list[int]) -> np.ndarray:
    """(M, K), with loops and numpy's solver."""
    position, light = places.position[0].double().numpy(), places.lightness[0, 0].double().numpy()
    belief = places.roots[0][0].double().numpy() ** 2
    caution = 1 + CAUTION / len(set(cells)) ** 2

    def alike(i: int, j: int) -> float:
        apart = ((position[:, i] - position[:, j]) ** 2).sum()
        overlap = np.sqrt(belief[:, i] * belief[:, j]).sum()
        contrast = (light[i] - light[j]) ** 2 / (2 * kernel.contrast**2)
        return np.exp(-caution * (contrast + kernel.belief * (1 - overlap))) * sum(
            share * np.exp(-apart / (2 * width**2)) for share, width in kernel.reaches
        )

    among = np.array([[alike(i, j) for j in cells] for i in cells])
    everywhere = np.array([[alike(i, j) for j in cells] for i in range(HEIGHT * WIDTH)])
    return np.linalg.solve(among + kernel.nugget * np.eye(len(cells)), everywhere.T).T


@pytest.mark.parametrize("cells", [[17], [0, 47], [3, 4, 11, 12, 40]])
def test_weights_are_those_of_the_formula(cells):
    places, some = scene(), pins(cells)
    found = weights(KERNEL, unlike(places, places.at(some.cells)), some)
    assert np.allclose(found[0].numpy(), by_hand(KERNEL, places, cells), atol=1e-4)


def test_filled_up_pins_count_for_nothing():
    places, some = scene(photos=2), pins([5, 30, 44], [9])
    found = weights(KERNEL, unlike(places, places.at(some.cells)), some)
    second = (x[1:] for x in (places.position, places.lightness, places.color))
    alone = Scene(*second, (places.roots[0][1:],))
    expected = by_hand(KERNEL, alone, [9])
    assert np.allclose(found[1, :, :1].numpy(), expected, atol=1e-4)
    assert (found[1, :, 1:] == 0).all()


def test_without_a_nugget_a_pin_has_its_own_place_for_itself():
    places, some = scene(), pins([3, 20, 41])
    exact = replace(KERNEL, nugget=0.0)
    found = weights(exact, unlike(places, places.at(some.cells)), some)[0, some.cells[0]]
    assert torch.allclose(found, torch.eye(3), atol=1e-4)


def test_two_at_one_place_share_its_weight():
    places, once, twice = scene(), pins([20]), pins([20, 20])
    one = weights(KERNEL, unlike(places, places.at(once.cells)), once)[0]
    two = weights(KERNEL, unlike(places, places.at(twice.cells)), twice)[0]
    assert torch.allclose(two[:, 0], two[:, 1], atol=1e-5)
    assert (two.sum(1) <= one[:, 0] * (1 + KERNEL.nugget) + 1e-5).all()


def test_a_radius_ends_the_reach():
    places, some = scene(), pins([20])
    some = replace(some, radius=torch.tensor([[0.3]]))
    found = weights(KERNEL, unlike(places, places.at(some.cells)), some)[0, :, 0]
    distance = (places.position[0] - places.position[0, :, 20:21]).norm(dim=0)
    assert (found[distance >= 0.3] == 0).all() and (found[distance < 0.29] != 0).all()
    assert found[20] == pytest.approx(1 / (1 + KERNEL.nugget), abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_kernels_are_positive_definite(seed):
    places = scene(seed)
    among = KERNEL(unlike(places, places), torch.ones(1))[0].double()
    assert torch.allclose(among, among.T, atol=1e-6)
    assert torch.linalg.eigvalsh(among).min() > -1e-5
    assert torch.allclose(among.diagonal(), torch.ones(HEIGHT * WIDTH).double(), atol=1e-5)
