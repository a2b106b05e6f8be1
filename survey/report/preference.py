"""The part of a report that only a study of preference has: ratings, pairs, habits.

from survey.report.preference import Preferences
print(Preferences.of(evidence.db, study, left_out=[]).tables())
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from sqlite_utils import Database

from survey.preference.ratings import Pair, Ratings, rate
from survey.preference.votes import board
from survey.report.aggregates import LEFT_OUT
from survey.report.markup import (
    NONE,
    definitions,
    html_table,
    note,
    p_value,
    percent,
    section,
    signed,
    span,
)
from survey.report.plots import Axis, PlotRow, interval_plot
from survey.report.safe_csv import Cell
from survey.report.tables import Table
from survey.stats import Interval
from survey.study import Study

MANY = 10_000_000  # votes that nobody will collect
UNLIKELY = 0.05  # p below which one ranking is not believed to explain all pairs
RATINGS = ("model", "strength", "low", "high", "against", "share", "share_low", "share_high")
PAIRS = (
    "first", "second", "won", "tied", "lost", "share", "low", "high",
    "own_share", "own_low", "own_high", "votes_needed",
)  # fmt: skip


@dataclass(frozen=True)
class Catches:
    """Catch trials of those who are not left out."""

    shown: int
    failed: int


@dataclass(frozen=True)
class Preferences:
    """What a study of preference found beyond how often each model was preferred."""

    ratings: Ratings
    catches: Catches

    @classmethod
    def of(cls, db: Database, study: Study, left_out: Sequence[int]) -> Preferences | None:
        """By the votes of all but these; None while there are none."""
        found = board(db, study, left_out)
        if not len(found.answer):
            return None
        return cls(rate(found, study.models), _catches(db, left_out))

    def sections(self) -> list[str]:
        return [*ratings_sections(self.ratings), _habits(self)]

    def tables(self) -> list[Table]:
        """For CSV files: the ratings, and every two models."""
        return ratings_tables(self.ratings)


def ratings_sections(found: Ratings) -> list[str]:
    """Strengths, each against each, and pairs."""
    return [_ratings(found), _matrix(found), _pairs(found)]


def ratings_tables(found: Ratings) -> list[Table]:
    """For CSV files: the ratings, and every two models."""
    return [
        Table("ratings", RATINGS, _rating_rows(found)),
        Table("pairs", PAIRS, [_pair_cells(pair) for pair in found.pairs]),
    ]


def _catches(db: Database, left_out: Sequence[int]) -> Catches:
    query = f"""SELECT COUNT(*), COALESCE(SUM(answer <> truth), 0) FROM votes
                WHERE kind = 'catch' AND NOT {LEFT_OUT}"""
    return Catches(*db.execute(query, {"left_out": json.dumps(list(left_out))}).fetchone())


def _ratings(found: Ratings) -> str:
    """Strengths against the mean, and shares against the first model."""
    ends = [end for strength in found.strengths for end in strength[1:] if isfinite(end)]
    limit = float(ceil(max((abs(end) for end in ends), default=1)))
    axis = Axis(
        -limit, limit, {-limit: signed(-limit, 0), 0: "0", limit: signed(limit, 0)}, signed, 0
    )
    order = sorted(range(len(found.models)), key=lambda i: -found.strengths[i].estimate)
    rows = [PlotRow(found.models[i], found.strengths[i], _against_first(found, i)) for i in order]
    columns = ["", "Strength", "95 %", f"Wins against {found.models[0]}", "95 %"]
    return section(
        "Ratings",
        interval_plot(rows, axis, "Strengths, with 95 % intervals"),
        note(
            "Strength against the mean of the models, in log odds: of the votes that decide, a "
            "model takes the share from another that the difference of their strengths says. "
            "Line: 95 % interval for people and photos like these."
        ),
        html_table(columns, [_rating_cells(found, i) for i in order]),
    )


def _against_first(found: Ratings, i: int) -> str:
    """wins 62.0 % against regression"""
    if i == 0:
        return ""
    return f"wins {percent(found.pair(i, 0).share.estimate)} against {found.models[0]}"


def _rating_cells(found: Ratings, i: int) -> list[str]:
    strength = found.strengths[i]
    wins = found.pair(i, 0).share if i else None
    return [
        found.models[i],
        signed(strength.estimate),
        f"{signed(strength.low)} to {signed(strength.high)}" if isfinite(strength.low) else NONE,
        percent(wins.estimate) if wins else NONE,
        span(wins, 1, 100),
    ]


def _matrix(found: Ratings) -> str:
    """Every model against every other."""
    numbers = range(len(found.models))
    rows = [[found.models[i], *(_square(found, i, j) for j in numbers)] for i in numbers]
    return section(
        "Each against each",
        html_table(["", *found.models], rows),
        note(
            "Share of the deciding votes that the model of the row takes from the model of the "
            "column, by the ratings, and its 95 % interval, each by itself, in percent."
        ),
    )


def _square(found: Ratings, i: int, j: int) -> str:
    if i == j:
        return NONE
    share = found.pair(i, j).share
    return f"{100 * share.estimate:.0f} ({span(share, 0, 100)})"


def _pairs(found: Ratings) -> str:
    """What was said of every two models, and how much more would tell them apart."""
    columns = ["", "Preferred", "Undecided", "The other", "By these votes alone", "95 %"]
    columns += ["Votes more until told apart"]
    rows = [
        [
            f"{pair.first} : {pair.second}",
            *(f"{n:,}" for n in (pair.won, pair.tied, pair.lost)),
            percent(pair.own_share.estimate),
            span(pair.own_share, 1, 100),
            more(pair),
        ]
        for pair in found.pairs
    ]
    return section(
        "Pairs",
        html_table(columns, rows),
        note(
            "Votes as they were cast. Votes more: on these photos, of all models alike and with "
            "new people, until the interval of the ratings excludes 50 % with a chance of 80 %, if "
            "the difference is as large as it now seems."
        ),
    )


def more(pair: Pair) -> str:
    """How many votes more it takes to tell two models apart, in words."""
    if pair.told_apart:
        return "told apart"
    if not pair.bounded:
        return "not yet to be said"
    if not isfinite(pair.votes_needed) or pair.votes_needed > MANY:
        return "these photos cannot tell"
    step = 10 ** max(1, len(f"{pair.votes_needed:.0f}") - 2)  # two digits that count
    return f"about {ceil(pair.votes_needed / step) * step:,}"


def _habits(found: Preferences) -> str:
    """Ties, sides, whether there is one ranking, and the catch trials."""
    catches = found.catches
    absurd = f"in {catches.failed:,} of {catches.shown:,}"
    said = {"Catch trials": f"absurd colours were preferred, or not told apart, {absurd}"}
    return section("Habits", definitions(habits(found.ratings) | said))


def habits(ratings: Ratings) -> dict[str, str]:
    """Ties, sides, and whether there is one ranking."""
    p = ratings.transitivity_p
    return {
        "Cannot decide": f"{ratings.tied:,} of {ratings.votes:,} votes; between two equal models "
        f"{percent(ratings.undecided.estimate)} ({span(ratings.undecided, 1, 100)})",
        "Left side": f"takes {percent(ratings.left.estimate)} ({span(ratings.left, 1, 100)}) of "
        "the deciding votes between two equal models; the ratings allow for it",
        "One ranking": f"{_verdict(p)} (p {p_value(p)})" if p is not None else NONE,
    }


def _verdict(p: float) -> str:
    if p < UNLIKELY:
        return "does not explain all pairs: read them by their own votes"
    return "explains the pairs as well as shares of their own"


def _rating_rows(found: Ratings) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for i, model in enumerate(found.models):
        wins = found.pair(i, 0).share if i else None
        against: list[Cell] = [found.models[0], *_cells(wins)] if wins else [None] * 4
        rows.append([model, *_cells(found.strengths[i]), *against])
    return rows


def _pair_cells(pair: Pair) -> list[Cell]:
    counts = (pair.first, pair.second, pair.won, pair.tied, pair.lost)
    needed = pair.votes_needed if isfinite(pair.votes_needed) else None
    return [*counts, *_cells(pair.share), *_cells(pair.own_share), needed]


def _cells(interval: Interval[float]) -> list[Cell]:
    return [end if isfinite(end) else None for end in interval]
