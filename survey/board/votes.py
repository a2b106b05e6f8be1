"""The votes of an open board as numbers, weighed so that nobody decides alone.

    votes = all_votes(read_only("studies/board/votes.db"))
    ratings = rated(votes, here=lineup(["regression", "rebalanced"]))
    ratings.pair(1, 0).share                   # survey/preference/ratings.py

Two caps bound what anyone can do to the board: all votes of a browser together weigh less than MOST
of as many people, all votes of a network on a day less than MOST_OF_NETWORK. A browser is a person
here; who has many browsers and many networks is many people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlite_utils import Database

from survey.board.drawing import ANSWERS
from survey.board.lineup import name_of, titles
from survey.preference.bradley_terry import MOST, Board, Numbers, weigh
from survey.preference.ratings import Ratings, rate
from survey.stats import Array

MOST_OF_NETWORK = 60.0  # what all votes of a network on a day weigh less than, together
SIMULATED = "simulated "  # before the number of a photo that there is not
BASE = "regression"  # against which all others are told, once it is on the board
Vote = Mapping[str, Any]  # a row of the table of votes


def all_votes(db: Database) -> list[Vote]:
    """In the order in which they came."""
    return list(db.query("SELECT * FROM votes ORDER BY id"))


def rated(votes: Sequence[Vote], here: Collection[str] = ()) -> Ratings | None:
    """The ratings of every model that was ever voted on; None while there are no votes."""
    if not votes:
        return None
    models = models_of(votes)
    named = titles(models, here)
    return rate(as_board(votes, models), [named[model] for model in models])


def models_of(votes: Sequence[Vote]) -> list[str]:
    """By their names, BASE first."""
    models = {vote[side] for vote in votes for side in ("first", "second")}
    return sorted(models, key=lambda model: (name_of(model) != BASE, model))


def as_board(votes: Sequence[Vote], models: Sequence[str]) -> Board:
    """The votes on these models, which are all."""
    number = {model: n for n, model in enumerate(models)}
    return Board(
        len(models),
        np.array([number[vote["first"]] for vote in votes]),
        np.array([number[vote["second"]] for vote in votes]),
        np.array([ANSWERS.index(vote["answer"]) for vote in votes]),
        numbered(vote["voter"] for vote in votes),
        numbered(vote["photo"] for vote in votes),
        weights(votes),
    )


def weights(votes: Sequence[Vote]) -> Array:
    """What each vote counts; a network that says nothing ('') takes nothing away."""
    networks = [vote["network"] for vote in votes]
    by_network = weigh(numbered(networks), MOST_OF_NETWORK)
    by_network[np.array(networks) == ""] = 1
    product: Array = weigh(numbered(vote["voter"] for vote in votes), MOST) * by_network
    return product


def heaviest(votes: Sequence[Vote]) -> tuple[int, float]:
    """How many votes the busiest browser cast, and what they count together."""
    person = numbered(vote["voter"] for vote in votes)
    cast = np.bincount(person)
    counted = np.bincount(person, weights(votes))
    return int(cast.max()), float(counted[cast.argmax()])


def numbered(names: Iterable[Any]) -> Numbers:
    """From 0 on, the same for the same."""
    number: Numbers = np.unique(list(names), return_inverse=True)[1]
    return number
