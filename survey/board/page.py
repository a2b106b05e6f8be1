"""The board as a page: which colours people prefer, how sure that is, and how it was counted.

Try it: python -m survey board studies/board --report board.html
"""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from math import isfinite
from pathlib import Path
from string import Template

import numpy as np
from scipy.special import expit

from survey.board.lineup import titles
from survey.board.ratings import MOST_OF_NETWORK, Ratings
from survey.preference.bradley_terry import MOST
from survey.report import html
from survey.report.markup import (
    html_table,
    note,
    number,
    p_value,
    paragraph,
    percent,
    section,
    span,
)
from survey.report.plots import Axis, PlotRow, interval_plot
from survey.report.sections import SHARES
from survey.stats import Interval

TITLE = "Which colours people prefer"
EMPTY = (
    "No votes yet. Two versions of a photo, without names, and one key: whoever is first decides "
    "what stands here."
)
MANY = 100_000  # votes that nobody will wait for
WEIGHED = (
    "Anyone may vote, as often as they like, but never twice on the same pair. So that nobody "
    "decides alone, all votes of one browser together weigh less than {person:.0f} votes by as "
    "many people, and all votes from one network on one day less than {network:.0f}. The browser "
    "with the most votes cast {cast:,}; they weigh {weight:.1f}. Whoever has many browsers in many "
    "networks can still push the board: it is open, and no substitute for a study."
)
METHOD = (
    "Bradley–Terry with ties (Davidson 1970) and a side. Intervals are of 95 % and speak of other "
    "people and other photos like these: both are taken as drawn at random (Cameron, Gelbach and "
    "Miller 2011), weighed as told above. Pairs are shown where the ratings are least sure; that "
    "biases no rating, since the likelihood takes every pair as it came. Looking often at growing "
    "numbers makes an interval exclude the truth more often than one time in twenty."
)
HERE = Path(html.__file__).parent  # of the report's page and style


def render(ratings: Ratings | None, here: Collection[str] = ()) -> str:
    """The page; `here` are the models that can be voted on now."""
    parts = [paragraph(EMPTY, "lead")]
    facts = "An open board: anyone may vote"
    if ratings:
        named = titles(ratings.models, here)
        names = [named[model] for model in ratings.models]
        facts = facts_of(ratings)
        parts = [
            lead(ratings, names),
            *cautions(ratings, names),
            standing(ratings, names, [model in here for model in ratings.models]),
            matrix(ratings, names),
            apart(ratings, names),
            habits(ratings),
            section("How votes are weighed", paragraph(weighed(ratings)), note(METHOD)),
        ]
    page = Template((HERE / "report.html").read_text(encoding="utf-8"))
    style = (HERE / "report.css").read_text(encoding="utf-8")
    return page.substitute(title=TITLE, css=style, facts=escape(facts), body="\n".join(parts))


def facts_of(ratings: Ratings) -> str:
    return " · ".join(
        f"{n:,} {word if n != 1 else word.removesuffix('s')}"
        for n, word in (
            (ratings.votes, "votes"),
            (ratings.people, "browsers"),
            (ratings.photos, "photos"),
            (len(ratings.models), "models"),
        )
    )


def lead(ratings: Ratings, names: list[str]) -> str:
    """The first against the second and the last, in words."""
    order = ranked(ratings)
    sentences = [
        f"{names[order[0]]} wins {percent(share.estimate)} of the deciding votes against "
        f"{names[other]} ({span(share, 1, 100)})"
        for other in dict.fromkeys((order[1], order[-1]))
        for share in [ratings.shares[order[0]][other]]
    ]
    return paragraph(" and ".join(sentences) + ".", "lead")


def cautions(ratings: Ratings, names: list[str]) -> list[str]:
    """What the reader must know before the numbers."""
    said = []
    for what, count in (("browsers", ratings.people), ("photos", ratings.photos)):
        if count < html.FEW:
            said.append(f"Only {count} {what}: take the intervals as rough.")
    if len(set(ratings.groups.tolist())) > 1:
        sets = [
            ", ".join(names[i] for i in np.flatnonzero(ratings.groups == group))
            for group in np.unique(ratings.groups)
        ]
        said.append(
            f"Nobody has bridged these groups in both directions yet: {'; '.join(sets)}. How far "
            "apart they are is a guess so far."
        )
    return [paragraph(sentence, "caution") for sentence in said]


