"""Differences, permutations, Holm and Bradley–Terry against enumeration, scipy and statsmodels."""

from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, norm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from survey.comparison import (
    LEAST_P,
    Votes,
    bradley_terry,
    correlation,
    difference,
    difference_p,
    holm,
    permutation_p,
)
from survey.stats import Tally


def votes(answers: np.ndarray) -> Votes:
    """Everybody's answer on every photo (participants, photos), summed both ways."""
    answers = answers.astype(float)
    people, photos = (
        np.full(len(answers), answers.shape[1]),
        np.full(answers.shape[1], len(answers)),
    )
    return Votes(Tally(answers.sum(1), people), Tally(answers.sum(0), photos))


def test_a_difference_from_itself_is_nothing():
    mine = votes(np.random.default_rng(0).random((12, 20)) < 0.4)
    gap = difference(mine, mine)
    assert correlation(mine, mine) == pytest.approx(1, abs=0.3)
    assert gap.estimate == 0
    assert gap.low == pytest.approx(-gap.high)


def test_a_difference_turned_round_is_its_mirror():
    rng = np.random.default_rng(1)
    first, second = votes(rng.random((12, 20)) < 0.6), votes(rng.random((12, 20)) < 0.3)
    there, back = difference(first, second), difference(second, first)
    assert [float(-x) for x in there] == pytest.approx([back.estimate, back.high, back.low])
    assert there.low > 0


def test_unanimous_models_still_have_a_width():
    never = votes(np.zeros((10, 20)))
    gap = difference(never, never)
    assert gap.low < 0 < gap.high


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95), st.sampled_from([0.6, 0.95, 0.999]))
def test_p_says_which_intervals_exclude_nothing(seed, rate, level):
    rng = np.random.default_rng(seed)
    first, second = votes(rng.random((12, 15)) < rate), votes(rng.random((12, 15)) < 0.4)
    gap, p = difference(first, second, level=level), difference_p(first, second)
    assert (p < 1 - level) == bool(gap.low > 0 or gap.high < 0)
    assert p == pytest.approx(difference_p(second, first))


def test_p_of_what_is_certain_and_of_what_is_not():
    none, all_ = votes(np.zeros((40, 60))), votes(np.ones((40, 60)))
    assert difference_p(none, none) == 1
    assert LEAST_P <= difference_p(none, all_) < 1e-9
    alone = votes(np.array([[1, 0, 1, 1]]))
    assert difference_p(alone, votes(np.zeros((1, 4)))) == 1  # one person says nothing of others


def test_many_people_on_few_photos_are_certain_of_these_photos_alone():
    """Each photo is loved in one version or the other: shuffling sees a difference."""
    likes = np.random.default_rng(3).random((2, 10)) < 0.5
    first, second = (votes(np.tile(row, (200, 1))) for row in likes)
    assert permutation_p(first[0], second[0]) < 1e-6 < 0.2 < difference_p(first, second)


def enumerated_p(first: Tally, second: Tally) -> float:
    """Goes through every relabelling of every participant's votes."""
    sums = []
    for called_a, shown_a, called_b, shown_b in zip(*first, *second, strict=True):
        pool = [1] * int(called_a + called_b) + [0] * int(shown_a + shown_b - called_a - called_b)
        sums.append([sum(drawn) for drawn in combinations(pool, int(shown_a))])
    totals = np.array([sum(choice) for choice in product(*sums)])
    gap = np.abs(totals - totals.mean())
    return float((gap >= abs(first.called.sum() - totals.mean()) - 1e-9).mean())


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_permutation_agrees_with_enumeration(seed):
    rng = np.random.default_rng(seed)
    shown = rng.integers(1, 5, (2, 3))
    called = rng.integers(0, shown + 1)
    first, second = Tally(called[0], shown[0]), Tally(called[1], shown[1])
    assert permutation_p(first, second) == pytest.approx(enumerated_p(first, second))


