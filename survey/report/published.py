"""Figures that others published, beside those of this study: as a table, on no common axis.

A share of pairs and a share of single images are answers to different questions; so this study's
own figure stands only beside one that was, or may have been, asked for in the same way.

    published(study, findings.shown)
"""

from __future__ import annotations

from typing import NamedTuple

from survey.report.findings import Analysis, Condition
from survey.report.markup import NONE, html_table, note, percent, section, span
from survey.study import Study

NOBODY = "no people yet"


class Figure(NamedTuple):
    """Somebody else's share called real."""

    what: str
    share: float
    how: str  # it was asked
    told: str  # its number of votes, and its interval
    design: str  # our question type, as far as is known
    model: str  # ours of the same kind


SURVEY = "survey, design not described"
FIGURES = (
    Figure("CS230 poster, 2018: regression", 0.346, SURVEY, "not told", "", "regression"),
    Figure("CS230 poster: classification", 0.577, SURVEY, "not told", "", "classification"),
    Figure("CS230 poster: with rebalancing", 0.692, SURVEY, "not told", "", "rebalanced"),
    Figure(
        "Zhang, Isola and Efros, 2016",
        0.323,
        "pairs, each image for 1 s",
        "standard error 2.2",
        "pair",
        "eccv16",
    ),
)


def published(study: Study, found: Analysis) -> str:
    """The table; "no people yet" for models that wait for votes."""
    columns = ["Published", "Theirs", "n, interval", "How it was asked"]
    columns += ["Here", "95 %", "Votes", "Participants"]
    ours = {condition.name: condition for condition in found.conditions}
    rows = [
        [f.what, percent(f.share), f.told, _asked(f, study), *_here(f, study, ours.get(f.model))]
        for f in FIGURES
    ]
    return section(
        "Published figures",
        html_table(columns, rows),
        note(
            "Other people, other photos, other designs. Differences of about five points to a "
            "published figure mean nothing: the same method gave 32.3 % in one laboratory and 27.8 "
            "% in another. Of the poster no number of people is known; 26 is the fewest whose "
            "shares round to its three figures."
        ),
    )


def _asked(figure: Figure, study: Study) -> str:
    other = figure.design not in ("", study.design)
    return f"another design: {figure.how}" if other else figure.how


def _here(figure: Figure, study: Study, condition: Condition | None) -> list[str]:
    """Ours, if this study shows such a model in that way."""
    comparable = (figure.design or "single") == study.design
    if not comparable or figure.model not in study.models:
        return [NONE, NONE, NONE, NONE]
    if condition is None:
        return [NOBODY, NONE, "0", "0"]
    counts = f"{condition.shown:,}", str(condition.participants)
    return [percent(condition.rate.estimate), span(condition.rate, 1, 100), *counts]
