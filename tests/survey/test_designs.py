"""What every question type promises; and a third one, from build to export, in one file."""

import csv
import json
import random
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from survey.build import build
from survey.designs import DESIGNS
from survey.mirror import FOLDER, Mirror, files
from survey.planning.power import Scenario, power
from survey.protocol import StudyProtocol
from survey.randomization import plan
from survey.recovery import restore
from survey.report.evidence import open_evidence, sheet_name
from survey.report.export import export
from survey.report.findings import find
from survey.report.html import report
from survey.report.tables import tables
from survey.simulate import simulate
from survey.store import DATA, Store, read_only
from survey.study import KINDS, DesignError, Study
from survey.web.participant_api import ParticipantApi
from survey.web.study_host import StudyHost
from tests.helpers.study import Participant, in_service, make_study, outcome
from tests.helpers.third_design import Taste, taste

__all__ = ["taste"]  # a fixture
MODELS = ("plain", "it's vivid", "faded")


@pytest.mark.parametrize("name", [*DESIGNS, "taste"])
@pytest.mark.parametrize("k", [2, 3])
def test_a_design_keeps_its_promises(taste: Taste, name: str, k: int) -> None:
    design, models = DESIGNS[name], MODELS[:k]
    said = {answer.name for answer in design.answers}
    assert design.name == name and len(said) == len(design.answers)
    assert len({answer.key for answer in design.answers}) == len(said)
    assert design.slots(models) % 2 == 0
    half = design.slots(models) // 2
    for kind in KINDS:
        shown = [design.presentation(models, kind, slot) for slot in range(2 * half)]
        for one in shown:
            assert one.condition in one.versions and one.truth in said | {None}
            assert set(one.versions) <= set(design.versions(models, kind))
            assert len(one.versions) == len(design.words.pictures)
            if kind == "practice" and one.truth:
                assert len(design.words.captions[one.truth]) == len(one.versions)
            assert design.viewer(one, lambda version: 0.0, random.Random(1)) in said
    scored = [design.presentation(models, "trial", slot) for slot in range(2 * half)]
    conditions = set(design.conditions(models))
    assert {one.condition for one in scored} == conditions
    assert conditions <= set(models) | {"real"}


def photos(folder: Path, number: int) -> list[Path]:
    rng, paths = np.random.default_rng(0), []
    folder.mkdir()
    for n in range(number):
        cloud = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        paths.append(folder / f"{n}.png")
        cloud.resize((64, 64), Image.Resampling.BICUBIC).save(paths[-1])
    return paths


def duller(pixels: np.ndarray, model: str) -> np.ndarray:
    """What stands for three models."""
    return np.roll(pixels, MODELS.index(model), axis=2)


@pytest.fixture
def asked(taste: Taste, tmp_path: Path) -> Study:
    """A study of the third type in tmp_path / "study", built from photos."""
    study = Study(title="Taste", models=MODELS, design="taste", trials=12, practice=2, catch=0.25)
    return build(photos(tmp_path / "photos", 24), tmp_path / "study", study, duller, size=64).study