def standing(ratings: Ratings, names: list[str], here: list[bool]) -> str:
    """Each model against the mean of all."""
    rows, lines = [], []
    for i in ranked(ratings):
        strength = ratings.strengths[i]
        share = Interval(*(float(expit(x)) for x in strength))
        cast = ratings.cast[i].sum(0)
        gone = "" if here[i] else "not to be voted on any more"
        rows.append(PlotRow(names[i], share, gone))
        counts = (f"{n:,.0f}" for n in cast)
        lines.append([names[i], number(strength.estimate), span(strength), *counts])
    axis = Axis(0, 1, SHARES, percent, 0.5)
    return section(
        "Strength",
        interval_plot(rows, axis, "Share won against the average model, with 95 % intervals"),
        note("Share of the deciding votes that a model wins against the average of all models."),
        html_table(["", "Strength, logits", "95 %", "Won", "Tied", "Lost"], lines),
    )


def matrix(ratings: Ratings, names: list[str]) -> str:
    """Each against each, by the ranking."""
    order = ranked(ratings)
    rows = [
        [names[i], *("" if i == j else f"{100 * ratings.shares[i][j].estimate:.0f}" for j in order)]
        for i in order
    ]
    return section(
        "Each against each",
        note("Percent of the deciding votes that the row wins against the column."),
        html_table(["", *(names[i] for i in order)], rows),
    )


def apart(ratings: Ratings, names: list[str]) -> str:
    """Every pair: share, the votes on it alone, and how many votes it still takes."""
    order, rows = ranked(ratings), []
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            share, own = ratings.shares[i][j], ratings.own_shares[i][j]
            met = int(ratings.cast[i, j].sum())
            alone = f"{percent(own.estimate)} ({span(own, 0, 100)})" if met else ""
            line = [f"{names[i]} against {names[j]}", percent(share.estimate)]
            rows.append([*line, span(share, 1, 100), f"{met:,}", alone, more(ratings, i, j)])
    columns = ["", "Wins", "95 %", "Votes", "These votes alone", "Votes more to tell apart"]
    told = paragraph(verdict(ratings)) if ratings.test else ""
    explained = note(
        "Votes more, on the whole board, by new people and on new photos, until the two can "
        "probably (80 %) be told apart, if they differ as much as they now seem to."
    )
    return section("Pairs", html_table(columns, rows), explained, told)


def more(ratings: Ratings, one: int, other: int) -> str:
    share = ratings.shares[one][other]
    if share.low > 0.5 or share.high < 0.5:
        return "told apart"
    needed = ratings.needed(one, other, same_photos=False)
    return f"{needed:,.0f}" if isfinite(needed) and needed < MANY else f"over {MANY:,}"


def verdict(ratings: Ratings) -> str:
    """Does one ranking explain all pairs?"""
    assert ratings.test
    p = float(ratings.test.p)
    said = f"p {p_value(p)}" if p < 0.001 else f"p = {p_value(p)}"
    if p < 0.05:
        return f"No ranking explains all pairs ({said}): believe the pairs, not the order."
    return f"Nothing speaks against one ranking for all pairs ({said})."


def habits(ratings: Ratings) -> str:
    """Sides and ties."""
    return section(
        "Habits",
        paragraph(
            f"Between equals the one on the left (on narrow screens: above) wins "
            f"{percent(ratings.left.estimate)} ({span(ratings.left, 1, 100)}) of the deciding "
            f"votes, and {percent(ratings.undecided.estimate)} "
            f"({span(ratings.undecided, 1, 100)}) cannot decide."
        ),
    )


def weighed(ratings: Ratings) -> str:
    cast, weight = ratings.heaviest
    return WEIGHED.format(person=MOST, network=MOST_OF_NETWORK, cast=cast, weight=weight)


def ranked(ratings: Ratings) -> list[int]:
    """The models' numbers, the strongest first."""
    order = np.argsort([-strength.estimate for strength in ratings.strengths], kind="stable")
    return [int(i) for i in order]
