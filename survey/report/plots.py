"""Plots of a report: rows of HTML with inline SVG that keep their type size at any width.

Positions are percentages, so a plot needs no viewBox and no script; colours come from report.css.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from math import isfinite

from survey.stats import Interval

HEIGHT = 26  # px of a row


@dataclass(frozen=True)
class Axis:
    """A horizontal scale: labelled ticks, how to write other values, a line to compare with."""

    low: float
    high: float
    ticks: dict[float, str]
    text: Callable[[float], str]
    reference: float | None = None

    def at(self, value: float) -> str:
        """Where a value lies, in percent of the width; what is outside lies on the border."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


@dataclass(frozen=True)
class PlotRow:
    """An estimate with its interval (without one: an open mark) and perhaps another inside it."""

    label: str
    value: Interval[float]
    note: str = ""
    inner: Interval[float] | None = None
    tone: str = "model"  # model | real | other


def interval_plot(rows: Iterable[PlotRow], axis: Axis, title: str) -> str:
    """One line a row: name, mark with interval, and the numbers in words."""
    lines = "".join(_line(row, axis) for row in rows)
    return f'<figure class="plot" aria-label="{escape(title)}">{lines}{_scale(axis)}</figure>'


def _line(row: PlotRow, axis: Axis) -> str:
    value = row.value
    known = value.high > value.low and isfinite(value.high - value.low)
    marks = _rule(value, axis, "outer") if known else ""
    marks += _rule(row.inner, axis, "inner") if row.inner else ""
    marks += f'<circle cx="{axis.at(value.estimate)}" cy="{HEIGHT / 2}" r="4.5"/>'
    between = f"{axis.text(value.low)} to {axis.text(value.high)}" if known else ""
    note = f"<small>{escape(row.note)}</small>" if row.note else ""
    return (
        f'<div class="row {row.tone}{"" if known else " bare"}">'
        f'<span class="name">{escape(row.label)}{note}</span>'
        f'<svg height="{HEIGHT}" aria-hidden="true">{_grid(axis)}{marks}</svg>'
        f'<span class="number"><b>{axis.text(value.estimate)}</b> {between}</span></div>'
    )


def _rule(interval: Interval[float], axis: Axis, kind: str) -> str:
    y = HEIGHT / 2
    ends = f'x1="{axis.at(interval.low)}" x2="{axis.at(interval.high)}" y1="{y}" y2="{y}"'
    return f'<line class="{kind}" {ends}/>'


def _grid(axis: Axis) -> str:
    lines = [_upright(axis.at(tick), "grid") for tick in axis.ticks]
    if axis.reference is not None:
        lines.append(_upright(axis.at(axis.reference), "reference"))
    return "".join(lines)


def _upright(x: str, kind: str) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="0" y2="{HEIGHT}"/>'


def _scale(axis: Axis) -> str:
    last = len(axis.ticks) - 1
    labels = "".join(
        f'<text x="{axis.at(tick)}" y="13" class="{_anchor(i, last)}">{escape(label)}</text>'
        for i, (tick, label) in enumerate(axis.ticks.items())
    )
    return f'<div class="row scale"><span></span><svg height="18">{labels}</svg><span></span></div>'


def _anchor(place: int, last: int) -> str:
    return {0: "first", last: "last"}.get(place, "middle")


def histogram(groups: dict[str, list[float]], axis: Axis, bins: int, title: str) -> str:
    """One row a group: how many of its values lie in each of the bins along the axis."""
    tallest = max((max(_counts(v, axis, bins)) for v in groups.values() if v), default=1)
    rows = "".join(
        f'<div class="row model"><span class="name">{escape(name)}</span>'
        f'<svg height="56" aria-hidden="true">{_bars(_counts(values, axis, bins), tallest)}</svg>'
        f'<span class="number">{len(values)} photos</span></div>'
        for name, values in groups.items()
    )
    return f'<figure class="plot" aria-label="{escape(title)}">{rows}{_scale(axis)}</figure>'


def _counts(values: list[float], axis: Axis, bins: int) -> list[int]:
    counts = [0] * bins
    for value in values:
        share = (value - axis.low) / (axis.high - axis.low)
        counts[min(int(share * bins), bins - 1)] += 1
    return counts


def _bars(counts: list[int], tallest: int) -> str:
    width = 100 / len(counts)
    return "".join(
        f'<rect x="{i * width + 0.4:.2f}%" width="{width - 0.8:.2f}%" '
        f'y="{54 - 50 * count / tallest:.1f}" height="{50 * count / tallest + 2:.1f}"/>'
        for i, count in enumerate(counts)
        if count
    )
