"""The synthesized photos that people believed most and least, as pictures."""

from __future__ import annotations

from html import escape

from survey.report.evidence import Evidence
from survey.report.findings import Findings, PhotoRate
from survey.report.markup import data_uri, note, percent, section, span

SHOWN = 8  # photos in each gallery


def most_and_least_believed(findings: Findings) -> tuple[list[PhotoRate], list[PhotoRate]]:
    """By the cautious end of each photo's interval, so that few votes do not make an extreme."""
    synthesized = [photo for photo in findings.per_photo if photo.condition != "real"]
    shown = min(SHOWN, len(synthesized) // 2)
    most = sorted(synthesized, key=lambda photo: -photo.rate.low)[:shown]
    least = sorted(synthesized, key=lambda photo: photo.rate.high)[:shown]
    return most, least


def galleries(evidence: Evidence, findings: Findings) -> str:
    """Both galleries."""
    favoured = evidence.study.question_type.words.favoured
    most, least = most_and_least_believed(findings)
    how = "Synthesized photos by the cautious end of their intervals; share of those who saw it."
    return "\n".join(
        [
            section(f"Most {favoured}", note(how), _gallery(evidence, most)),
            section(f"Least {favoured}", _gallery(evidence, least)),
        ]
    )


def _gallery(evidence: Evidence, photos: list[PhotoRate]) -> str:
    return f'<div class="gallery">{"".join(_figure(evidence, photo) for photo in photos)}</div>'


def _figure(evidence: Evidence, photo: PhotoRate) -> str:
    content = evidence.image(photo.file)
    picture = '<div class="missing"></div>'
    if content:
        alt = escape(f"{photo.name}, coloured by {photo.condition}")
        picture = f'<img src="{data_uri(content, "image/png")}" alt="{alt}">'
    return (
        f"<figure>{picture}<figcaption><b>{percent(photo.rate.estimate)}</b> of {photo.shown} "
        f"({span(photo.rate, 0, 100)}), "
        f"{escape(photo.condition)}<br>{escape(photo.name)}</figcaption></figure>"
    )
