"""Ratings as plain numbers: as the statistics say them, and the same from either side."""

from dataclasses import replace

import numpy as np
import pytest

from survey.preference import bradley_terry as bt
from survey.preference.ratings import rate
from survey.preference.transitivity import transitivity
from tests.helpers.boards import duel, small_board

NAMES = ("a", "b", "c", "d")


def test_ratings_say_what_the_statistics_say():
    board = small_board()
    found, fitted = rate(board, NAMES), bt.fit(board)
    assert (found.votes, found.people, found.photos) == (400, 20, 15)
    strengths = bt.strengths(fitted)
    assert [s.estimate for s in found.strengths] == pytest.approx(strengths.estimate.tolist())
    shares = bt.wins(fitted)
    for i in range(4):
        for j in range(4):
            if i != j:
                pair = found.pair(i, j)
                assert (pair.first, pair.second) == (NAMES[i], NAMES[j])
                assert tuple(pair.share) == pytest.approx([part[i, j] for part in shares])
                cast = bt.table(board)[i, j]
                assert [pair.won, pair.tied, pair.lost] == cast.tolist()
    assert found.transitivity_p == pytest.approx(float(transitivity(board).p))
    assert found.tied == (board.answer == bt.TIE).sum()


def test_the_same_ratings_are_equal_and_others_are_not():
    board = small_board()
    assert rate(board, NAMES) == rate(board, NAMES)
    assert rate(board, NAMES) != rate(small_board(4), NAMES)


def test_two_models_are_told_apart_by_many_votes():
    (clear,) = rate(duel(300, 100), ("a", "b")).pairs
    assert clear.told_apart and clear.votes_needed == 0 and clear.bounded
    assert clear.turned().told_apart and clear.turned().turned() == clear
    (open_,) = rate(duel(52, 48), ("a", "b")).pairs
    assert not open_.told_apart and open_.votes_needed > 1000
    assert rate(duel(52, 48), ("a", "b")).transitivity_p is None


@pytest.mark.parametrize("votes", [(1, 0, 0), (0, 0, 1), (0, 0, 9), (2, 1, 0)])
def test_few_votes_are_no_trouble(votes):
    won, lost, tied = votes
    found = rate(duel(won, lost, tied, models=3), ("a", "b", "c"))
    assert found.tied == tied and not any(pair.told_apart for pair in found.pairs)
    assert not found.pair(0, 2).bounded
    alone = replace(duel(won, lost, tied, models=3), person=np.zeros(sum(votes), int))
    assert rate(alone, ("a", "b", "c")).transitivity_p is None
