"""A board in one zip file, laid out as Psych-DS asks.

    dataset_description.json    what this is, and the meaning of every column
    data/study-Board_data.csv   every vote: voters and networks by number, no tokens, no hashes of
                                networks; visitors' photos by a hash, no photo
    results/                    board.html and the ratings as CSV

Try it: python -m survey board studies/board --export board.zip
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from survey.board.page import TITLE, render
from survey.board.votes import Vote, numbered, rated, weights
from survey.report.export import EPOCH
from survey.report.preference import ratings_tables
from survey.report.safe_csv import Cell, write_sheet

COLUMNS = {  # of the votes: what it is, its unit
    "vote": ("Number of the vote, in order of arrival", ""),
    "voter": ("Number of the browser that voted", ""),
    "network": ("Number of the voter's network on that day; empty: many share its address", ""),
    "photo": ("A sample's file name, or 'own' and a keyed hash of a visitor's photo", ""),
    "first": ("Model of the version on the left: name@digits of its weights' SHA-256", ""),
    "second": ("Model of the version on the right", ""),
    "answer": ("Which is preferred: first, second or tie", ""),
    "response_ms": ("From the first frame to the answer, as the browser says", "ms"),
    "drawn": ("Number of the draw that chose the pair", ""),
    "after": ("The last vote when it was drawn", ""),
    "lineup": ("Number of the lineup that it was drawn from", ""),
    "shown_at": ("When the pair was sent, by the server's clock", "s since 1970"),
    "received_at": ("When the vote arrived, by the server's clock", "s since 1970"),
    "weight": ("What the vote counts: less, the more come from one browser or network", ""),
}
README = """\
# {title}

{votes:,} votes on blind pairs of models. `dataset_description.json` says what each column means. In
the CSV files, a text that begins with one of = + - @ ' has an apostrophe put in front, so that no
spreadsheet runs it; take off one leading apostrophe to have the text as it was.
"""


def export(votes: list[Vote], path: str | Path) -> Path:
    """Write the zip; an older one is replaced only when the new one is whole."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        with ZipFile(part, "w", ZIP_DEFLATED) as archive:
            for name, content in contents(votes):
                entry = ZipInfo(name, EPOCH)  # the same votes make the same file
                entry.compress_type = ZIP_DEFLATED
                archive.writestr(entry, content)
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def contents(votes: list[Vote]) -> Iterator[tuple[str, str]]:
    """Names and texts of the files."""
    yield "README.md", README.format(title=TITLE, votes=len(votes))
    yield "dataset_description.json", json.dumps(describe(), indent=2)
    text = io.StringIO()
    write_sheet(text, COLUMNS, rows(votes))
    yield "data/study-Board_data.csv", text.getvalue()
    yield "results/board.html", render(votes)
    if ratings := rated(votes):
        for sheet in ratings_tables(ratings):
            yield f"results/{sheet.name}.csv", sheet.csv()


def rows(votes: list[Vote]) -> Iterator[list[Cell]]:
    networks = numbered(vote["network"] for vote in votes)
    for vote, network, weight in zip(votes, networks, weights(votes), strict=True):
        told: dict[str, Any] = {**vote, "vote": vote["id"], "weight": float(weight)}
        told["network"] = int(network) if vote["network"] else None
        yield [told[column] for column in COLUMNS]


def describe() -> dict[str, Any]:
    """dataset_description.json: JSON-LD in the words of schema.org."""
    variables = [
        {"@type": "PropertyValue", "name": name, "description": words}
        | ({"unitText": unit} if unit else {})
        for name, (words, unit) in COLUMNS.items()
    ]
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": TITLE,
        "description": "Which of two colorizations of a photo people prefer: one row a vote.",
        "variableMeasured": variables,
    }
