"""Which model is preferred, by how much, and how sure that is: Bradley–Terry with ties.

Two models meet on a photo. A person prefers the first (on the left), the second, or cannot decide;
the chances of the three stand in the ratio

    exp(d / 2) : exp(−d / 2) : exp(tie)    with    d = strength[first] − strength[second] + side

(Bradley and Terry 1952; the tie is Davidson's, 1970, the side Davidson and Beaver's, 1977). So of
the votes that decide, a model takes the share expit(difference of strengths) from another.

Intervals speak of other people and other photos like these: both are drawn (Cameron, Gelbach and
Miller 2011), with Student's quantile for as many as the uneven ones are worth. Leading axes are
free: a thousand simulated boards are one call.

Try it: python -m survey power --preference --coverage --runs 200
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, softmax
from scipy.stats import norm, t

from survey.stats import Array, Interval

Numbers: TypeAlias = NDArray[np.int64]

FIRST, SECOND, TIE = range(3)
PRIOR_SD = 3.0  # of each parameter, in logits: worth a quarter of a vote, it keeps all finite
MOST = 20.0  # all votes of a person together count less than so many of different people
SETTLED = 1e-9  # squared standard errors: after a step that short the next one is nothing


@dataclass(frozen=True)
class Board:
    """Votes on pairs of models. Models, people and photos are numbered from 0."""

    models: int
    first: Numbers  # (…, votes) the model on the left
    second: Numbers  # (…, votes)
    answer: Numbers  # (…, votes) FIRST, SECOND or TIE
    person: Numbers  # (…, votes)
    photo: Numbers  # (…, votes)
    weight: Array  # (…, votes) what a vote counts, as by `weigh`

    def __post_init__(self) -> None:
        for name, numbers, end in (
            ("first model", self.first, self.models),
            ("second model", self.second, self.models),
            ("answer", self.answer, 3),
        ):
            wrong = (numbers < 0) | (numbers >= end)
            if wrong.any():
                raise ValueError(f"{name} {numbers[wrong][0]}: use numbers from 0 to {end - 1}.")
        if (self.first == self.second).any():
            itself = self.first[self.first == self.second][0]
            raise ValueError(f"Model {itself} met itself; leave such votes out.")


class Fit(NamedTuple):
    """Parameters (strengths, side, tie), and their covariance if this or that is drawn anew."""

    theta: Array  # (…, parameters)
    people: Array  # (…, parameters, parameters), as are the next three
    photos: Array
    votes: Array
    model: Array  # independent votes and the model being true
    clusters: Array  # (…,) how many equally heavy people or photos: the fewer of the two


def weigh(person: Numbers, most: float = MOST) -> Array:
    """What a vote of each person's counts: 1 if it is his only one, and all together below `most`.

    The best weights when a person's votes are alike with correlation 1 / most.
    """
    cast = sums(person, np.ones(person.shape), int(person.max(initial=0)) + 1)
    return most / (most - 1 + np.take_along_axis(cast, person, -1))


def features(models: int) -> Array:
    """What each parameter adds to the log chance of each answer: (pairs, answers, parameters)."""
    each = np.eye(models)
    distance = (each[:, None] - each).reshape(-1, models)  # of every ordered pair
    half = np.column_stack([distance, np.ones(models**2)]) / 2
    design = np.zeros((models**2, 3, models + 2))
    design[:, FIRST, :-1], design[:, SECOND, :-1], design[:, TIE, -1] = half, -half, 1
    return design


def counts(board: Board, answers: int = 3) -> Array:
    """Weighted votes (…, pairs, answers): all that the maximum needs to know."""
    table = sums(_cell(board, answers), board.weight, answers * board.models**2)
    return table.reshape(*table.shape[:-1], -1, answers)


def chances(theta: Array, design: Array) -> tuple[Array, Array]:
    """Chance of each answer (…, pairs, answers), and where it would pull each parameter."""
    chance = softmax(np.einsum("cap,...p->...ca", design, theta), axis=-1)
    expected = np.einsum("...ca,cap->...cp", chance, design)
    return chance, design - expected[..., None, :]  # (…, pairs, answers, parameters)


def maximum(votes: Array, design: Array) -> tuple[Array, Array]:
    """Parameters of the highest likelihood, by Newton's method, and the information there.

    The likelihood is concave. The weak normal prior makes it strictly so, puts the mean of the
    strengths at 0 and keeps a model within bounds that always wins. Steps are measured in standard
    errors: of millions of votes, the prior's own direction cannot be known to so many digits.
    """
    ridge = prior(design)
    theta = np.zeros((*votes.shape[:-2], design.shape[-1]))
    for _ in range(100):
        chance, pull = chances(theta, design)
        gradient = np.einsum("...ca,...cap->...p", votes, pull) - theta @ ridge
        information = squares(pull, votes.sum(-1, keepdims=True) * chance) + ridge
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        theta += np.clip(step, -1, 1)
        if (gradient * step).sum(-1).max() < SETTLED:
            return theta, information
    raise ArithmeticError(f"Bradley–Terry did not settle in 100 steps for votes {votes.tolist()}.")


def fit(board: Board, design: Array | None = None) -> Fit:
    """The parameters, and the covariances (a sandwich each) that the intervals are made of."""
    design = features(board.models) if design is None else design
    answers = design.shape[1]
    theta, information = maximum(counts(board, answers), design)
    chance, pull = chances(theta, design)
    vote = pulls(board, pull)
    squared = counts(replace(board, weight=board.weight**2), answers).sum(-1, keepdims=True)
    meats = (
        drawn(vote, board.person),
        drawn(vote, board.photo),
        np.swapaxes(vote, -1, -2) @ vote,
        squares(pull, squared * chance),
    )
    bread = np.linalg.inv(information)
    people, photos, votes, model = (bread @ (meat + prior(design)) @ bread for meat in meats)
    return Fit(theta, people, photos, votes, model, worth(board))


def pulls(board: Board, pull: Array) -> Array:
    """How far each vote pulls each parameter (…, votes, parameters), from the table of cells."""
    flat = pull.reshape(*pull.shape[:-3], -1, pull.shape[-1])
    cell = _cell(board, pull.shape[-2])[..., None]
    return np.take_along_axis(flat, cell, -2) * board.weight[..., None]


def drawn(vote: Array, cluster: Numbers) -> Array:
    """Covariance of the summed pulls when whole clusters are drawn at random."""
    length = int(cluster.max(initial=0)) + 1
    total = np.stack([sums(cluster, part, length) for part in np.moveaxis(vote, -1, 0)], axis=-1)
    number = (sums(cluster, np.ones(cluster.shape), length) > 0).sum(-1)[..., None, None]
    covariance: Array = np.swapaxes(total, -1, -2) @ total * number / np.maximum(number - 1, 1)
    return covariance


def worth(board: Board) -> Array:
    """How many equally heavy clusters the uneven ones are worth: people or photos, the fewer."""

    def of(cluster: Numbers) -> Array:
        weight = sums(cluster, board.weight, int(cluster.max(initial=0)) + 1)
        equal: Array = weight.sum(-1) ** 2 / np.maximum((weight**2).sum(-1), 1e-300)
        return equal

    return np.minimum(of(board.person), of(board.photo))


def variance(fitted: Fit, contrast: Array) -> Array:
    """Of each contrast (contrasts, parameters) when people and photos are both drawn.

    By one + by the other − by vote, and never less than by one alone or than the model's own:
    where all votes agree they show no variance.
    """
    people, photos, votes, model = (
        np.einsum("kp,...pq,kq->...k", contrast, covariance, contrast) for covariance in fitted[1:5]
    )
    largest: Array = np.max([people + photos - votes, people, photos, model], axis=0)
    return largest


def interval(fitted: Fit, contrast: Array, *, level: float = 0.95) -> Interval[Array]:
    """Of each contrast, in logits; all that can be said, if there is but one person or photo."""
    centre = fitted.theta @ contrast.T
    alone = fitted.clusters[..., None] < 1.5
    quantile = t.ppf(0.5 + level / 2, np.maximum(fitted.clusters - 1, 0.5))[..., None]
    half = np.where(alone, np.inf, quantile * np.sqrt(variance(fitted, contrast)))
    return Interval(centre, centre - half, centre + half)


def strengths(fitted: Fit, *, level: float = 0.95) -> Interval[Array]:
    """Of each model against the mean of the models, in logits: (…, models)."""
    models = fitted.theta.shape[-1] - 2
    against = np.hstack([np.eye(models) - 1 / models, np.zeros((models, 2))])
    return interval(fitted, against, level=level)


def wins(fitted: Fit, *, level: float = 0.95) -> Interval[Array]:
    """Share of the deciding votes that the row takes from the column: (…, models, models)."""
    models = fitted.theta.shape[-1] - 2
    each = np.eye(models, models + 2)
    found = interval(fitted, (each[:, None] - each).reshape(-1, models + 2), level=level)
    return Interval(*(expit(x).reshape(*fitted.theta.shape[:-1], models, models) for x in found))


def left(fitted: Fit, *, level: float = 0.95) -> Interval[Array]:
    """Share of the deciding votes that the left one of two equal models takes."""
    side = np.eye(fitted.theta.shape[-1])[-2:-1]
    return Interval(*(expit(np.squeeze(x, -1)) for x in interval(fitted, side, level=level)))


def undecided(fitted: Fit, *, level: float = 0.95) -> Interval[Array]:
    """Share of "cannot decide" between two equal models: exp(tie) of 2 + exp(tie)."""
    tie = np.eye(fitted.theta.shape[-1])[-1:]
    return Interval(
        *(expit(np.squeeze(x, -1) - np.log(2)) for x in interval(fitted, tie, level=level))
    )


def table(board: Board) -> Array:
    """How often the row beat the column, tied with it, lost to it: (…, models, models, 3).

    Votes as they were cast, each counting 1.
    """
    square = counts(replace(board, weight=np.ones(board.weight.shape)))
    square = square.reshape(*square.shape[:-2], board.models, board.models, 3)
    turned = np.swapaxes(square, -2, -3)[..., [SECOND, FIRST, TIE]]
    return (square + turned)[..., [FIRST, TIE, SECOND]]


def groups(board: Board) -> Numbers:
    """Number of each model's group; between groups the votes bound no distance from both sides.

    In a group every model has beaten, or tied with, every other, directly or through others (Ford
    1957). All in one group: the strengths owe nothing to the prior. For one board: (models,).
    """
    won, tied, _ = np.moveaxis(table(board), -1, 0)
    group: Numbers
    _, group = connected_components(won + tied > 0, directed=True, connection="strong")
    return group


def votes_needed(
    fitted: Fit, first: int, second: int, votes: int, *, same_photos: bool, power: float = 0.8
) -> float:
    """How many votes more, with new people, until these two can probably be told apart.

    That is, until the interval of their difference excludes 0 with this chance, should it be as
    large as it is now estimated. On the same photos chance among these stays: perhaps never.
    """
    contrast = np.eye(fitted.theta.shape[-1])[[first]] - np.eye(fitted.theta.shape[-1])[[second]]
    gap, now = abs(fitted.theta @ contrast[0]), variance(fitted, contrast)[0]
    by_photo = contrast[0] @ (fitted.photos - fitted.votes) @ contrast[0]
    stays = np.clip(by_photo, 0, now) if same_photos else 0.0
    quantiles = t.ppf(0.975, max(fitted.clusters - 1, 0.5)) + norm.ppf(power)
    shrinkable = (gap / quantiles) ** 2 - stays
    if shrinkable <= 0:
        return float("inf")
    return max(0.0, float(votes * ((now - stays) / shrinkable - 1)))


def sums(index: Numbers, values: Array, length: int) -> Array:
    """Sums (…, length) of the values (…, votes) of the same index, on each board."""
    boards = prod(index.shape[:-1])
    flat = index.reshape(boards, index.shape[-1]) + length * np.arange(boards)[:, None]
    added = np.bincount(flat.ravel(), values.ravel(), boards * length).astype(float)
    return added.reshape(*index.shape[:-1], length)


def _cell(board: Board, answers: int) -> Numbers:
    """Number of each vote's cell in a table of (pairs, answers)."""
    return (board.first * board.models + board.second) * answers + board.answer


def squares(pull: Array, weight: Array) -> Array:
    """Sum over cells of each pull times itself, weighted: (…, parameters, parameters)."""
    flat = pull.reshape(*pull.shape[:-3], -1, pull.shape[-1])
    return np.swapaxes(flat * weight.reshape(*flat.shape[:-1], 1), -1, -2) @ flat


def prior(design: Array) -> Array:
    return np.eye(design.shape[-1]) / PRIOR_SD**2
