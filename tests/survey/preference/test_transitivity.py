"""Each pair's own share, and the test of one ranking for all: by hand, and on simulated boards."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from survey.preference.bradley_terry import Board, fit, wins
from survey.preference.simulation import Scenario, simulate
from survey.preference.transitivity import decided, own_shares, transitivity
from tests.helpers.boards import duel, parts, small_board


def triangle(won: int, met: int) -> Board:
    """0 beats 1, 1 beats 2, 2 beats 0, each `won` times of `met`; all votes independent."""
    votes = np.arange(3 * met)
    above, below = votes % 3, (votes + 1) % 3
    turned = votes // 3 % 2 == 1
    lost = votes // 3 >= won
    first, second = np.where(turned, below, above), np.where(turned, above, below)
    return Board(3, first, second, (turned ^ lost).astype(int), votes, votes, np.ones(len(votes)))


def test_own_shares_are_those_of_the_votes():
    shares = own_shares(duel(600, 400, 250))
    assert shares.estimate[0, 1] == pytest.approx(0.6, abs=1e-3)
    wald = 1.96 * np.sqrt(0.6 * 0.4 / 1000)
    assert shares.high[0, 1] - shares.low[0, 1] == pytest.approx(2 * wald, rel=0.02)
    assert [part[1, 0] for part in shares] == pytest.approx(
        [1 - shares.estimate[0, 1], 1 - shares.high[0, 1], 1 - shares.low[0, 1]]
    )


def test_own_shares_assume_nothing_of_others():
    """A cycle: Bradley–Terry calls all three equal, their own shares do not."""
    board = triangle(70, 100)
    own, ranked = own_shares(board), wins(fit(board))
    for i in range(3):
        j = (i + 1) % 3
        assert own.estimate[i, j] == pytest.approx(0.7, abs=0.002)
        assert own.low[i, j] > 0.5
        assert ranked.estimate[i, j] == pytest.approx(0.5, abs=1e-6)


def test_ties_decide_nothing():
    board = small_board()
    kept = decided(board)
    assert kept.weight.sum() == pytest.approx(board.weight[board.answer < 2].sum())
    tied = board.answer == 2
    moved = replace(board, second=np.where(tied, (board.first + 1) % 4, board.second))
    for mine, theirs in zip(own_shares(board), own_shares(moved), strict=True):
        assert theirs == pytest.approx(mine)


def test_the_test_of_independent_votes_is_pearsons():
    """A cycle of three with equal strengths: 3 met (2 share − 1)² is chi-squared with 1 degree.

    The clustered test replaces the variance under the ranking by the one that is seen.
    """
    share, met = 0.55, 400
    found = transitivity(triangle(round(share * met), met))
    pearson = 3 * met * (2 * share - 1) ** 2
    seen = 4 * share * (1 - share)  # variance about the share itself, of that about one half
    assert found.freedom == pytest.approx(1)
    assert found.statistic == pytest.approx(pearson / seen, rel=0.01)
    assert found.p == pytest.approx(chi2.sf(pearson / seen, 1), rel=0.05)


def test_names_and_sides_mean_nothing_to_the_test():
    board, order = small_board(), np.array([2, 0, 3, 1])
    renamed = replace(board, first=order[board.first], second=order[board.second])
    answer = np.array([1, 0, 2])[board.answer]
    turned = replace(board, first=board.second, second=board.first, answer=answer)
    for other in (renamed, turned):
        assert transitivity(other).p == pytest.approx(transitivity(board).p, rel=1e-3)


def test_a_ranking_is_seldom_refused_and_a_cycle_often():
    """Wanted 5 %; 400 boards are good to ±2.2 points at twice the standard error."""

    def refused(cycle: float) -> float:
        scenario = Scenario(people=40, photos=30, votes=800, cycle=cycle)
        found = [transitivity(board).p < 0.05 for board in simulate(scenario, 400, seed=2)]
        return float(np.concatenate(found).mean())

    assert 0.005 < refused(0) < 0.09
    assert refused(0.6) > 0.8


def test_two_models_are_always_in_line():
    with pytest.raises(ValueError, match="2 models are always in line; compare three or more"):
        transitivity(duel(10, 5))


def test_boards_side_by_side_equal_boards_one_by_one():
    alone = [small_board(seed) for seed in (3, 4)]
    stacked = [np.stack(each) for each in zip(*(parts(b).values() for b in alone), strict=True)]
    together = transitivity(Board(4, *stacked))
    for k, one in enumerate(alone):
        assert together.p[k] == pytest.approx(transitivity(one).p)


@pytest.mark.parametrize("won", [1, 2])
def test_of_hardly_any_votes_nothing_is_said(won):
    assert np.isnan(transitivity(duel(won, 0, 3, models=3)).p)
