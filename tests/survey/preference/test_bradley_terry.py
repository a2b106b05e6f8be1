"""Strengths, ties, side and their covariances against choix, scipy, statsmodels and by hand."""

from dataclasses import replace

import choix
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad, minimize
from scipy.stats import binomtest
from statsmodels.discrete.conditional_models import ConditionalLogit
from statsmodels.stats.power import normal_sample_size_one_tail
from statsmodels.stats.sandwich_covariance import cov_cluster

from survey.preference import bradley_terry as bt
from survey.preference.bradley_terry import FIRST, PRIOR_SD, SECOND, TIE, Board
from tests.helpers.boards import decisive, duel, parts, picked, small_board


@pytest.fixture
def board() -> Board:
    return small_board()


@pytest.fixture
def no_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bt, "PRIOR_SD", 1e4)


def loss(theta: np.ndarray, votes: np.ndarray, design: np.ndarray) -> float:
    """What the maximum is the minimum of."""
    chance, _ = bt.chances(theta, design)
    return float(-(votes * np.log(chance)).sum() + theta @ theta / (2 * PRIOR_SD**2))


def slope(theta: np.ndarray, votes: np.ndarray, design: np.ndarray) -> np.ndarray:
    _, pull = bt.chances(theta, design)
    return theta / PRIOR_SD**2 - np.einsum("ca,cap->p", votes, pull)


def test_chances_by_hand():
    """Strengths log 4 and 0, no side, tie log 3: 2 : 1/2 : 3."""
    chance, _ = bt.chances(np.array([np.log(4), 0, 0, np.log(3)]), bt.features(2))
    assert chance[1] == pytest.approx(np.array([2, 0.5, 3]) / 5.5)  # the pair (0, 1)
    assert chance[2] == pytest.approx(np.array([0.5, 2, 3]) / 5.5)
    sided, _ = bt.chances(np.array([np.log(4), 0, -np.log(4), 0]), bt.features(2))
    assert sided[1] == pytest.approx(np.full(3, 1 / 3))  # the side makes up for the strength


def test_maximum_agrees_with_scipy(board):
    votes, design = bt.counts(board), bt.features(4)
    rng = np.random.default_rng(0)
    assert check_grad(loss, slope, rng.normal(size=6), votes, design) < 1e-3  # of hundreds
    found = minimize(
        loss, rng.normal(size=6), (votes, design), "BFGS", slope, options={"gtol": 1e-9}
    )
    theta, information = bt.maximum(votes, design)
    assert theta == pytest.approx(found.x, abs=1e-6)
    assert theta[:4].sum() == pytest.approx(0, abs=1e-9)
    step = 1e-5 * np.eye(6)
    curved = [
        (slope(theta + h, votes, design) - slope(theta - h, votes, design)) / 2e-5 for h in step
    ]
    assert information == pytest.approx(np.array(curved), abs=1e-4)


def test_maximum_agrees_with_choix(board):
    """Every vote once from each side, so that the side is out of it."""
    votes = decisive(board)
    turned = replace(votes, first=votes.second, second=votes.first, answer=1 - votes.answer)
    both = {
        name: np.concatenate([part, parts(turned)[name]]) for name, part in parts(votes).items()
    }
    theta, _ = bt.maximum(bt.counts(Board(4, *both.values()), 2), bt.features(4)[:, :2, :-1])
    winner = np.where(votes.answer == FIRST, votes.first, votes.second)
    data = np.column_stack([winner, votes.first + votes.second - winner])
    penalty = 1 / (2 * PRIOR_SD**2)  # choix multiplies it with the squares as they are
    expected = choix.opt_pairwise(4, np.vstack([data, data]).tolist(), alpha=penalty, tol=1e-10)
    assert theta[:4] == pytest.approx(expected, abs=1e-6)
    assert theta[4] == pytest.approx(0, abs=1e-9)


