"""Does one ranking explain all pairs? Each pair's own share against Bradley–Terry's.

If A beats B and B beats C, Bradley–Terry foretells how often A beats C. People may disagree: a
model can have a natural prey. Votes that do not decide say nothing here and are left out.

Try it: python -m survey power --preference --coverage --runs 200 --cells intransitive
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import f

from survey.preference.bradley_terry import (
    FIRST,
    SECOND,
    TIE,
    Board,
    chances,
    counts,
    drawn,
    features,
    fit,
    interval,
    maximum,
    prior,
    pulls,
    squares,
    worth,
)
from survey.stats import Array, Interval

NOTHING = 1e-9  # variance that is but rounding, where that of independent votes is near 1


class Test(NamedTuple):
    """Small p: no ranking of the models explains how the pairs came out."""

    p: Array  # (…,)
    statistic: Array  # near 1 if one does
    freedom: Array  # what the tested distances are worth, together


def decided(board: Board) -> Board:
    """The board without the votes that decide nothing: they keep their place and weigh nothing."""
    tie = board.answer == TIE
    return replace(
        board,
        answer=np.where(tie, FIRST, board.answer),
        weight=np.where(tie, 0.0, board.weight),
    )


def free_features(models: int) -> Array:
    """As `bradley_terry.features`, but each pair has a distance of its own, and no tie is known."""
    pairs = list(combinations(range(models), 2))
    design = np.zeros((models, models, 2, len(pairs) + 1))
    for k, (i, j) in enumerate(pairs):
        design[i, j, :, k], design[j, i, :, k] = (0.5, -0.5), (-0.5, 0.5)
    design[..., FIRST, -1], design[..., SECOND, -1] = 0.5, -0.5  # the side
    return design.reshape(-1, 2, len(pairs) + 1)


def own_shares(board: Board, *, level: float = 0.95) -> Interval[Array]:
    """Share of their deciding votes that the row takes from the column: (…, models, models).

    From the votes on these two alone; nothing is assumed of the others.
    """
    fitted = fit(decided(board), free_features(board.models))
    contrast = np.zeros((board.models, board.models, fitted.theta.shape[-1]))
    for k, (i, j) in enumerate(combinations(range(board.models), 2)):
        contrast[i, j, k], contrast[j, i, k] = 1, -1
    found = interval(fitted, contrast.reshape(board.models**2, -1), level=level)
    shape = (*fitted.theta.shape[:-1], board.models, board.models)
    return Interval(*(expit(x).reshape(shape) for x in found))


def transitivity(board: Board) -> Test:
    """Rao's score test of the ranking against the free pairs, for votes that come in clusters.

    Its distribution is a sum of chi-squares of known weights, here replaced by one F of the same
    mean and variance (Rao and Scott 1981, Thomas and Rao 1987).
    """
    if board.models < 3:
        raise ValueError(f"{board.models} models are always in line; compare three or more.")
    votes, ranked = decided(board), features(board.models)[:, :2, :-1]
    free = free_features(board.models)
    implied = np.linalg.pinv(free[:, FIRST]) @ ranked[:, FIRST]  # the pairs' distances by strengths
    cast = counts(votes, 2)
    theta, _ = maximum(cast, ranked)
    chance, pull = chances(theta @ implied.T, free)
    information = squares(pull, cast.sum(-1, keepdims=True) * chance) + prior(free)
    explained = implied @ np.linalg.pinv(implied.T @ information @ implied) @ implied.T
    beyond = np.eye(len(implied)) - information @ explained  # leaves what strengths do not explain
    vote = pulls(votes, pull @ np.swapaxes(beyond, -1, -2)[..., None, :, :])
    total = vote.sum(-2)
    share = votes.weight / votes.weight.sum(-1, keepdims=True)
    vote = vote - share[..., None] * total[..., None, :]
    by_vote = np.swapaxes(vote, -1, -2) @ vote
    covariance = drawn(vote, votes.person) + drawn(vote, votes.photo) - by_vote
    ratio = np.linalg.solve(information, covariance)  # the identity, if votes were independent
    mean = np.trace(ratio, axis1=-2, axis2=-1)
    mean = np.where(mean > NOTHING, mean, np.nan)  # where no votes differ, p is nan
    freedom = mean**2 / np.trace(ratio @ ratio, axis1=-2, axis2=-1)
    statistic = (total * np.linalg.solve(information, total[..., None])[..., 0]).sum(-1) / mean
    return Test(f.sf(statistic, freedom, freedom * (worth(votes) - 1)), statistic, freedom)
