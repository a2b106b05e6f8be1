"""CSV that no spreadsheet runs, and that comes back unchanged."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.report.safe_csv import neutral, read_sheet, write_sheet

TEXT = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_formulas_are_not_run(start):
    assert neutral(f"{start}HYPERLINK(…)") == f"'{start}HYPERLINK(…)"


def test_numbers_stay_numbers():
    assert [neutral(cell) for cell in (-1, -0.5, None, "x=1")] == [-1, -0.5, None, "x=1"]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_texts_come_back(rows):
    file = io.StringIO(newline="")
    write_sheet(file, ["one", "two"], rows)
    file.seek(0)
    assert [(row["one"], row["two"]) for row in read_sheet(file)] == rows
