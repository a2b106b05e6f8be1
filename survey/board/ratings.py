"""What the votes of a board say: strengths, shares, and how sure they are.

    ratings = rate(read_only("studies/board/votes.db").query("SELECT * FROM votes"))
    ratings.strengths["regression@5f0c…"]                 # against the mean of all, in logits
    ratings.wins("regression@…", "rebalanced@…")          # a share of the votes that decide

Bradley–Terry with ties and side, intervals for other people and other photos like these
(survey/preference/bradley_terry.py). Two caps bound what anyone can do to it: all votes of a
browser together weigh less than MOST of as many people, all votes of a network on a day less than
MOST_OF_NETWORK. A browser is a person here; who has many browsers and networks is many people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey.board.drawing import ANSWERS
from survey.preference.bradley_terry import (
    MOST,
    TIE,
    Board,
    Fit,
    Numbers,
    fit,
    groups,
    left,
    strengths,
    table,
    undecided,
    votes_needed,
    weigh,
    wins,
)
from survey.preference.transitivity import Test, own_shares, transitivity
from survey.stats import Array, Interval

MOST_OF_NETWORK = 60.0  # what all votes of a network on a day weigh less than, together
Vote = Mapping[str, Any]


@dataclass(frozen=True)
class Ratings:
    """A board that was rated. Models in the order of their names."""

    models: list[str]  # every one that was ever voted on
    board: Board
    fitted: Fit
    strengths: list[Interval[float]]  # of each model against the mean, in logits
    shares: list[list[Interval[float]]]  # of the deciding votes the row takes from the column
    own_shares: list[list[Interval[float]]]  # the same by the votes on these two alone
    cast: Array  # (models, models, 3) the row won, tied, lost; votes as they were cast
    left: Interval[float]  # share that the left one of equals takes
    undecided: Interval[float]  # share of votes between equals that cannot decide
    test: Test | None  # of one ranking for all pairs; None for two models
    groups: Numbers  # (models,) between these groups the votes bound no distance

    @property
    def votes(self) -> int:
        return len(self.board.answer)

    @property
    def people(self) -> int:
        return len(np.unique(self.board.person))

    @property
    def photos(self) -> int:
        return len(np.unique(self.board.photo))

    @property
    def heaviest(self) -> tuple[int, float]:
        """Votes of the browser that cast the most, and what they weigh."""
        cast = np.bincount(self.board.person)
        weight = np.bincount(self.board.person, self.board.weight)
        return int(cast.max()), float(weight[cast.argmax()])

    def needed(self, one: int, other: int, *, same_photos: bool) -> float:
        """Votes more until these two can probably be told apart; inf: never so."""
        return votes_needed(self.fitted, one, other, self.votes, same_photos=same_photos)


def rate(votes: Iterable[Vote]) -> Ratings | None:
    """The ratings; None while there are no votes."""
    rows = list(votes)
    if not rows:
        return None
    models = sorted({row[side] for row in rows for side in ("first", "second")})
    board = as_board(rows, models)
    fitted = fit(board)
    return Ratings(
        models,
        board,
        fitted,
        each(strengths(fitted)),
        square(wins(fitted)),
        square(own_shares(board)),
        table(board),
        single(left(fitted)),
        single(undecided(fitted)),
        transitivity(board) if len(models) > 2 and (board.answer != TIE).any() else None,
        groups(board),
    )


def as_board(rows: list[Vote], models: list[str]) -> Board:
    """Rows of the table of votes as numbers, weighed."""
    number = {model: n for n, model in enumerate(models)}
    person = numbered([row["voter"] for row in rows])
    return Board(
        len(models),
        np.array([number[row["first"]] for row in rows]),
        np.array([number[row["second"]] for row in rows]),
        np.array([ANSWERS.index(row["answer"]) for row in rows]),
        person,
        numbered([row["photo"] for row in rows]),
        weigh(person, MOST) * weigh_networks([row["network"] for row in rows]),
    )


def weigh_networks(networks: list[str]) -> Array:
    """What a vote counts for the network's sake: 1 where the network says nothing."""
    weight = weigh(numbered(networks), MOST_OF_NETWORK)
    return np.where(np.array(networks) == "", 1.0, weight)


def numbered(names: list[Any]) -> Numbers:
    """From 0 on, the same for the same."""
    number: Numbers = np.unique(np.array(names), return_inverse=True)[1]
    return number


def single(interval: Interval[Array]) -> Interval[float]:
    return Interval(*(float(x) for x in interval))


def each(interval: Interval[Array]) -> list[Interval[float]]:
    return [Interval(*map(float, ends)) for ends in zip(*interval, strict=True)]


def square(interval: Interval[Array]) -> list[list[Interval[float]]]:
    return [each(Interval(*row)) for row in zip(*interval, strict=True)]
