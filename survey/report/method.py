"""The part of a report that says how the study was done, who was left out, and what the numbers
mean: what a reviewer asks for (Otani and others, 2023)."""

from __future__ import annotations

from survey.report.exclusion import sentences
from survey.report.findings import Condition, Findings
from survey.report.markup import NONE, definitions, html_table, paragraph, percent, section, span
from survey.study import Study

UNCERTAIN = (
    "chosen where a vote was expected to make the ratings surest, by the votes until then, but one "
    "in four evenly; sides balanced within each person, photos least shown in that pair first"
)
CLAIMS = {
    "People and photos like these": "The headline. What to expect of other people and other "
    "photos of the same kind. Variance clustered on participants and on photos (Cameron, Gelbach "
    "and Miller 2011: by participant + by photo − by vote, never below the larger of the two), "
    "turned into the number of independent votes it is worth, with Wilson's score interval and "
    "Student's quantile for the smaller number of clusters.",
    "Other people, these photos": "A claim about these very photos only. Clustered on "
    "participants.",
    "Votes taken as independent": "Wilson's interval. Many papers print it; it holds only if every "
    "vote came from another person about another photo, and is too narrow here.",
    "Difference of two models": "The difference of two headline rates, joined by Newcombe's method "
    "10 with the correlation that shared people and photos bring; the intervals of all pairs hold "
    "together (Bonferroni).",
    "p": "Exact permutation test: the labels of two models shuffled within each participant. It "
    "takes the photos as given; for a claim about other photos use the interval. Adjusted for the "
    "number of pairs by Holm's method.",
    "d′ and criterion": "Signal detection with the log-linear correction, for each participant "
    "and then averaged, with Student's interval; pooled d′ beside it. In pairs "
    "d′ = √2 z(share right).",
    "Strength": "Bradley–Terry log odds of winning against the real photo; none if a model "
    "always or never won. Pairs only.",
    "One photo": "Wilson's interval: the votes on one photo come from different people.",
    "Published figures": "Other people, photos and designs. The same method gave 32.3 % in one "
    "laboratory and 27.8 % in another (pix2pix, 2017): differences of about five points mean "
    "nothing without a model that both studies share.",
}


def exclusions(study: Study, findings: Findings) -> str:
    """Who was flagged and why, and all rates both ways."""
    kept, everyone = findings.headline, findings.everyone
    found = {condition.name: condition for condition in kept.conditions}
    rules = sentences(study.exclusion)
    reasons = [[text, str(findings.reasons.get(rule, 0))] for rule, text in rules.items()]
    columns = ["", f"Flagged left out, n = {kept.participants}", "95 %"]
    columns += [f"Everyone, n = {everyone.participants}", "95 %"]
    rows = [[c.label, *_rate(found.get(c.name)), *_rate(c)] for c in everyone.conditions]
    how_many = (
        f"{findings.excluded} of {everyone.participants} participants broke a rule that was fixed "
        "before the data. No vote is deleted."
    )
    return section(
        "Exclusions, both ways",
        paragraph(how_many),
        html_table(["Rule", "Participants"], reasons),
        html_table(columns, rows),
    )


def _rate(condition: Condition | None) -> list[str]:
    if condition is None:
        return [NONE, NONE]
    return [percent(condition.rate.estimate), span(condition.rate, 1, 100)]


def method(study: Study, findings: Findings) -> str:
    """The design in full, and what each number claims."""
    asked = "until answered" if study.exposure_ms is None else f"{study.exposure_ms} ms"
    seen, words = findings.exposure, study.question_type.words
    measured = (
        f"median {seen.median} ms, quartiles {seen.lower} and {seen.upper} ms" if seen else NONE
    )
    design = {
        "Question": study.question,
        "Design": words.method,
        "Models": ", ".join(study.models),
        "Exposure asked for": asked,
        "Exposure measured": measured,
        "Cover after it": f"{study.mask_ms} ms",
        "Trials a person": f"{study.trials} scored, {study.catches} catch, after {study.practice} "
        "practice trials with feedback",
        "Allocation": "Latin square over photos and conditions; least-shown photos first; nobody "
        "meets a photo twice; order and sides random and balanced",
        **({"Pairs of models": UNCERTAIN} if study.pairs == "uncertain" else {}),
        "Consent text": study.consent,
        "Seed": str(study.seed),
        "Version": str(study.version),
        "SHA-256 of the design": study.sha256,
        "SHA-256 of the stimuli": study.stimuli or NONE,
    }
    claims = section("What the numbers claim", definitions(CLAIMS | dict(words.claims)))
    return section("Design", definitions(design), claims)
