"""Rates, intervals and sensitivities against statsmodels, scipy and figures worked by hand."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.sandwich_covariance import cov_cluster, cov_cluster_2groups

from survey import stats
from survey.stats import Tally


@pytest.fixture
def votes():
    """Participants, photos and answers of an unbalanced study: (votes,) each."""
    rng = np.random.default_rng(3)
    pairs = [(i, j) for i in range(17) for j in range(29) if rng.random() < 0.2 + 0.03 * i]
    participant, photo = np.array(pairs).T
    logit = rng.normal(0, 0.7, 17)[participant] + rng.normal(0, 1, 29)[photo] - 0.5
    return participant, photo, rng.random(len(pairs)) < 1 / (1 + np.exp(-logit))


@given(shown=st.integers(1, 10_000), share=st.floats(0, 1), level=st.sampled_from([0.8, 0.95]))
def test_wilson_agrees_with_statsmodels(shown, share, level):
    called = round(share * shown)
    interval = stats.wilson(called / shown, shown, level=level)
    expected = proportion_confint(called, shown, alpha=1 - level, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


def test_wilson_of_the_poster():
    # 18 of 26 is the smallest fit to its 69.2 %
    interval = stats.wilson(18 / 26, 26)
    assert (interval.low, interval.high) == pytest.approx((0.500, 0.835), abs=5e-4)


def test_variances_agree_with_statsmodels(votes):
    participant, photo, answer = votes
    fit = sm.OLS(answer.astype(float), np.ones(len(answer))).fit()
    by_participant, by_photo = stats.tally(participant, answer), stats.tally(photo, answer)
    for groups, sums in ((participant, by_participant), (photo, by_photo)):
        ours = stats.spread(stats.pull(sums), stats.filled(sums))
        # statsmodels also multiplies by (n − 1) / (n − 1) here: one coefficient
        assert ours == pytest.approx(cov_cluster(fit, groups).item())
    both, _, _ = cov_cluster_2groups(fit, participant, photo)
    assert stats.crossed_variance(by_participant, by_photo) == pytest.approx(both.item())


def test_tally_adds_up_and_keeps_the_order():
    sums = stats.tally(np.array(["b", "a", "b"]), np.array([1, 0, 0]))
    assert sums.called.tolist() == [0, 1]
    assert sums.shown.tolist() == [1, 2]


def test_clusters_without_votes_change_nothing(votes):
    participant, photo, answer = votes
    people, photos = stats.tally(participant, answer), stats.tally(photo, answer)
    padded = Tally(np.append(people.called, 0), np.append(people.shown, 0))
    assert stats.clustered(padded, photos) == stats.clustered(people, photos)


def test_studies_side_by_side_equal_studies_one_by_one():
    rng = np.random.default_rng(0)
    shown = np.full((5, 8), 6.0)
    people = Tally(rng.integers(0, 7, (5, 8)).astype(float), shown)
    photos = Tally(rng.permuted(people.called, axis=1), shown)
    together = stats.clustered(people, photos)
    for run in range(5):
        alone = stats.clustered(*[Tally(v.called[run], v.shown[run]) for v in (people, photos)])
        assert [part[run] for part in together] == pytest.approx([float(p) for p in alone])


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_intervals_hold_their_estimate_and_stay_between_0_and_1(seed, rate):
    rng = np.random.default_rng(seed)
    answer = rng.random((6, 9)) < rate
    people = Tally(answer.sum(1), np.full(6, 9))
    photos = Tally(answer.sum(0), np.full(9, 6))
    wide, narrow = stats.clustered(people, photos), stats.clustered_on_participants(people)
    for interval in (wide, narrow):
        assert 0 <= interval.low <= interval.estimate + 1e-12
        assert interval.estimate - 1e-12 <= interval.high <= 1
    assert wide.high - wide.low >= narrow.high - narrow.low - 1e-12


def test_unanimous_votes_are_worth_one_each():
    people, photos = Tally(np.zeros(10), np.full(10, 20.0)), Tally(np.zeros(20), np.full(20, 10.0))
    interval = stats.clustered(people, photos)
    assert interval.low == 0
    assert interval.high > stats.wilson(0, 200).high  # ten people, Student's quantile
    assert interval.high == stats.wilson(0, 200, t.ppf(0.975, 9)).high


@settings(max_examples=50)
@given(people=st.integers(2, 12), photos=st.integers(2, 12), seed=st.integers(0, 2**32 - 1))
def test_none_of_many_is_no_less_sure_than_one_of_many(people, photos, seed):
    shown = np.random.default_rng(seed).integers(1, 4, (people, photos))

    def interval(called: np.ndarray) -> stats.Interval:
        tallies = (Tally(called.sum(axis), shown.sum(axis)) for axis in (1, 0))
        return stats.clustered(*tallies)

    none, one = np.zeros((people, photos)), np.zeros((people, photos))
    one[0, 0] = 1
    assert interval(none).high <= interval(one).high
    assert interval(none).low == 0
    assert interval(shown - none).low >= interval(shown - one).low
    assert interval(shown - none).high == 1


def test_one_participant_says_nothing_about_others():
    interval = stats.clustered(
        Tally(np.array([3.0]), np.array([9.0])), Tally(np.eye(9)[0], np.ones(9))
    )
    assert (interval.low, interval.high) == (0, 1)


def test_quartiles_agree_with_the_values_written_out():
    rng = np.random.default_rng(1)
    values, counts = np.unique(rng.integers(200, 900, 500), return_counts=True)
    expected = np.quantile(np.repeat(values, counts), [0.25, 0.5, 0.75], method="inverted_cdf")
    assert stats.quartiles(values, counts).tolist() == expected.tolist()


@given(shown=st.integers(1, 5_000), share=st.floats(0, 1))
def test_confidence_sequence_is_wider_than_wilson(shown, share):
    called = round(share * shown)
    interval, fixed = stats.confidence_sequence(called, shown), stats.wilson(called / shown, shown)
    assert 0 <= interval.low <= called / shown <= interval.high <= 1
    assert interval.high - interval.low > fixed.high - fixed.low


def test_confidence_sequence_solves_the_mixture_by_hand():
    # 0 of n: (1 − p)^n = 0.05 B(1, n + 1) = 0.05 / (n + 1)
    assert stats.confidence_sequence(0, 50).high == pytest.approx(1 - (0.05 / 51) ** (1 / 50))
    assert stats.confidence_sequence(50, 50).low == pytest.approx((0.05 / 51) ** (1 / 50))
    assert stats.confidence_sequence(0, 0)[1:] == (0, 1)


def test_confidence_sequence_holds_at_every_look():
    rng, truth, ever_missed = np.random.default_rng(5), 0.3, 0
    for _ in range(200):
        called = np.cumsum(rng.random(400) < truth)
        looks = [stats.confidence_sequence(int(called[n - 1]), n) for n in range(10, 401, 10)]
        ever_missed += any(not look.low <= truth <= look.high for look in looks)
    assert ever_missed <= 10  # 5 % of 200