def test_permutation_of_one_participant_is_fisher():
    first, second = Tally(np.array([9]), np.array([12])), Tally(np.array([2]), np.array([12]))
    expected = fisher_exact([[9, 3], [2, 10]]).pvalue  # equal groups: both tails alike
    assert permutation_p(first, second) == pytest.approx(expected)


def test_permutation_of_many_approaches_mantel_haenszel():
    rng = np.random.default_rng(4)
    shown = np.full(60, 20)
    first, second = (Tally(rng.binomial(20, rate, 60), shown) for rate in (0.35, 0.32))
    tables = [
        np.array([[a, 20 - a], [b, 20 - b]])
        for a, b in zip(first.called, second.called, strict=True)
    ]
    expected = StratifiedTable(tables).test_null_odds(correction=True).pvalue
    assert permutation_p(first, second) == pytest.approx(expected, rel=0.03)


def test_permutation_of_a_crowd_keeps_its_accuracy():
    """So many that only the outcomes around the expected one are computed."""
    shown = np.full(3000, 10)
    rng = np.random.default_rng(8)
    first, second = (Tally(rng.binomial(10, rate, 3000), shown) for rate in (0.31, 0.3))
    both = first.called + second.called
    deviation = np.sqrt((both * (20 - both) / (4 * 19)).sum())
    gap = abs(first.called.sum() - both.sum() / 2) - 0.5
    assert permutation_p(first, second) == pytest.approx(2 * norm.sf(gap / deviation), rel=0.02)
    swapped = permutation_p(second, first)
    assert permutation_p(first, second) == pytest.approx(swapped)


def test_permutation_leaves_out_who_saw_only_one_model():
    first = Tally(np.array([5, 3]), np.array([8, 9]))
    second = Tally(np.array([1, 0]), np.array([8, 0]))
    alone = permutation_p(Tally(*[x[:1] for x in first]), Tally(*[x[:1] for x in second]))
    assert permutation_p(first, second) == pytest.approx(alone)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_bradley_terry_agrees_with_logistic_regression():
    wins = np.random.default_rng(2).integers(3, 30, (4, 4))
    ranking = bradley_terry(wins)
    pairs = list(combinations(range(4), 2))
    design = np.array([[(k == i) - (k == j) for k in range(4)] for i, j in pairs], dtype=float)
    counts = np.array([[wins[i, j], wins[j, i]] for i, j in pairs])
    fit = sm.GLM(counts, design[:, 1:], family=sm.families.Binomial()).fit()  # player 0 at zero
    assert ranking.strength[1:] - ranking.strength[0] == pytest.approx(fit.params, abs=1e-6)
    centring = np.eye(4)[:, 1:] - 0.25  # from distances to player 0 to distances from the mean
    errors = np.sqrt(np.diag(centring @ fit.cov_params() @ centring.T))
    assert ranking.error == pytest.approx(errors, abs=1e-6)
    assert len(set(ranking.group)) == 1


def test_bradley_terry_of_two_is_the_log_odds():
    ranking = bradley_terry([[0, 30], [10, 0]])
    assert ranking.strength[0] - ranking.strength[1] == pytest.approx(np.log(3))


def test_bradley_terry_claims_nothing_between_groups():
    wins = np.zeros((5, 5))
    wins[0, 1], wins[1, 0] = 6, 3  # 0 and 1 met, both ways
    wins[2, 3], wins[3, 2] = 4, 4  # so did 2 and 3
    wins[0, 2] = 9  # the first group always beat the second: no finite distance
    ranking = bradley_terry(wins)
    assert ranking.group[0] == ranking.group[1] != ranking.group[2] == ranking.group[3]
    assert ranking.strength[0] - ranking.strength[1] == pytest.approx(np.log(2))
    assert ranking.strength[2:4] == pytest.approx([0, 0])
    assert np.isnan(ranking.error[4])  # never met anybody


def test_bradley_terry_survives_a_landslide():
    ranking = bradley_terry([[0, 99_999], [1, 0]])
    assert ranking.strength[0] - ranking.strength[1] == pytest.approx(np.log(99_999))
