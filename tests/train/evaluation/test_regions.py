"""Even regions: what counts as one, by the definition."""

import numpy as np
import pytest

from train.evaluation.regions import SPREAD, deviation, even_regions


def field(*patches: tuple[slice, slice, tuple[float, float]]) -> np.ndarray:
    """(2, 100, 120): strong noise, and patches of one ab each."""
    ab = np.random.default_rng(0).normal(0, 40, (2, 100, 120))
    for rows, columns, colour in patches:
        ab[:, rows, columns] = np.array(colour)[:, None, None]
    return ab


LEFT, RIGHT = slice(5, 45), slice(65, 105)


def test_every_even_patch_is_a_region_and_noise_is_none():
    regions = even_regions(field((slice(10, 50), LEFT, (10, 20)), (slice(10, 50), RIGHT, (10, 20))))
    assert regions.max() == 2  # one colour, two places
    assert (regions[13:47, 8:42] == regions[30, 25]).all() and regions[30, 25] > 0
    assert (regions[13:47, 68:102] == regions[30, 85]).all() and regions[30, 85] > 0
    assert regions[30, 25] != regions[30, 85]
    assert (regions[60:] == 0).all()


@pytest.mark.parametrize(("side", "count"), [(12, 0), (22, 1)])
def test_a_region_is_at_least_two_percent_of_the_photo(side, count):
    square = slice(30, 30 + side)
    assert even_regions(field((square, square, (10, 20)))).max() == count


@pytest.mark.parametrize(("noise", "count"), [(0.9, 1), (1.2, 0)])
def test_its_true_colours_stay_within_the_spread(noise, count):
    """Grain that smoothing hides still counts."""
    ab = field((slice(10, 90), slice(10, 110), (9, 21)))
    grain = np.random.default_rng(1).normal(0, noise * SPREAD, (2, 80, 100))
    ab[:, 10:90, 10:110] += grain
    assert even_regions(ab).max() == count


def test_a_gradient_is_cut_into_parts_that_are_even():
    ab = np.broadcast_to(np.linspace(-40, 40, 200), (2, 100, 200)).copy()
    regions = even_regions(ab)
    assert regions.max() > 5
    assert (deviation(ab, regions) <= SPREAD).all()


def test_deviation_is_numpys():
    random = np.random.default_rng(3)
    ab, regions = random.normal(50, 9, (2, 30, 40)), random.integers(0, 4, (30, 40))
    oracle = [np.sqrt(ab[:, regions == k].var(axis=1).mean()) for k in (1, 2, 3)]
    assert deviation(ab, regions) == pytest.approx(oracle)
    assert deviation(ab, np.zeros((30, 40), int)).shape == (0,)