def test_ties_agree_with_a_conditional_logit(board, no_prior):
    """Davidson's model is a choice among three answers that each have features of their own."""
    board = picked(replace(board, weight=np.ones(400)), slice(100))
    theta, information = bt.maximum(bt.counts(board), bt.features(4))
    design = bt.features(4)[board.first * 4 + board.second][:, :, 1:]  # strength 0 stays at 0
    chosen = (np.arange(3) == board.answer[:, None]).astype(int)
    fit = ConditionalLogit(
        chosen.ravel(), design.reshape(-1, 5), groups=np.repeat(range(100), 3)
    ).fit(method="newton")
    distances = np.eye(6)[1:] - np.outer([1, 1, 1, 0, 0], np.eye(6)[0])
    assert distances @ theta == pytest.approx(fit.params, abs=1e-5)
    covariance = distances @ np.linalg.inv(information) @ distances.T
    assert covariance == pytest.approx(fit.cov_params(), abs=1e-5)


def test_covariances_agree_with_clustered_logistic_regression(board, no_prior):
    votes = decisive(board)
    fitted = bt.fit(votes, bt.features(4)[:, :2, :-1])
    design = 2 * bt.features(4)[votes.first * 4 + votes.second, FIRST][:, 1:-1]
    logit = sm.GLM(votes.answer == FIRST, design, family=sm.families.Binomial()).fit()
    distances = np.eye(5)[1:] - np.outer([1, 1, 1, 0], np.eye(5)[0])
    assert distances @ fitted.theta == pytest.approx(logit.params, abs=1e-5)
    kinds = ((fitted.people, votes.person), (fitted.photos, votes.photo))
    for covariance, cluster in kinds:
        number = len(np.unique(cluster))
        expected = cov_cluster(logit, cluster, use_correction=False) * number / (number - 1)
        assert distances @ covariance @ distances.T == pytest.approx(expected, rel=1e-4)
    by_vote = cov_cluster(logit, np.arange(len(votes.person)), use_correction=False)
    assert distances @ fitted.votes @ distances.T == pytest.approx(by_vote, rel=1e-4)
    assert distances @ fitted.model @ distances.T == pytest.approx(logit.cov_params(), rel=1e-4)


@settings(max_examples=30)
@given(won=st.integers(1, 500), lost=st.integers(1, 500), tied=st.integers(1, 500))
def test_two_models_in_closed_form(won, lost, tied):
    """Davidson (1970): strengths apart by log(wins / losses), ν = ties / √(wins losses)."""
    each = 1e6 * np.array([won, lost, tied]) / 2  # so many that the prior is nothing; both sides
    votes = np.array([[0, 0, 0], each, each[[1, 0, 2]], [0, 0, 0]])
    theta, _ = bt.maximum(votes, bt.features(2))
    assert theta[0] - theta[1] == pytest.approx(np.log(won / lost), abs=1e-4)
    assert theta[2:] == pytest.approx([0, np.log(tied / np.sqrt(won * lost))], abs=1e-4)


def test_millions_of_votes_settle_too():
    """There the prior's own direction is lost in the last digits; what votes say is not."""
    nobody, ahead, level, behind = (
        (0, 0, 0),
        (7.7e7, 5.79e7, 3.17e7),
        (6.68e7, 6.79e7, 3.2e7),
        (6.34e7, 7.13e7, 3.19e7),
    )
    votes = np.array([nobody, ahead, ahead, behind, nobody, level, behind, level, nobody], float)
    design = bt.features(3)
    for share in np.geomspace(1e-2, 1e2, 41):
        theta, information = bt.maximum(share * votes, design)
        chance, pull = bt.chances(theta, design)
        gradient = np.einsum("ca,cap->p", share * votes, pull) - theta @ bt.prior(design)
        assert gradient @ np.linalg.solve(information, gradient) < 1e-9


def test_shares_of_two_models_by_hand():
    fitted = bt.fit(duel(600, 400, 250))
    shares = bt.wins(fitted)
    assert shares.estimate[0, 1] == pytest.approx(0.6, abs=1e-3)
    assert shares.estimate[1, 0] == pytest.approx(0.4, abs=1e-3)
    assert [part[0, 0] for part in shares] == pytest.approx([0.5] * 3)
    # as if independent, from 1,000 deciding votes; ties tell a little more about the distance
    wald = 1.96 * np.sqrt(0.6 * 0.4 / 1000)
    assert shares.high[0, 1] - shares.low[0, 1] == pytest.approx(2 * wald, rel=0.03)
    assert bt.left(fitted).estimate == pytest.approx(0.5, abs=1e-3)
    nu = 250 / np.sqrt(600 * 400)
    assert bt.undecided(fitted).estimate == pytest.approx(nu / (2 + nu), abs=1e-3)


