"""The report of a study: one HTML page that needs nothing else.

Try it: python -m survey report studies/poster --output report.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from survey.recruitment import Recruitment, people_added
from survey.report import sections
from survey.report.believed_photos import galleries
from survey.report.evidence import Evidence, open_evidence
from survey.report.findings import Analysis, Findings, find
from survey.report.markup import data_uri, paragraph, percent, section, span
from survey.report.method import exclusions, method
from survey.report.published import published
from survey.report.sides import said
from survey.report.tables import tables
from survey.stats import confidence_sequence
from survey.study import Study

HERE = Path(__file__).parent
FEW = 20  # participants or photos below which an interval deserves a warning
FEW_PHOTOS, CROWDED = 30, 5  # fewer photos than this, with so many participants to each one


def report(source: str | Path, data: str | Path | None = None) -> str:
    """The page for a study's folder, or for an export of one."""
    with open_evidence(source, data) as evidence:
        return render(evidence, find(evidence.db, evidence.study))


def render(evidence: Evidence, findings: Findings) -> str:
    """The page for what was found."""
    study = evidence.study
    parts = [paragraph("No votes yet.", "lead")]
    if findings.everyone.votes:
        parts = [*_results(evidence, findings), exclusions(study, findings)]
    if study.question_type.has_published_figures:
        parts.append(published(study, findings.shown))
    parts.append(method(study, findings))
    return page(study.title, _facts(study, findings), parts)


def page(title: str, facts: str, parts: list[str]) -> str:
    """One file of HTML: a heading, a line of facts, and parts that are HTML already."""
    blank = Template((HERE / "report.html").read_text(encoding="utf-8"))
    return blank.substitute(
        title=escape(title),
        css=(HERE / "report.css").read_text(encoding="utf-8"),
        facts=escape(facts),
        body="\n".join(parts),
    )


def _facts(study: Study, findings: Findings) -> str:
    """n, design, exposure and dates in one line."""
    found = findings.shown
    exposure = "until answered" if study.exposure_ms is None else f"{study.exposure_ms / 1000:g} s"
    facts = [
        f"{found.participants} participants, {found.photos} photos, {found.votes:,} votes",
        study.question_type.words.facts,
        f"exposure {exposure}",
    ]
    if findings.first_vote and findings.last_vote:
        times = (findings.first_vote, findings.last_vote)
        days = [f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}" for time in times]
        facts.append(" to ".join(dict.fromkeys(days)))
    return " · ".join(facts)


def _results(evidence: Evidence, findings: Findings) -> list[str]:
    study, found, parts = evidence.study, findings.shown, []
    if not findings.headline.votes:
        warning = "Every participant so far breaks a rule of exclusion; this is everyone."
        parts.append(paragraph(warning, "caution"))
    parts.append(_lead(study, found))
    target = Recruitment.of(evidence.db, study).target
    if found.participants < target:
        parts.append(_still_open(target, found))
    parts += [paragraph(said, "caution") for said in people_added(evidence.db, study)]
    parts += findings.own.sections() if findings.own else []
    parts.append(sections.rates(study, found))
    if found.gaps or found.gaps_to_real:
        parts.append(sections.gaps(found))
    if any(condition.d_prime for condition in found.conditions):
        parts.append(sections.sensitivity(found))
    parts += [
        sections.photos(study, findings.per_photo),
        galleries(evidence, findings),
        sections.times(findings.response),
        *([section("Sides", paragraph(said(study, findings.left)))] if findings.left else []),
        *study.question_type.sections(evidence, findings),
        _downloads(findings),
    ]
    return parts


def _lead(study: Study, found: Analysis) -> str:
    """The finding in words, and what it may be said of."""
    said = study.question_type.lead({c.name: percent(c.rate.estimate) for c in found.conditions})
    claim = (
        f"The intervals allow for other people and other photos like these {found.participants} "
        f"participants and {found.photos} photos."
    )
    parts = [paragraph(said, "lead"), paragraph(claim)]
    for what, count in (("participants", found.participants), ("photos", found.photos)):
        if count < FEW:
            parts.append(paragraph(f"Only {count} {what}: take the intervals as rough.", "caution"))
    if found.photos < FEW_PHOTOS and found.participants >= CROWDED * found.photos:
        parts.append(paragraph(_crowded(found), "caution"))
    return "\n".join(parts)


def _crowded(found: Analysis) -> str:
    return (
        f"{found.participants} participants judged the same {found.photos} photos. What is "
        "uncertain is then almost only how other photos would fare, of which so few tell little: "
        "simulated 95 % intervals of 200 people and 10 photos hold in 80 to 96 % of studies. More "
        "photos help, more people do not."
    )


def _still_open(target: int, found: Analysis) -> str:
    """What may be looked at before the end without fooling oneself."""
    looks = [
        f"{c.label} {span(confidence_sequence(c.called, c.shown), 1, 100)}"
        for c in found.conditions
    ]
    text = (
        f"{found.participants} of {target} participants. Whoever stops when a result looks "
        "good has shown nothing: the intervals below count only at the end. These hold however "
        f"often one looks, if votes are taken as independent (percent): {'; '.join(looks)}."
    )
    return paragraph(text, "caution")


def _downloads(findings: Findings) -> str:
    links = ", ".join(
        f'<a download="{sheet.name}.csv" href="{data_uri(sheet.csv().encode(), "text/csv")}">'
        f"{sheet.name}</a>"
        for sheet in tables(findings)
    )
    return section("Numbers", f"<p>As CSV: {links}.</p>")
