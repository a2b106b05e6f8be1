"""Marks lie where their values say, and text from outside stays text."""

import re
from xml.etree import ElementTree

import pytest

from survey.report.plots import Axis, PlotRow, histogram, interval_plot
from survey.stats import Interval

AXIS = Axis(0, 1, {0: "0", 0.5: "½", 1: "1"}, lambda v: f"{v:.2f}", reference=0.5)


def lines(html: str, kind: str) -> list[dict]:
    return [e.attrib for e in ElementTree.fromstring(html).iter("line") if e.get("class") == kind]


def test_an_interval_lies_between_its_ends():
    row = PlotRow("vivid", Interval(0.4, 0.3, 0.55), inner=Interval(0.4, 0.35, 0.45))
    html = interval_plot([row], AXIS, "Rates")
    (outer,), (inner,) = lines(html, "outer"), lines(html, "inner")
    assert (outer["x1"], outer["x2"]) == ("30.00%", "55.00%")
    assert (inner["x1"], inner["x2"]) == ("35.00%", "45.00%")
    assert [line["x1"] for line in lines(html, "reference")] == ["50.00%"]
    assert re.search(r'circle cx="40.00%"', html)
    assert "0.30 to 0.55" in html


@pytest.mark.parametrize("width", [0.0, float("inf")])
def test_an_estimate_without_interval_is_an_open_mark(width):
    html = interval_plot([PlotRow("poster", Interval(0.346, 0.346, 0.346 + width), "n?")], AXIS, "")
    assert lines(html, "outer") == []
    assert "bare" in html
    assert "n?" in html


def test_what_is_off_the_scale_stays_on_the_page():
    html = interval_plot([PlotRow("far", Interval(0.5, -4, 7))], AXIS, "")
    assert (lines(html, "outer")[0]["x1"], lines(html, "outer")[0]["x2"]) == ("0.00%", "100.00%")


def test_names_are_escaped():
    row = PlotRow("<script>x</script>", Interval(0, 0, 0), '"><img>')
    html = interval_plot([row], AXIS, '"><b>') + histogram({"<i>": [0.5]}, AXIS, 4, "<u>")
    assert not re.search("<(script|img|b|i|u)>", html.replace("<b>0.00</b>", ""))


def test_a_histogram_counts_every_value_once():
    html = histogram({"a": [0, 0.1, 0.1, 1.0], "empty": []}, AXIS, 10, "Photos")
    bars = [e.attrib for e in ElementTree.fromstring(html).iter("rect")]
    assert [round(float(b["x"].rstrip("%"))) for b in bars] == [0, 10, 90]
    heights = [float(b["height"]) for b in bars]
    assert heights[1] == max(heights) > heights[0] == heights[2]
