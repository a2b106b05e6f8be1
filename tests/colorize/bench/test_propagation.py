import numpy as np
import pytest

from colorize.bench.propagation import levin, neighbours, screened_poisson

FLAT = np.full((8, 10), 50.0)
EDGE = np.where(np.arange(10) < 5, 20.0, 80.0)[None].repeat(8, 0)


def test_neighbours_are_all_of_them_both_ways():
    here, there = neighbours((3, 4), diagonal=True)
    pairs = set(zip(here.tolist(), there.tolist(), strict=True))
    by_hand = {
        (i, j)
        for i in range(12)
        for j in range(12)
        if i != j and abs(i // 4 - j // 4) <= 1 and abs(i % 4 - j % 4) <= 1
    }
    assert pairs == by_hand and len(here) == len(pairs)
    straight = set(zip(*(x.tolist() for x in neighbours((3, 4), diagonal=False)), strict=True))
    assert straight == {(i, j) for i, j in by_hand if i // 4 == j // 4 or i % 4 == j % 4}


def test_levin_paints_a_flat_photo_with_the_one_colour_given():
    found = levin(FLAT, np.array([33]), np.array([[12.0, -7.0]]))
    assert np.allclose(found, [12.0, -7.0])


@pytest.mark.parametrize("way", [levin, screened_poisson])
def test_hints_are_kept(way):
    random = np.random.default_rng(0)
    light = random.uniform(0, 100, (8, 10))
    cells, values = np.array([3, 40, 77]), random.normal(0, 30, (3, 2))
    found = way(light, cells, values)
    assert found.shape == (80, 2) and np.allclose(found[cells], values)
    assert np.abs(found).max() <= np.abs(values).max() + 1e-6  # means of neighbours


@pytest.mark.parametrize("way", [levin, screened_poisson])
def test_colour_stops_at_edges(way):
    found = way(EDGE, np.array([42, 47]), np.array([[30.0, 0], [-30.0, 0]]))[:, 0].reshape(8, 10)
    if way is levin:
        assert (found[:, :4] > 10).all() and (found[:, 6:] < -10).all()
    assert (found[:, :5] > 0).all() and (found[:, 5:] < 0).all()


def test_poissons_changes_die_away():
    found = screened_poisson(np.full((8, 60), 50.0), np.array([4 * 60]), np.array([[30.0, 0.0]]))
    along = found[:, 0].reshape(8, 60)[4]
    assert (np.diff(along) < 0).all() and along[-1] < 5
