"""The plan of a study before its first vote, as a page to print and to register.

python -m survey plan studies/poster --output plan.html

It says what will be asked, whom the rules exclude, when the study ends, what is tested and how,
with which power, and the hash of the design: whoever has the page can tell later that nothing was
changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from survey import manifest
from survey.planning.assumed import Assumed
from survey.planning.study_power import WANTED, Plan, Power, enough_people, power
from survey.preference.power import as_sentence
from survey.report.exclusion import sentences
from survey.report.html import page
from survey.report.markup import definitions, html_table, note, number, paragraph, percent, section
from survey.report.method import claims, described, guessing
from survey.study import DesignError, Study


@dataclass(frozen=True)
class Chances:
    """What the power is worked out for."""

    assumed: Assumed
    participants: tuple[
        int, ...
    ] = ()  # who begin; none: the study's target, or some to choose from
    runs: int = 1000
    seed: int = 0


def preregistration(folder: str | Path, chances: Chances) -> str:
    """The page."""
    study = Study.load(folder)
    facts = f"Plan of a study, before its first vote · SHA-256 of the design {study.sha256}"
    parts = [
        section("Design", definitions(_design(folder, study))),
        _people(study),
        _tests(study),
        _power(folder, chances),
        claims(study),
    ]
    return page(study.title, facts, parts)


def _design(folder: str | Path, study: Study) -> dict[str, str]:
    """All but the seed: who knows it before the end knows the answers."""
    design = described(study, {"Photos": _photos(folder, study)})
    return {name: said for name, said in design.items() if name != "Seed"}


def _photos(folder: str | Path, study: Study) -> str:
    photos = manifest.load(folder, study)
    roles = [photo["role"] for photo in photos]
    return (
        f"{roles.count('trial')} scored, {roles.count('catch')} for catch trials, "
        f"{roles.count('practice')} for practice"
    )


def _people(study: Study) -> str:
    """When the study ends, and who is left out."""
    ends = (
        f"It ends when {study.target} people have finished without breaking a rule below."
        if study.target
        else "It has no target: it ends when the researchers close it. Name the number of people, "
        "or the day, here: ______"
    )
    rules = [[text] for text in sentences(study.exclusion).values()]
    catch = [note(guessing(study))] if study.exclusion.failed_catch and study.catches else []
    return section(
        "People",
        paragraph(ends),
        paragraph(
            "Who breaks one of these rules is left out of the main results; the report gives all "
            "rates with them and without them, and how many broke which rule. No vote is deleted."
        ),
        html_table(["Rule of exclusion"], rules),
        *catch,
    )


def _tests(study: Study) -> str:
    """What is estimated, and what is tested at which level."""
    design, pairs = study.question_type, _pairs(len(study.models))
    share = design.words.share
    said = {"Outcome": f"The share {share} of each model, for people and photos like these (95 %)."}
    if design.is_yes_or_no and pairs:
        said["Main tests"] = (
            f"The difference of every two models ({pairs}), two-sided, for people and photos like "
            f"these: its interval of level 1 − 0.05 / {pairs}, which excludes 0 or not."
        )
    if design.words.tests:
        said["Main tests"] = design.words.tests
    if "real" in design.conditions(study.models):
        said["Further tests"] = (
            f"Each model and the real photos ({len(study.models)} differences, intervals of level "
            f"1 − 0.05 / {len(study.models)}); d′ and criterion of each model (95 %)."
        )
    said["Anything else"] = "is exploratory, and the paper says so."
    return section("Analysis", definitions(said))


def _pairs(models: int) -> int:
    return models * (models - 1) // 2


def _power(folder: str | Path, chances: Chances) -> str:
    study = Study.load(folder)
    if study.design == "preference":  # its votes are simulated in another way
        photos = [photo for photo in manifest.load(folder, study) if photo["role"] == "trial"]
        return section("Power", paragraph(as_sentence(study, len(photos))))
    try:
        plan = Plan.load(folder)
    except DesignError as error:
        return section("Power", paragraph(str(error)))
    assumed = chances.assumed
    numbers = chances.participants or plan.default_participants(assumed)
    rows = [power(plan, assumed, n, chances.runs, chances.seed) for n in numbers]
    enough = enough_people(plan, assumed)
    last = f"No number of people gives a power of {WANTED} with these photos."
    if enough is not None:
        last = f"By the formula, {enough} people must begin for a power of {WANTED}."
    a, b = assumed.rates
    return section(
        "Power",
        paragraph(
            f"To tell two models apart whose shares are {percent(a)} and {percent(b)}, at the "
            f"level {plan.level:.3g} of each pair, if people differ with an SD of "
            f"{assumed.participant_sd:g}, photos with {assumed.photo_sd:g} and a photo in one "
            f"model's colours with {assumed.photo_by_model_sd:g} (logits), and "
            f"{assumed.drop_out:.0%} of those who begin do not count. {last}"
        ),
        html_table(
            ["Begin", "Count", "Power, formula", f"Simulated ({chances.runs})", "± difference"],
            map(_row, rows),
        ),
    )


def _row(row: Power) -> list[str]:
    counts = str(row.participants), str(row.kept)
    return [*counts, number(row.by_formula), number(row.simulated), number(row.half_width, 3)]
