"""The part of a report that says how the study was done, who was left out, and what the numbers
mean: what a reviewer asks for (Otani and others, 2023)."""

from __future__ import annotations

from collections.abc import Mapping

from survey.report.exclusion import sentences
from survey.report.findings import Condition, Findings
from survey.report.markup import (
    NONE,
    definitions,
    html_table,
    note,
    paragraph,
    percent,
    section,
    span,
)
from survey.study import Study, guessers_pass

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
    "Difference": "Of two headline rates, joined by Newcombe's method 10 with the correlation "
    "that shared people and photos bring. The intervals of all pairs of models hold together, and "
    "so do those of all models and the real photos (Bonferroni).",
    "p": "For other people and other photos: 1 − the level at which the interval of the difference "
    "would just touch 0. Adjusted for the number of pairs by Holm's method.",
    "p, these photos": "Exact permutation test: the labels of two models shuffled within each "
    "participant. It takes the photos as given: what it finds may be true of these photos alone, "
    "and read as a claim about others it errs in up to half of all studies.",
    "d′ and criterion": "Of the crowd: hits and false alarms are rates over all people and photos, "
    "with half a vote added to each kind so that they stay finite; d′ = z(hits) − z(false alarms), "
    "criterion = −½ (z(hits) + z(false alarms)), in pairs d′ = √2 z(share right). Clustered on "
    "participants and photos (jackknife: each person, then each photo, is left out; Efron and "
    "Stein 1981), with Student's quantile. A d′ averaged over people who each saw few would be "
    "drawn towards 0; the crowd's is not, unless almost all votes agree. Where people lean "
    "differently it is a little below the mean person's.",
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
        *([note(guessing(study))] if study.exclusion.failed_catch and study.catches else []),
        html_table(["Rule", "Participants"], reasons),
        html_table(columns, rows),
    )


def guessing(study: Study) -> str:
    """How much the rule on catch trials is worth."""
    rules, catches = study.exclusion, study.catches
    shown = "absurd colours" + (" or, as often, colourful real photos" * study.real_catches)
    passed = guessers_pass(catches, rules.failed_catch, study.question_type.chance)
    return (
        f"{catches} catch trials, with {shown}: of people who guess, {passed:.1%} fail fewer than "
        f"{rules.failed_catch} and stay."
    )


def _rate(condition: Condition | None) -> list[str]:
    if condition is None:
        return [NONE, NONE]
    return [percent(condition.rate.estimate), span(condition.rate, 1, 100)]


def method(study: Study, findings: Findings) -> str:
    """The design in full, and what each number claims."""
    seen = findings.exposure
    measured = (
        f"median {seen.median} ms, quartiles {seen.lower} and {seen.upper} ms" if seen else NONE
    )
    design = described(study, {"Exposure measured": measured})
    return section("Design", definitions(design), claims(study))


def claims(study: Study) -> str:
    """What each number of a report of this study claims."""
    own = dict(study.question_type.words.claims)
    return section("What the numbers claim", definitions(CLAIMS | own))


def described(study: Study, measured: Mapping[str, str]) -> dict[str, str]:
    """The design in full; `measured` is what only votes can tell."""
    asked = "until answered" if study.exposure_ms is None else f"{study.exposure_ms} ms"
    return {
        "Question": study.question,
        "Design": study.question_type.words.method,
        "Models": ", ".join(study.models),
        "Exposure asked for": asked,
        **measured,
        "Cover after it": f"{study.mask_ms} ms",
        "Trials a person": f"{study.trials} scored, {study.catches} catch, after {study.practice} "
        "practice trials with feedback",
        "Allocation": "Latin square over photos and conditions; least-shown photos first; nobody "
        "meets a photo twice; order and sides random and balanced",
        "Keys": keys(study),
        **({"Pairs of models": UNCERTAIN} if study.pairs == "uncertain" else {}),
        **_asked(study),
        "Consent text": study.consent,
        "Seed": str(study.seed),
        "Version": str(study.version),
        "SHA-256 of the design": study.sha256,
        "SHA-256 of the stimuli": study.stimuli or NONE,
    }


def _asked(study: Study) -> dict[str, str]:
    """The questions before and after the trials, if there are any."""
    pages = {"Asked before the trials": study.before, "Asked after them": study.after}
    return {name: " · ".join(q.text for q in page) for name, page in pages.items() if page}


def keys(study: Study) -> str:
    """What means what."""
    kind = study.question_type
    said = ", ".join(f"{answer.sign} {answer.label}" for answer in kind.answers)
    turned = study.counterbalanced and kind.is_order_free
    return said + ("; the reverse for half of the people, by chance" * turned)
