import numpy as np
import pytest
import torch

from colorize.hints.likeness import SPREAD, scene_of, squared_distance, unlike


def test_positions_are_square_and_of_area_one():
    position = scene_of(torch.zeros(1, 1, 40, 80), torch.zeros(1, 2, 10, 20), ()).position[0]
    across = position[0].unique()
    assert len(across) == 20 and torch.allclose(across.diff(), position[1].unique().diff()[0])
    assert (across[1] - across[0]).item() ** 2 * 200 == pytest.approx(1, abs=1e-4)


def test_lightness_is_the_mean_of_each_place():
    lightness = torch.arange(32.0).view(1, 1, 4, 8)
    scene = scene_of(lightness, torch.zeros(1, 2, 2, 4), ())
    assert scene.lightness[0, 0].tolist() == [4.5, 6.5, 8.5, 10.5, 20.5, 22.5, 24.5, 26.5]


def test_overlap_of_one_choice_and_of_two():
    belief = torch.tensor([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]]).T[None, :, None]  # (1, 3, 1, 3)
    color, light = torch.zeros(1, 2, 1, 3), torch.zeros(1, 1, 1, 3)
    one = scene_of(light, color, (belief,))
    half = 0.5**0.5
    expected = torch.tensor([[1, 0, half], [0, 1, half], [half, half, 1]])
    assert torch.allclose(one.overlap(one)[0], expected, atol=1e-6)
    two = scene_of(light, color, (belief, belief))
    assert torch.allclose(two.overlap(two)[0], expected**2, atol=1e-6)
    assert torch.allclose(unlike(two, two).belief[0], 1 - expected**2, atol=1e-6)


def test_without_beliefs_it_is_that_of_two_gaussians_around_the_colours():
    color = torch.tensor([[0.0, 30.0], [0.0, -40.0]])[None, :, None]
    scene = scene_of(torch.zeros(1, 1, 1, 2), color, ())
    steps = np.arange(-200, 200, 0.5)
    one = np.exp(-(steps**2) / (2 * SPREAD**2))
    other = np.exp(-((steps - 50) ** 2) / (2 * SPREAD**2))
    by_hand = np.sqrt(one / one.sum() * other / other.sum()).sum()
    assert scene.overlap(scene)[0, 0, 1].item() == pytest.approx(by_hand, abs=1e-4)


def test_squared_distances_keep_their_digits():
    far = torch.tensor([[[1000.0, 1000.01]]])
    assert squared_distance(far, far)[0, 0, 1].item() == pytest.approx(1e-4, rel=0.02)
