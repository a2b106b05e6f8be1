"""Is one model believed more often than another? Differences, their tests, and a ranking.

A p speaks of other people and other photos where it is `difference_p`, of these photos alone where
it is `permutation_p`.

Try it: python -c "from survey.comparison import holm; print(holm([0.01, 0.04, 0.03]))"
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from scipy.stats import hypergeom

from survey.stats import Array, Interval, Tally, clustered, crossed_variance, filled, pull

LEAST_P = 1e-12  # smaller ones are not told apart


class Votes(NamedTuple):
    """All votes on one model (or on the real photos), summed in the two ways that matter."""

    by_participant: Tally
    by_photo: Tally


class Ranking(NamedTuple):
    """Bradley–Terry strengths, in log odds of winning; comparable only inside a group."""

    strength: Array  # (players,), mean 0 in each group
    error: Array  # (players,), standard error if every choice is independent
    group: Array  # (players,)


def difference(first: Votes, second: Votes, *, level: Array | float = 0.95) -> Interval[Array]:
    """First rate − second rate for people and photos like these, clustered on both.

    Joins the two clustered intervals by Newcombe's method 10 (1998), which stays honest near 0
    and 1. Both must name their clusters in the same order, with zeros where one has no votes.
    """
    a, b = clustered(*first, level=level), clustered(*second, level=level)
    alike = correlation(first, second)
    gap = a.estimate - b.estimate
    below = _joined(a.estimate - a.low, b.high - b.estimate, alike)
    above = _joined(a.high - a.estimate, b.estimate - b.low, alike)
    return Interval(gap, gap - below, gap + above)


def difference_p(first: Votes, second: Votes) -> float:
    """Two-sided p of equal rates for people and photos like these: inverts `difference`.

    It is below alpha exactly where the interval of level 1 − alpha excludes 0.
    """

    def inner_end(log_alpha: Array) -> Array:
        """The end nearer to 0, positive while 0 is excluded."""
        gap = difference(first, second, level=1 - np.exp(log_alpha))
        end: Array = np.where(gap.estimate < 0, -gap.high, gap.low)
        return end

    logs = np.linspace(0, np.log(LEAST_P), 200)
    includes = np.flatnonzero(inner_end(logs) <= 0)
    if not len(includes):
        return LEAST_P
    if includes[0] == 0:
        return 1.0
    wide, narrow = logs[includes[0]], logs[includes[0] - 1]
    return float(np.exp(brentq(lambda log: float(inner_end(np.array(log))), wide, narrow)))


def correlation(first: Votes, second: Votes) -> Array:
    """Correlation of two rates because the same people judged them, on the same photos."""
    shared = _covariance(*[v.by_participant for v in (first, second)])
    shared = shared + _covariance(*[v.by_photo for v in (first, second)])
    scale = np.sqrt(crossed_variance(*first) * crossed_variance(*second))
    ratio = np.divide(shared, scale, out=np.zeros_like(scale), where=scale > 0)
    clipped: Array = np.clip(ratio, -1, 1)
    return clipped


def _covariance(first: Tally, second: Tally) -> Array:
    clusters = filled(Tally(first.called, first.shown + second.shown))
    shared: Array = (pull(first) * pull(second)).sum(-1)
    return shared * clusters / np.maximum(clusters - 1, 1)


def _joined(x: Array, y: Array, alike: Array) -> Array:
    joined: Array = np.sqrt(np.maximum(x**2 + y**2 - 2 * alike * x * y, 0))
    return joined


def permutation_p(first: Tally, second: Tally) -> float:
    """Exact two-sided p of all permutations of the two labels within each participant.

    Shuffling a participant's labels draws his calls on the first model from a hypergeometric
    distribution; their sum over participants is the convolution of these, done here by Fourier
    transform. It speaks of these photos: people are free to differ, photos are taken as given.
    """
    totals = np.stack([first.shown + second.shown, first.called + second.called, first.shown])
    kinds, times = np.unique(totals.astype(int), axis=1, return_counts=True)  # alike participants
    everyone, called, drawn = kinds
    share = drawn / np.maximum(everyone, 1)
    expected = (times * called * share).sum()
    spare = (everyone - called) / np.maximum(everyone - 1, 1)
    deviation = np.sqrt((times * called * share * (1 - share) * spare).sum())
    # Only outcomes around the expected one have weight; farther ones need not be kept apart.
    most = int((np.minimum(called, drawn) * times).sum())
    length = next_fast_len(min(most + 1, 1024 + int(24 * deviation)), real=True)
    outcomes = np.arange(length) + np.clip(round(expected) - length // 2, 0, max(most - length, 0))
    null = _convolved(kinds, times, length)[outcomes % length]
    extreme = np.abs(outcomes - expected) >= abs(first.called.sum() - expected) - 1e-9
    return float(min(null[extreme].sum(), 1.0))


def _convolved(kinds: NDArray[np.int_], times: NDArray[np.int_], length: int) -> Array:
    """Chances of the sum of hypergeometric draws, its outcomes taken modulo length."""
    everyone, called, drawn = kinds[:, :, None]
    calls = np.arange(np.minimum(called, drawn).max() + 1)
    chances = hypergeom.pmf(calls, everyone, called, drawn)  # (kinds, calls)
    spectrum = np.ones(length // 2 + 1, dtype=complex)
    for chance, count in zip(chances, times, strict=True):
        spectrum *= rfft(chance, length) ** count
    chances_of_sum: Array = np.maximum(irfft(spectrum, length), 0)
    return chances_of_sum


def holm(p_values: Array | list[float]) -> Array:
    """Holm's adjusted p-values (1979): small ones stay trustworthy however many were computed."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty_like(p)
    out[order] = np.minimum(adjusted, 1)
    return out


def bradley_terry(wins: Array) -> Ranking:
    """Strengths s so that i beats j with probability 1 / (1 + exp(s_j − s_i)).

    wins[i, j] counts how often i beat j (Bradley and Terry 1952). Strengths are finite only among
    players of whom each has beaten, directly or through others, every other (Ford 1957); those
    form a group, and no distance between groups is claimed.
    """
    wins = np.array(wins, dtype=float)
    np.fill_diagonal(wins, 0)
    _, group = connected_components(wins > 0, directed=True, connection="strong")
    strength, error = np.zeros(len(wins)), np.full(len(wins), np.nan)
    for members in (np.flatnonzero(group == g) for g in np.unique(group)):
        if len(members) > 1:
            strength[members], error[members] = _fit(wins[np.ix_(members, members)])
    return Ranking(strength, error, group)


def _fit(wins: Array) -> tuple[Array, Array]:
    """Newton's method on the likelihood, which is concave; the strengths' mean stays 0."""
    met, players = wins + wins.T, len(wins)
    strength = np.zeros(players)
    for _ in range(100):
        chance = expit(strength[:, None] - strength)  # that the row beats the column
        information = -met * chance * chance.T
        np.fill_diagonal(information, -information.sum(1))
        # The information knows only distances; adding 1 fixes the mean, the rest takes it back.
        covariance = np.linalg.inv(information + 1) - 1 / players**2
        step = covariance @ (wins.sum(1) - (met * chance).sum(1))
        strength += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            return strength, np.sqrt(np.diag(covariance))
    raise ArithmeticError(f"Bradley–Terry did not settle in 100 steps for wins {wins.tolist()}.")
