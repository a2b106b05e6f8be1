"""The part of a report that shows results: each function is one section, a plot and its table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, isfinite

from survey.report.aggregates import Quartiles
from survey.report.findings import Analysis, Condition, Gap, PhotoRate, label
from survey.report.markup import (
    NONE,
    html_table,
    note,
    number,
    p_value,
    paragraph,
    percent,
    points,
    seconds,
    section,
    signed,
    span,
)
from survey.report.plots import Axis, PlotRow, histogram, interval_plot
from survey.stats import Interval
from survey.study import Study

SCARCE = 10  # votes below which d′ deserves a warning
SHARES = {0: "0 %", 0.25: "25 %", 0.5: "50 %", 0.75: "75 %", 1: "100 %"}


def rates(study: Study, found: Analysis) -> str:
    """How often each condition was believed, beside other people's figures."""
    words, reference = study.question_type.words, study.question_type.reference
    if reference is None:
        reference = next((c.rate.estimate for c in found.conditions if c.name == "real"), None)
    axis = Axis(0, 1, SHARES, percent, reference)
    rows = [
        PlotRow(c.label, c.rate, inner=c.rate_independent, tone=_tone(c.name))
        for c in found.conditions
    ]
    columns = ["", words.share.capitalize(), "95 %: people and photos like these"]
    columns += ["other people, these photos", "votes taken as independent"]
    columns += ["Votes", "Participants", "Photos"]
    return section(
        words.share.capitalize(),
        interval_plot(rows, axis, f"Share {words.share}, with 95 % intervals"),
        note(
            "Line: 95 % interval for people and photos like these. Bar inside it: what it would "
            f"be if votes were independent. Dashed: {words.reference}."
        ),
        html_table(columns, [_rate_cells(condition) for condition in found.conditions]),
    )


def _rate_cells(c: Condition) -> list[str]:
    intervals = (c.rate, c.rate_these_photos, c.rate_independent)
    counts = (c.shown, c.participants, c.photos)
    return [
        c.label,
        percent(c.rate.estimate),
        *(span(interval, 1, 100) for interval in intervals),
        *(f"{count:,}" for count in counts),
    ]


def gaps(found: Analysis) -> str:
    """Every two models compared, then each model and the real photos."""
    said = (
        "In percentage points, for people and photos like these; the intervals of a table hold all "
        "together. p: likewise, by those intervals; adjusted by Holm's method. p, these photos: "
        "labels shuffled within participants; it takes the photos as given and says nothing of "
        "others."
    )
    parts = [_gaps(found.gaps)] if found.gaps else []
    if found.gaps_to_real:
        parts += ["<h3>Beside the real photos</h3>", _gaps(found.gaps_to_real)]
    return section("Differences", *parts, note(said))


def _gaps(compared: Sequence[Gap]) -> str:
    reach = max(abs(end) for gap in compared for end in gap.difference[1:])
    limit = max(ceil(10 * reach) / 10, 0.1)
    ticks = {end: signed(100 * end, 0) for end in (-limit, limit)} | {0: "0"}
    axis = Axis(-limit, limit, dict(sorted(ticks.items())), points, 0)
    rows = [PlotRow(gap.label, gap.difference) for gap in compared]
    columns = ["", "Difference, points", "95 %, all together", "p", "p, Holm"]
    columns += ["p, these photos", "Holm"]
    plot = interval_plot(rows, axis, "Differences of shares, with intervals")
    return plot + html_table(columns, [_gap_cells(gap) for gap in compared])


def _gap_cells(gap: Gap) -> list[str]:
    low, high = map(points, gap.difference[1:])
    p_values = gap.p, gap.p_holm, gap.p_these_photos, gap.p_these_photos_holm
    return [gap.label, points(gap.difference.estimate), f"{low} to {high}", *map(p_value, p_values)]


def sensitivity(found: Analysis) -> str:
    """How well people told real from synthesized, apart from any leaning to say one of them."""
    models = [(c, c.d_prime) for c in found.conditions if c.d_prime]
    ends = [float(end) for _, d_prime in models for end in d_prime if isfinite(end)]
    low, high = floor(min(0, *ends)), ceil(max(1, *ends))
    axis = Axis(low, high, {t: number(t, 0) for t in range(low, high + 1)}, number, 0)
    columns = ["", "d′ of the crowd", "95 %"]
    said = "For people and photos like these. d′ 0: synthesized photos cannot be told from real."
    if found.ranking:
        columns += ["Strength against the real photo"]
    else:
        columns += ["Criterion", "95 %"]
        said += " Criterion below 0: people lean towards “real”."
    cells = [
        [c.name, number(d_prime.estimate), span(d_prime), *_leaning(c, found)]
        for c, d_prime in models
    ]
    return section(
        "Telling them apart",
        interval_plot([PlotRow(c.name, d) for c, d in models], axis, "d′, with 95 % intervals"),
        note(said),
        *[paragraph(_scarce(c), "caution") for c, _ in models if c.scarce < SCARCE],
        html_table(columns, cells),
    )


def _scarce(condition: Condition) -> str:
    return (
        f"Of the votes behind the d′ of {condition.name}, only {condition.scarce} are of the "
        "rarest kind. Half a vote is added to each kind, which draws a d′ of so few towards 0."
    )


def _leaning(condition: Condition, found: Analysis) -> list[str]:
    if condition.name in found.ranking:
        return [number(found.ranking[condition.name])]
    criterion = condition.criterion
    return [number(criterion.estimate) if criterion else NONE, span(criterion)]


def photos(study: Study, per_photo: Iterable[PhotoRate]) -> str:
    """How much photos differ."""
    share = study.question_type.words.share
    groups: dict[str, list[float]] = {name: [] for name in study.models}
    for photo in per_photo:
        if photo.condition in groups:
            groups[photo.condition].append(photo.rate.estimate)
    return section(
        "Photos differ",
        histogram(groups, Axis(0, 1, SHARES, percent), 20, f"Photos by share {share}"),
        note(f"How many photos were {share} by how large a share of those who saw them."),
    )


def times(response: dict[str, Quartiles]) -> str:
    """Response times."""
    longest = 1000 * max(1, *(ceil(time.upper / 1000) for time in response.values()))
    axis = Axis(0, longest, {t: seconds(t) for t in (0, longest / 2, longest)}, seconds)
    rows = [
        PlotRow(label(name), Interval(time.median, time.lower, time.upper), tone=_tone(name))
        for name, time in response.items()
    ]
    return section(
        "Response times",
        interval_plot(rows, axis, "Response times: median and quartiles"),
        note(
            "Median and quartiles, from when answering became possible to the key. Browsers add "
            "10 to 40 ms."
        ),
    )


def _tone(condition: str) -> str:
    return "real" if condition == "real" else "model"