def test_numbers_of_models_mean_nothing(board):
    order = np.array([2, 0, 3, 1])
    fitted = bt.fit(board)
    renamed = bt.fit(replace(board, first=order[board.first], second=order[board.second]))
    for mine, theirs in zip(bt.strengths(fitted), bt.strengths(renamed), strict=True):
        assert theirs[order] == pytest.approx(mine)
    for mine, theirs in zip(bt.wins(fitted), bt.wins(renamed), strict=True):
        assert theirs[np.ix_(order, order)] == pytest.approx(mine)


def test_sides_exchanged_turn_the_side_alone(board):
    answer = np.array([SECOND, FIRST, TIE])[board.answer]
    turned = bt.fit(replace(board, first=board.second, second=board.first, answer=answer))
    fitted = bt.fit(board)
    for mine, theirs in zip(bt.strengths(fitted), bt.strengths(turned), strict=True):
        assert theirs == pytest.approx(mine)
    here, there = bt.left(fitted), bt.left(turned)
    assert [here.low, here.high] == pytest.approx([1 - there.high, 1 - there.low])
    assert here.estimate > 0.5 or there.estimate > 0.5


def test_numbers_of_people_and_photos_mean_nothing(board):
    spread = replace(board, person=1000 - 7 * board.person, photo=3 * board.photo + 5)
    for mine, theirs in zip(bt.fit(board), bt.fit(spread), strict=True):
        assert theirs == pytest.approx(mine)


def test_votes_said_twice_by_the_same_people_say_no_more(board, no_prior):
    once, twice = bt.fit(board), bt.fit(picked(board, np.repeat(np.arange(400), 2)))
    distances = np.eye(6)[1:] - np.outer([1, 1, 1, 0, 0], np.eye(6)[0])
    assert twice.theta == pytest.approx(once.theta, abs=1e-6)
    for kind in ("people", "photos"):
        mine, theirs = (distances @ getattr(f, kind) @ distances.T for f in (once, twice))
        assert theirs == pytest.approx(mine, rel=1e-5)
    assert twice.clusters == pytest.approx(once.clusters)


def test_boards_side_by_side_equal_boards_one_by_one():
    alone = [small_board(seed) for seed in (3, 4, 5)]
    stacked = [np.stack(each) for each in zip(*(parts(b).values() for b in alone), strict=True)]
    together = bt.fit(Board(4, *stacked))
    for k, one in enumerate(alone):
        for mine, theirs in zip(bt.wins(bt.fit(one)), bt.wins(together), strict=True):
            assert theirs[k] == pytest.approx(mine)


@pytest.mark.parametrize("votes", [1, 8, 30, 1000])
def test_a_model_that_always_wins_gets_an_honest_interval(votes):
    """Finite, at least as wide as the exact one, and saying much of many votes."""
    shares = bt.wins(bt.fit(duel(votes, 0)))
    exact = binomtest(votes, votes).proportion_ci(0.95).low
    assert shares.low[0, 1] <= exact
    assert 0.9 < shares.high[0, 1] < 1 or votes == 1
    if votes >= 30:
        assert 1 - shares.low[0, 1] < 3 * (1 - exact)
    assert np.isfinite(bt.strengths(bt.fit(duel(votes, 0))).estimate).all()


def test_models_that_never_met_are_left_open():
    shares = bt.wins(bt.fit(duel(300, 200, models=3)))
    assert shares.low[0, 2] < 0.01
    assert shares.high[0, 2] > 0.99
    assert shares.low[0, 1] > 0.5


def test_groups_are_what_votes_bound():
    assert bt.groups(duel(10, 1)).tolist() == [0, 0]
    assert len(set(bt.groups(duel(10, 0)))) == 2
    assert len(set(bt.groups(duel(10, 0, tied=1)))) == 1  # a tie holds from both sides
    assert len(set(bt.groups(duel(5, 5, models=3)))) == 2


@pytest.mark.parametrize("cluster", ["person", "photo"])
def test_one_person_or_photo_says_nothing_of_others(board, cluster):
    shares = bt.wins(bt.fit(replace(board, **{cluster: np.zeros(400, int)})))
    assert (shares.low[0, 1], shares.high[0, 1]) == (0, 1)


