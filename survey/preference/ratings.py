"""What votes on pairs of models say, in numbers: strengths, shares, and how sure they are.

    found = rate(board, ["regression", "rebalanced"])       # a Board, as in bradley_terry.py
    found.strengths[0], found.pair(1, 0).share              # intervals

Everything here is a plain number, which a page, a table and == understand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from typing import Any

import numpy as np

from survey.preference.bradley_terry import (
    TIE,
    Board,
    Fit,
    fit,
    groups,
    left,
    strengths,
    table,
    undecided,
    votes_needed,
    wins,
)
from survey.preference.transitivity import own_shares, transitivity
from survey.stats import Interval


@dataclass(frozen=True)
class Pair:
    """Two models, seen from the first."""

    first: str
    second: str
    won: int
    tied: int
    lost: int
    share: Interval[float]  # of the deciding votes that it takes, by the ranking of all
    own_share: Interval[float]  # the same by the votes on these two alone
    bounded: bool  # from both sides: by votes, not by the prior
    votes_needed: float  # more, on these photos, until they can be told apart; inf: never

    @property
    def told_apart(self) -> bool:
        return self.share.low > 0.5 or self.share.high < 0.5

    def turned(self) -> Pair:
        """The same seen from the second."""
        share, own = (_rest(interval) for interval in (self.share, self.own_share))
        counts = (self.lost, self.tied, self.won)
        return Pair(self.second, self.first, *counts, share, own, self.bounded, self.votes_needed)


@dataclass(frozen=True)
class Ratings:
    """A board that was rated."""

    models: tuple[str, ...]
    votes: int
    people: int
    photos: int
    strengths: tuple[Interval[float], ...]  # of each model against the mean of all, in logits
    pairs: tuple[Pair, ...]  # every two models, in their order
    left: Interval[float]  # share of the deciding votes that the left one of two equals takes
    undecided: Interval[float]  # share of the votes between two equals that decide nothing
    tied: int  # votes that decided nothing
    transitivity_p: float | None  # small: no ranking explains all pairs; None: nothing to test

    def pair(self, first: int, second: int) -> Pair:
        """By the models' numbers, in either order."""
        i, j = sorted((first, second))
        found = next(p for p in self.pairs if (p.first, p.second) == self._names(i, j))
        return found if first == i else found.turned()

    def _names(self, i: int, j: int) -> tuple[str, str]:
        return self.models[i], self.models[j]


def rate(board: Board, models: Sequence[str]) -> Ratings:
    """All that one board says; it has votes."""
    fitted = fit(board)
    return Ratings(
        models=tuple(models),
        votes=len(board.answer),
        people=_counted(board.person),
        photos=_counted(board.photo),
        strengths=tuple(_each(strengths(fitted))),
        pairs=tuple(_pairs(board, fitted, models)),
        left=_plain(left(fitted)),
        undecided=_plain(undecided(fitted)),
        tied=int((board.answer == TIE).sum()),
        transitivity_p=_transitivity_p(board),
    )


def _transitivity_p(board: Board) -> float | None:
    """Of few votes, or of two models, there is nothing to test."""
    alone = _counted(board.person) < 2 or _counted(board.photo) < 2
    if board.models < 3 or alone or (board.answer == TIE).all():
        return None
    p = float(transitivity(board).p)
    return p if isfinite(p) else None


def _pairs(board: Board, fitted: Fit, models: Sequence[str]) -> Iterator[Pair]:
    cast, group, votes = table(board), groups(board), len(board.answer)
    shares, own = wins(fitted), own_shares(board)
    for i, j in combinations(range(len(models)), 2):
        won, tied, lost = (int(n) for n in cast[i, j])
        yield Pair(
            models[i],
            models[j],
            won,
            tied,
            lost,
            share=_plain(Interval(*(part[i, j] for part in shares))),
            own_share=_plain(Interval(*(part[i, j] for part in own))),
            bounded=bool(group[i] == group[j]),
            votes_needed=votes_needed(fitted, i, j, votes, same_photos=True),
        )


def _rest(interval: Interval[float]) -> Interval[float]:
    """Of the other of two, whose shares make one."""
    return Interval(1 - interval.estimate, 1 - interval.high, 1 - interval.low)


def _counted(numbers: Any) -> int:
    return len(np.unique(numbers))


def _plain(interval: Interval[Any]) -> Interval[float]:
    return Interval(*(float(end) for end in interval))


def _each(interval: Interval[Any]) -> Iterator[Interval[float]]:
    for ends in zip(*interval, strict=True):
        yield _plain(Interval(*ends))
