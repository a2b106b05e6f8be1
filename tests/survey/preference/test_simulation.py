"""The simulated boards are what their scenario says, and so are their truths."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from survey.preference.bradley_terry import Board, counts, table
from survey.preference.simulation import LARGE, Scenario, expected, simulate, truth
from tests.helpers.boards import parts

STILL = Scenario(person_sd=0.0, photo_sd=0.0, side_sd=0.0, tie_sd=0.0)


def test_without_deviations_the_truth_is_what_was_put_in():
    ranked, free = truth(STILL)
    assert ranked == pytest.approx([*STILL.strengths, STILL.side, STILL.tie], abs=1e-6)
    i, j = np.triu_indices(4, 1)
    assert free == pytest.approx([*(ranked[i] - ranked[j]), STILL.side], abs=1e-6)


def test_a_cycle_moves_pairs_and_no_strengths():
    ranked, free = truth(replace(STILL, strengths=(0.0,) * 3, side=0.0, cycle=0.4))
    assert ranked[:3] == pytest.approx(np.zeros(3), abs=1e-6)
    assert free[:3] == pytest.approx([0.4, -0.4, 0.4], abs=1e-6)  # 0 beats 1, 2 beats 0, 1 beats 2


@pytest.mark.parametrize(
    "scenario", [Scenario(), Scenario(cycle=0.5), Scenario(uneven=9.0), Scenario(side=1.0)]
)
def test_many_boards_come_out_as_expected(scenario):
    """300 boards of 2,000 votes: shares of answers are good to about 0.01 for each ordered pair."""
    found = sum(
        counts(replace(board, weight=np.ones(board.weight.shape))).sum(0)
        for board in simulate(replace(scenario, people=500, photos=500), 300, seed=1)
    )
    wanted = expected(scenario) / LARGE
    assert found / found.sum() == pytest.approx(wanted, abs=0.002)
    met = wanted.sum(1) > 0
    shares = (found[met].T / found[met].sum(1)).T
    assert shares == pytest.approx((wanted[met].T / wanted[met].sum(1)).T, abs=0.02)


def test_heavy_voters_vote_heavily():
    board = next(simulate(Scenario(zipf=1.2), 20, seed=4))
    share = np.mean(board.person == 0)
    weights = np.arange(1, 201) ** -1.2
    assert share == pytest.approx(weights[0] / weights.sum(), abs=0.02)
    even = next(simulate(Scenario(), 1, seed=4))
    assert np.ptp(np.bincount(even.person[0])) == 0


def test_habits_of_sides_and_ties():
    board = next(simulate(replace(STILL, strengths=(0.0, 0.0), side=1.0, tie=0.0), 50, seed=5))
    chance = np.exp([0.5, -0.5, 0.0])
    for answer in range(3):
        assert np.mean(board.answer == answer) == pytest.approx(
            chance[answer] / chance.sum(), abs=0.01
        )


def test_the_seed_decides_everything():
    first, again, other = (next(simulate(Scenario(votes=50), 2, seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(parts(first)[name], parts(again)[name]) for name in parts(first))
    assert not np.array_equal(first.answer, other.answer)


def test_runs_come_in_pieces_that_add_up():
    pieces = list(simulate(Scenario(votes=100_000, people=10), 7, seed=0))
    assert len(pieces) > 1
    assert sum(len(piece.answer) for piece in pieces) == 7
    assert table(pieces[0]).shape == (len(pieces[0].answer), 4, 4, 3)


def test_deviations_bring_rates_towards_one_half():
    """The share that is seen is the mean of people's and photos' own shares."""
    calm, wild = Scenario(strengths=(1.0, -1.0)), Scenario(strengths=(1.0, -1.0), photo_sd=2.0)
    gaps = [truth(each)[0][0] - truth(each)[0][1] for each in (STILL, calm, wild)]
    assert 0.5 < expit(gaps[2]) < expit(gaps[1]) < expit(2.0)


def test_unsure_pairs_are_those_whose_outcome_is_open():
    """Against boards that are otherwise alike: far models meet less, near ones more."""
    far = Scenario(strengths=(2.5, 0.1, -0.1, -2.5), people=40, photos=30, votes=300)
    even, unsure = (next(simulate(replace(far, unsure=way), 20, seed=1)) for way in (False, True))

    def met(board: Board, *two: int) -> int:
        return int((np.isin(board.first, two) & np.isin(board.second, two)).sum())

    assert met(unsure, 1, 2) > 1.2 * met(even, 1, 2)
    assert 0 < met(unsure, 0, 3) < 0.6 * met(even, 0, 3)
    left = (unsure.first < unsure.second).mean()
    assert 0.45 < left < 0.55  # sides stay random
