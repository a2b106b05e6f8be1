"""The numbers of a report as plain tables, for CSV files and for other programs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from math import isfinite, nan
from typing import NamedTuple

from survey.report.findings import Findings, Gap
from survey.report.safe_csv import Cell, write_sheet
from survey.stats import Interval

CALLED = "{called}"  # the column of favourable judgements: called_real, in most designs
RATES = (
    "people", "condition", CALLED, "shown", "participants", "photos",
    "rate", "low", "high", "low_these_photos", "high_these_photos",
    "low_independent", "high_independent",
    "d_prime", "d_prime_low", "d_prime_high", "criterion", "criterion_low", "criterion_high",
    "minus_real", "minus_real_low", "minus_real_high", "minus_real_p", "minus_real_p_holm",
)  # fmt: skip
DIFFERENCES = (
    "first", "second", "difference", "low", "high",
    "p", "p_holm", "p_these_photos", "p_these_photos_holm",
)  # fmt: skip
PHOTOS = ("photo", "photo_name", "condition", CALLED, "shown", "rate", "low", "high")


class Table(NamedTuple):
    """A name, the columns, the rows."""

    name: str
    columns: tuple[str, ...]
    rows: list[list[Cell]]

    def csv(self) -> str:
        text = io.StringIO()
        write_sheet(text, self.columns, self.rows)
        return text.getvalue()


def tables(findings: Findings) -> list[Table]:
    """Rates with exclusions applied ('kept') and without ('everyone'), differences, photos."""
    gaps: list[list[Cell]] = [
        [g.first, g.second, *g.difference, *_p_values(g)] for g in findings.shown.gaps
    ]
    photos: list[list[Cell]] = [
        [r.photo, r.name, r.condition, r.called, r.shown, *r.rate] for r in findings.per_photo
    ]
    called = findings.share.replace(" ", "_")
    sheets: tuple[tuple[str, tuple[str, ...], list[list[Cell]]], ...] = (
        ("rates", RATES, list(_rates(findings))),
        ("differences", DIFFERENCES, gaps),
        ("photos", PHOTOS, photos),
    )
    own = findings.own.tables() if findings.own else []
    return own + [
        Table(name, tuple(column.format(called=called) for column in columns), rows)
        for name, columns, rows in sheets
    ]


def _rates(findings: Findings) -> Iterator[list[Cell]]:
    for people, analysis in (("kept", findings.headline), ("everyone", findings.everyone)):
        beside: dict[str, list[Cell]] = {
            gap.first: [*gap.difference, gap.p, gap.p_holm] for gap in analysis.gaps_to_real
        }
        for c in analysis.conditions:
            counts: list[Cell] = [people, c.name, c.called, c.shown, c.participants, c.photos]
            intervals = [*c.rate, *c.rate_these_photos[1:], *c.rate_independent[1:]]
            to_real = beside.get(c.name, [None] * 5)
            yield [*counts, *intervals, *_cells(c.d_prime), *_cells(c.criterion), *to_real]


def _p_values(gap: Gap) -> tuple[float, ...]:
    return gap.p, gap.p_holm, gap.p_these_photos, gap.p_these_photos_holm


def _cells(interval: Interval[float] | None) -> list[Cell]:
    """Estimate and ends; empty where there is none."""
    ends = interval or (nan, nan, nan)
    return [float(end) if isfinite(end) else None for end in ends]