def test_an_empty_board_claims_nothing():
    shares = bt.wins(bt.fit(duel(0, 0)))
    assert [part[0, 1] for part in shares] == [0.5, 0, 1]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=200))
def test_nobody_outweighs_twenty(people):
    person = np.array(people)
    weight = bt.weigh(person)
    total = np.bincount(person, weight)
    cast = np.bincount(person)
    assert (total < 20).all()
    assert weight[cast[person] == 1] == pytest.approx(1)
    assert (np.diff(total[np.argsort(cast)]) >= -1e-9).all()  # more votes never weigh less


def test_a_thousand_votes_of_one_browser_move_little(board):
    """Against the same board with 20 new people who all say the same, once each."""

    def stuffed(votes: int, people: np.ndarray) -> float:
        more = duel(votes, 0)
        added = replace(more, person=20 + people, photo=np.arange(votes) % 15)
        joined = [
            np.concatenate(two)
            for two in zip(parts(board).values(), parts(added).values(), strict=True)
        ]
        whole = Board(4, *joined)
        return float(bt.wins(bt.fit(replace(whole, weight=bt.weigh(whole.person)))).estimate[0, 1])

    before = bt.wins(bt.fit(board)).estimate[0, 1]
    one, crowd = stuffed(1000, np.zeros(1000, int)), stuffed(20, np.arange(20))
    assert before < one < crowd


def test_table_by_hand():
    board = Board(
        3,
        first=np.array([0, 1, 1, 2, 0]),
        second=np.array([1, 0, 0, 1, 1]),
        answer=np.array([FIRST, FIRST, SECOND, TIE, TIE]),
        person=np.arange(5),
        photo=np.arange(5),
        weight=np.full(5, 0.3),  # the table counts votes, not weights
    )
    table = bt.table(board)
    assert table[0, 1].tolist() == [2, 1, 1]  # won, tied, lost
    assert table[1, 0].tolist() == [1, 1, 2]
    assert table[1, 2].tolist() == [0, 1, 0]
    assert table[0, 2].tolist() == [0, 0, 0]


def test_votes_needed_of_independent_votes():
    """2,000 votes at 52 %: the normal approximation's sample size for a share."""
    fitted = bt.fit(duel(1040, 960))
    more = bt.votes_needed(fitted, 0, 1, 2000, same_photos=False)
    expected = normal_sample_size_one_tail(np.log(1.04 / 0.96), 0.8, 0.025, std_null=2.0)
    assert 2000 + more == pytest.approx(expected, rel=0.02)
    assert bt.votes_needed(bt.fit(duel(800, 200)), 0, 1, 1000, same_photos=False) == 0
    assert bt.votes_needed(bt.fit(duel(500, 500)), 0, 1, 1000, same_photos=False) > 1e12


def test_photos_can_be_too_few_for_ever():
    """Each of 4 photos has its own clear winner: no crowd tells which is better on others."""
    won = np.array([1, 1, 1, 0])[np.arange(400) % 4].astype(bool)
    board = replace(duel(400, 0), photo=np.arange(400) % 4)
    board = replace(board, answer=np.where(won, board.answer, 1 - board.answer))
    fitted = bt.fit(board)
    assert bt.votes_needed(fitted, 0, 1, 400, same_photos=True) == np.inf
    assert 0 < bt.votes_needed(fitted, 0, 1, 400, same_photos=False) < np.inf


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), level=st.sampled_from([0.5, 0.8, 0.99]))
def test_intervals_widen_with_the_level_and_hold_their_estimate(seed, level):
    fitted = bt.fit(small_board(seed))
    for of in (bt.strengths, bt.wins, bt.left, bt.undecided):
        inner, outer = of(fitted, level=level), of(fitted, level=0.995)
        assert np.all(outer.low <= inner.low)
        assert np.all(inner.low <= inner.estimate)
        assert np.all(inner.estimate <= inner.high)
        assert np.all(inner.high <= outer.high)


def test_what_cannot_be_a_vote_is_refused(board):
    with pytest.raises(ValueError, match="second model 4: use numbers from 0 to 3"):
        replace(board, second=np.full(400, 4))
    with pytest.raises(ValueError, match="answer 3: use numbers from 0 to 2"):
        replace(board, answer=np.full(400, 3))
    with pytest.raises(ValueError, match="Model 2 met itself"):
        replace(board, first=np.full(400, 2), second=np.full(400, 2))
