"""Tables as CSV that no spreadsheet can be tricked with, and back again without loss.

A text that a spreadsheet might run as a formula gets an apostrophe in front; so does a text that
begins with an apostrophe, so that every leading apostrophe can be taken off again.

    python -c "from survey.report.safe_csv import neutral; print(neutral('=1+1'))"
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")

Cell = str | int | float | None


def write_sheet(file: TextIO, columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """A header and one line a row; None is an empty cell."""
    writer = csv.writer(file, lineterminator="\r\n")  # so that both are quoted
    writer.writerow(columns)
    writer.writerows([neutral(cell) for cell in row] for row in rows)


def read_sheet(file: TextIO) -> Iterator[dict[str, str]]:
    """The rows as they were before they were made harmless; all cells are texts."""
    for row in csv.DictReader(file):
        yield {column: original(cell) for column, cell in row.items()}


def neutral(cell: Cell) -> Cell:
    """Text that is shown, not run; numbers stay as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RISKY) else cell


def original(cell: str) -> str:
    return cell.removeprefix("'")
