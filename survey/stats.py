"""How often people call an image real, and how sure we may be of it.

All of it works on sums over participants and over photos, never on single votes, so that a
database can do the adding up. Leading axes are free: a thousand simulated studies are one call.

Try it: python -c "from survey.stats import wilson; print(wilson(18 / 26, 26))"
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import betaln, xlog1py, xlogy
from scipy.stats import norm, t

Array: TypeAlias = NDArray[np.float64]
Value = TypeVar("Value")


class Tally(NamedTuple):
    """Votes summed per cluster (a participant, a photo): calls of "real", of how many shown."""

    called: Array  # (…, clusters)
    shown: Array  # (…, clusters)


class Interval(NamedTuple, Generic[Value]):
    """An estimate and the interval around it: numbers, or arrays of them."""

    estimate: Value
    low: Value
    high: Value


def tally(cluster: NDArray[Any], answer: NDArray[Any]) -> Tally:
    """Sums of single votes (answer 1: "real") per cluster, in the clusters' sorted order."""
    _, index = np.unique(cluster, return_inverse=True)
    called = np.bincount(index, weights=answer).astype(float)
    return Tally(called, np.bincount(index).astype(float))


def tally_runs(answers: Array, cluster: NDArray[np.int_], clusters: int) -> Tally:
    """Sums of answers (runs, votes) per cluster, of which some may be empty: (runs, clusters)."""
    belongs = csr_array((np.ones(len(cluster)), (np.arange(len(cluster)), cluster)))
    belongs.resize(len(cluster), clusters)
    called: Array = answers @ belongs
    return Tally(called, np.broadcast_to(belongs.sum(0), called.shape))


def called_real(votes: Tally) -> Array:
    """Share of the votes that said "real"."""
    rate: Array = votes.called.sum(-1) / votes.shown.sum(-1)
    return rate


def wilson(
    rate: Array | float,
    votes: Array | float,
    quantile: Array | float | None = None,
    *,
    level: float = 0.95,
) -> Interval[Any]:
    """Wilson's score interval: right when every vote is independent of every other (1927)."""
    z = norm.ppf(0.5 + level / 2) if quantile is None else quantile
    centre = (rate + z**2 / (2 * votes)) / (1 + z**2 / votes)
    half = z / (1 + z**2 / votes) * np.sqrt(rate * (1 - rate) / votes + (z / (2 * votes)) ** 2)
    return Interval(rate, np.maximum(centre - half, 0), np.minimum(centre + half, 1))


def pull(votes: Tally) -> Array:
    """How far each cluster pulls the rate from where it is; sums to zero. (…, clusters)"""
    excess = votes.called - called_real(votes)[..., None] * votes.shown
    pulls: Array = excess / votes.shown.sum(-1, keepdims=True)
    return pulls


def spread(pulls: Array, clusters: Array) -> Array:
    """Variance of a rate when whole clusters, not votes, are drawn at random."""
    variance: Array = (pulls**2).sum(-1) * clusters / np.maximum(clusters - 1, 1)
    return variance


def vote_variance(votes: Tally) -> Array:
    """Variance of a rate when every vote is drawn on its own."""
    rate, count = called_real(votes), votes.shown.sum(-1)
    variance: Array = rate * (1 - rate) / np.maximum(count - 1, 1)
    return variance


def filled(votes: Tally) -> Array:
    """Number of clusters with any vote."""
    clusters: Array = (votes.shown > 0).sum(-1)
    return clusters


def crossed_variance(by_participant: Tally, by_photo: Tally) -> Array:
    """Variance when participants and photos are both drawn: by one + by the other − by vote.

    Cameron, Gelbach and Miller (2011). Chance can make that sum too small; it is never less than
    clustering on the participants alone or on the photos alone.
    """
    people = spread(pull(by_participant), filled(by_participant))
    photos = spread(pull(by_photo), filled(by_photo))
    both = people + photos - vote_variance(by_participant)
    variance: Array = np.maximum(both, np.maximum(people, photos))
    return variance


def clustered(
    by_participant: Tally, by_photo: Tally, *, level: Array | float = 0.95
) -> Interval[Array]:
    """The headline: the rate for people and photos like these, clustered on both."""
    variance = crossed_variance(by_participant, by_photo)
    clusters = np.minimum(filled(by_participant), filled(by_photo))
    return _score_interval(by_participant, variance, clusters, level)


def clustered_on_participants(by_participant: Tally, *, level: float = 0.95) -> Interval[Array]:
    """A narrower claim: other people, but these very photos."""
    clusters = filled(by_participant)
    variance = spread(pull(by_participant), clusters)
    return _score_interval(by_participant, variance, clusters, level)


def _score_interval(
    votes: Tally, variance: Array, clusters: Array, level: Array | float
) -> Interval[Array]:
    """Wilson's interval for as many independent votes as the clustered ones are worth.

    Student's quantile because the variance comes from few clusters.
    """
    rate, shown = called_real(votes), votes.shown.sum(-1)
    # No vote is worth more than one; all alike (rate 0 or 1), they show no variance: one each.
    worth = np.array(shown, dtype=float)
    np.divide(rate * (1 - rate), variance, out=worth, where=rate * (1 - rate) < variance * shown)
    interval = wilson(rate, worth, t.ppf(0.5 + level / 2, np.maximum(clusters - 1, 1)))
    alone = clusters < 2  # one person or one photo says nothing about others
    low = np.where(alone | (rate <= 0), 0, interval.low)
    return Interval(rate, low, np.where(alone | (rate >= 1), 1, interval.high))


def quartiles(values: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
    """Lower quartile, median and upper quartile of values that occur so many times each."""
    found: NDArray[Any] = np.quantile(
        values, [0.25, 0.5, 0.75], weights=counts, method="inverted_cdf"
    )
    return found


def confidence_sequence(called: float, shown: float, *, level: float = 0.95) -> Interval[float]:
    """An interval that may be looked at after every vote: it holds at all times at once.

    All rates p whose likelihood is at least (1 − level) times that of a uniform mixture of rates
    (Robbins 1970). It takes the votes as independent.
    """
    if shown == 0:
        return Interval(np.nan, 0.0, 1.0)
    missed = shown - called
    threshold = betaln(called + 1, missed + 1) + np.log(1 - level)

    def margin(p: float) -> float:
        return float(xlogy(called, p) + xlog1py(missed, -p) - threshold)

    rate = called / shown
    low = 0.0 if called == 0 else brentq(margin, 0.0 + 1e-300, rate)
    high = 1.0 if missed == 0 else brentq(margin, rate, 1.0 - 1e-16)
    return Interval(rate, low, high)
