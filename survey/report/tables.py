"""The numbers of a report as plain tables, for CSV files and for other programs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from survey.report.findings import Findings
from survey.report.safe_csv import Cell, write_sheet

CALLED = "{called}"  # the column of favourable judgements: called_real, in most designs
RATES = (
    "people", "condition", CALLED, "shown", "participants", "photos",
    "rate", "low", "high", "low_these_photos", "high_these_photos",
    "low_independent", "high_independent",
    "d_prime", "d_prime_pooled", "criterion",
)  # fmt: skip
DIFFERENCES = ("first", "second", "difference", "low", "high", "p", "p_holm")
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
        [g.first, g.second, *g.difference, g.p, g.p_holm] for g in findings.shown.gaps
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
        for c in analysis.conditions:
            counts: list[Cell] = [people, c.name, c.called, c.shown, c.participants, c.photos]
            intervals = [*c.rate, *c.rate_these_photos[1:], *c.rate_independent[1:]]
            d_prime = c.d_prime.estimate if c.d_prime else None
            criterion = c.criterion.estimate if c.criterion else None
            yield [*counts, *intervals, d_prime, c.d_prime_pooled, criterion]