def test_a_third_type_is_built_simulated_reported_and_exported(
    asked: Study, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    assert asked.question == "Which do you like more?" and asked.consent.startswith("You say whose")
    store = Store(folder, durable=False)
    rates = dict(zip(MODELS, (0.2, 0.5, 0.8), strict=True))
    came = simulate(store, 60, mix={"viewer": 0.9, "perfect": 0.1}, rates=rates)
    assert came.votes == 60 * asked.positions
    assert came.cells[1] - came.cells[0] <= 2
    store.close()

    with open_evidence(folder) as evidence:
        findings = find(evidence.db, asked)
        votes = list(evidence.db.query("SELECT * FROM votes WHERE kind = 'trial'"))
    assert {vote["answer"] for vote in votes} == {"left", "same", "right"}
    assert {vote["truth"] for vote in votes} == {None}
    everyone = {c.name: c for c in findings.everyone.conditions}
    assert findings.everyone.votes == len(votes)
    for model in MODELS:
        assert everyone[model].called == pytest.approx(liked(asked, votes, model))
        assert everyone[model].shown == 2 * len(votes) / 3
    shares = [everyone[model].rate.estimate for model in MODELS]
    assert shares == sorted(shares) and sum(shares) == pytest.approx(1.5)
    assert findings.everyone.gaps == () and findings.everyone.ranking == {}

    page = report(folder)
    undecided = sum(vote["answer"] == "same" for vote in votes)
    for said in ("Preferred", "pairs of models", f"Undecided: {undecided}", "Most preferred"):
        assert said in page
    assert "alled real" not in page.split("<h2>What the numbers claim")[0]
    archive = export(folder, tmp_path / "taste.zip")
    assert report(archive) == page
    with ZipFile(archive) as zipped:
        about = json.loads(zipped.read("dataset_description.json"))["variableMeasured"]
        rows = list(csv.DictReader(zipped.read(sheet_name(asked, "votes")).decode().splitlines()))
    assert asked.question_type.words.truth in [variable["description"] for variable in about]
    assert Counter(row["answer"] for row in rows if row["kind"] == "trial")["same"] == undecided
    assert "preferred" in tables(findings)[0].columns


def liked(study: Study, votes: list[dict], model: str) -> float:
    """By hand: 1 for the side of this model, a half when undecided."""
    total = 0.0
    for vote in votes:
        versions = study.presentation("trial", vote["slot"]).versions
        if model in versions:
            mine = ("left", "right")[versions.index(model)]
            total += 0.5 if vote["answer"] == "same" else vote["answer"] == mine
    return total


def test_a_third_type_is_led_through_by_the_pages_words_alone(
    asked: Study, tmp_path, clock
) -> None:
    store = Store(tmp_path / "study", mirror=Mirror(tmp_path / "study" / DATA / FOLDER))
    host = StudyHost(lambda: in_service(StudyProtocol(store, clock)))
    host.opening().result()
    welcome = outcome(ParticipantApi(host).answer({"ask": "welcome"}))["reply"]
    assert [answer["sign"] for answer in welcome["answers"]] == ["←", "↓", "→"]
    assert welcome["words"]["practice"] == "The first 2 are for practice."
    person = Participant(StudyProtocol(store, clock), clock)
    kinds = Counter()
    while person.trial:
        kinds[person.trial.kind] += 1
        assert len(person.trial.images) == 2 and person.trial.answers == ("left", "same", "right")
        ack = person.answer(kinds.total() % 3)
        assert ack.truth is None and ack.right is None
    assert kinds == {"practice": 2, "trial": 15}
    end = StudyProtocol(store, clock).debrief(person.token)
    assert (end.right, end.total) == (0, 0)  # nothing was right or wrong
    store.close()
    again = Store(tmp_path / "study", tmp_path / "elsewhere")
    assert restore(again, files(tmp_path / "study" / DATA / FOLDER)).votes == 17
    again.close()


def test_the_same_of_three_answers_is_flagged(taste: Taste, tmp_path, clock) -> None:
    make_study(tmp_path, design="taste", models=("a", "b"), trials=12, catch=0.0)
    store = Store(tmp_path, durable=False)
    for choice in (0, 1, 2, None):
        person = Participant(StudyProtocol(store, clock), clock)
        for position in range(14):
            person.answer(position % 3 if choice is None else choice)
    store.close()
    with open_evidence(tmp_path) as evidence:
        findings = find(evidence.db, evidence.study)
    assert findings.reasons == {"same_answer": 3}


def test_power_counts_by_the_design(taste: Taste) -> None:
    sure = Scenario(40, 10, 60, (0.5, 0.5), 0.0, 0.0)
    unsure = Scenario(40, 10, 60, (0.5, 0.5), 0.0, 0.0, design="taste")
    widths = [power(scenario, 100, 1)[1] for scenario in (sure, unsure)]
    assert widths[1] < widths[0]  # halves vary less


def test_what_a_type_asks_for_is_checked(taste: Taste) -> None:
    with pytest.raises(DesignError, match="name at least 2"):
        Study(title="x", models=("one",), design="taste")
    names = "'single' or 'pair' or 'sequence' or 'preference' or 'taste'"
    with pytest.raises(DesignError, match=names):
        Study(title="x", models=("one",), design="other")
    study = Study(title="x", models=MODELS, design="taste", catch=0.5)
    halves = Counter(step.half for step in plan(study, 1) if step.kind == "catch")
    assert halves == {0: 10, 1: 10}


def test_the_database_takes_no_answer_of_another_type(asked: Study, tmp_path, clock) -> None:
    store = Store(tmp_path / "study")
    store.close()
    db = read_only(store.path)
    assert [row["answer"] for row in db["answers"].rows] == ["left", "right", "same"]
    db.close()
