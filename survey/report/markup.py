"""Small pieces of HTML and how numbers are written in them. All text given here is escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from math import isfinite

from survey.stats import Interval

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NONE = "\N{EM DASH}"


def percent(share: float) -> str:
    return f"{100 * share:.1f}{SPACE}%"


def points(gap: float) -> str:
    """A difference of shares, signed, in percentage points."""
    return signed(100 * gap, 1)


def signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", MINUS)


def number(value: float | None, digits: int = 2) -> str:
    if value is None or not isfinite(value):
        return NONE
    return f"{value:.{digits}f}".replace("-", MINUS)


def seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.2f}{SPACE}s"


def p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def span(interval: Interval[float] | None, digits: int = 2, scale: float = 1) -> str:
    """The two ends of an interval."""
    if interval is None or not (isfinite(interval.low) and isfinite(interval.high)):
        return NONE
    return f"{number(scale * interval.low, digits)} to {number(scale * interval.high, digits)}"


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def section(title: str, *parts: str) -> str:
    """A heading and what belongs under it."""
    return "\n".join([f"<h2>{escape(title)}</h2>", *parts])


def note(text: str) -> str:
    return paragraph(text, "note")


def html_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    inside = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="wide"><table>{inside}</table></div>'


def definitions(pairs: dict[str, str]) -> str:
    items = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in pairs.items())
    return f"<dl>{items}</dl>"


def data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
