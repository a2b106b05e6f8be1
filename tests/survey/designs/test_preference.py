"""A study of preference: pairs and sides, catch trials, and its way from photos to votes."""

import csv
import json
from collections import Counter
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from survey import manifest
from survey.__main__ import main
from survey.designs import DESIGNS
from survey.designs.preference import pairs
from survey.ledger import Ledger
from survey.mirror import FOLDER, Mirror, files
from survey.protocol import StudyProtocol
from survey.randomization import plan
from survey.recovery import restore
from survey.report.evidence import open_evidence, sheet_name
from survey.report.export import export
from survey.report.findings import find
from survey.report.html import report
from survey.simulate import simulate
from survey.store import DATA, Store
from survey.study import DesignError, Study
from survey.web.participant_api import ParticipantApi
from survey.web.study_host import StudyHost
from tests.helpers.study import TIMING, Participant, in_service, make_study, outcome

MODELS = ("plain", "it's vivid", "=cmd()")
FOUR = ("a", "b", "c", "d")
ROLL = dict(zip(MODELS, (1, 2, 0), strict=True))


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8])
def test_every_two_models_meet_on_both_sides(k: int) -> None:
    models, design = [f"m{i}" for i in range(k)], DESIGNS["preference"]
    half = design.slots(models) // 2
    shown = [design.presentation(models, "trial", slot).versions for slot in range(2 * half)]
    assert shown[half:] == [versions[::-1] for versions in shown[:half]]
    assert sorted(map(sorted, shown[:half])) == sorted(map(sorted, combinations(models, 2)))
    on_the_left = Counter(left for left, _ in pairs(models))
    assert all(abs(2 * on_the_left[model] - (k - 1)) <= 1 for model in models)


def test_absurd_colours_stand_on_either_side_and_must_lose() -> None:
    design = DESIGNS["preference"]
    for slot in range(6):
        shown = design.presentation(MODELS, "catch", slot)
        spoiled = ("left", "right").index(shown.truth) ^ 1
        assert shown.versions[spoiled] == "catch" and shown.versions.count("catch") == 1
    sides = [design.presentation(MODELS, "catch", slot).truth for slot in range(6)]
    assert Counter(sides) == {"left": 3, "right": 3}
    beside = {version for slot in range(6) for version in
              design.presentation(MODELS, "catch", slot).versions}  # fmt: skip
    assert len(beside - {"catch"}) > 1


def clouds(folder: Path, number: int) -> Path:
    """Photos, every fourth of them grey."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for n in range(number):
        cloud = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        cloud = cloud.resize((64, 64), Image.Resampling.BICUBIC)
        (cloud.convert("L") if n % 4 == 0 else cloud).save(folder / f"{n}.png")
    return folder


def shifted(pixels: np.ndarray, model: str) -> np.ndarray:
    """What stands for three models; grey photos become colourful too."""
    return np.roll(pixels, ROLL[model], axis=2) // np.array([1, 2, 3], np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study built by the command."""
    monkeypatch.setattr("survey.build.load_models", lambda names, device: shifted)
    photos, study = clouds(tmp_path / "photos", 24), tmp_path / "study"
    build = ["build", str(photos), "--models", ",".join(MODELS), "--design", "preference"]
    sizes = ["--size", "64", "--trials", "12", "--catch", "0.1"]
    assert main([*build, "--output", str(study), *sizes]) == 0
    return study


def test_a_study_is_built_of_models_alone(folder: Path) -> None:
    study = Study.load(folder)
    assert (study.exposure_ms, study.practice) == (None, 3)
    assert study.question == "Which colours do you prefer?"
    rows = manifest.load(folder, study)
    assert len(rows) == 3 + 1 + 18  # grey ones too: nobody asks for their own colours
    versions = {row["role"]: set(row["images"]) for row in rows}
    assert versions["trial"] == versions["practice"] == set(MODELS)
    assert versions["catch"] == {"catch", *MODELS}


def test_from_photos_to_a_restored_study(folder: Path, tmp_path: Path) -> None:
    study = Study.load(folder)
    store = Store(folder, durable=False, mirror=Mirror(folder / DATA / FOLDER))
    strengths = dict(zip(MODELS, (0.3, 0.5, 0.7), strict=True))
    came = simulate(store, 60, mix={"viewer": 0.9, "guessing": 0.1}, rates=strengths)
    store.close()
    assert came.cells[1] - came.cells[0] <= 2
    with open_evidence(folder) as evidence:
        findings = find(evidence.db, study)
        votes = list(evidence.db.query("SELECT * FROM votes WHERE kind = 'trial'"))
    everyone = {c.name: c for c in findings.everyone.conditions}
    assert findings.everyone.votes == len(votes)
    for model in MODELS:
        assert everyone[model].called == pytest.approx(liked(study, votes, model))
    shares = [everyone[model].rate.estimate for model in MODELS]
    assert shares == sorted(shares) and 0.05 < shares[0] < shares[2] - 0.1
    assert {vote["answer"] for vote in votes} == set(study.answers)

    page = report(folder)
    archive = export(folder, tmp_path / "preference.zip")
    assert report(archive) == page
    again = Store(folder, tmp_path / "elsewhere", durable=False)
    assert restore(again, files(folder / DATA / FOLDER)).votes == came.votes
    again.close()
    assert report(folder, tmp_path / "elsewhere") == page


def liked(study: Study, votes: list[dict], model: str) -> float:
    """By hand: 1 for the side of this model, a half where nobody decided."""
    total = 0.0
    for vote in votes:
        versions = study.presentation("trial", vote["slot"]).versions
        if model in versions:
            mine = ("left", "right")[versions.index(model)]
            total += 0.5 if vote["answer"] == "undecided" else vote["answer"] == mine
    return total


def test_exported_votes_tell_both_versions(folder: Path, tmp_path: Path) -> None:
    store = Store(folder, durable=False)
    simulate(store, 8, mix={"viewer": 1})
    store.close()
    study, archive = Study.load(folder), export(folder, tmp_path / "out.zip")
    with ZipFile(archive) as zipped:
        assert "mixed_model" not in zipped.read("README.md").decode()
        assert not [name for name in zipped.namelist() if name.startswith("analysis/")]
        about = json.loads(zipped.read("dataset_description.json"))["variableMeasured"]
        rows = list(csv.DictReader(zipped.read(sheet_name(study, "votes")).decode().splitlines()))
        headers = {
            header
            for name in zipped.namelist()
            if name.startswith("data/")
            for header in zipped.read(name).decode().splitlines()[0].split(",")
        }
    told = {variable["name"]: variable["description"] for variable in about}
    assert set(told) == headers and all(told.values())
    assert "on the left" in told["left"] and "on the right" in told["right"]
    for row in rows:
        shown = study.presentation(row["kind"], int(row["slot"]))
        assert (row["left"].removeprefix("'"), row["right"].removeprefix("'")) == shown.versions
    assert export(archive, tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_a_person_meets_all_pairs_and_sides_alike(tmp_path: Path, clock) -> None:
    study = make_study(tmp_path, design="preference", models=("a", "b", "c"), trials=12, photos=24)
    store = Store(tmp_path, durable=False)
    for _ in range(7):
        Participant(StudyProtocol(store, clock), clock).finish()
    query = "SELECT participant, slot, COUNT(*) FROM votes WHERE kind = 'trial' GROUP BY 1, 2"
    met = store.transact(lambda ledger: [tuple(row) for row in ledger.db.execute(query)])
    assert {times for _, _, times in met} == {2} and len(met) == 7 * study.slots
    store.close()


@pytest.mark.parametrize(("choice", "excluded"), [("truth", 0), ("spoiled", 1), ("undecided", 1)])
def test_who_likes_absurd_colours_is_flagged(tmp_path, clock, choice, excluded) -> None:
    make_study(tmp_path, design="preference", trials=12, catch=0.25, practice=0)
    store, answers = Store(tmp_path, durable=False), DESIGNS["preference"].answers
    person = Participant(StudyProtocol(store, clock), clock)
    names, number = [answer.name for answer in answers], 0
    while person.trial:
        query = "SELECT truth FROM trials"
        truth = store.transact(lambda ledger, q=query: ledger.db.execute(q).fetchone()[0])
        said = {"truth": truth, "undecided": "undecided"}.get(choice) or (
            "left" if truth == "right" else "right"
        )
        person.answer(names.index(said) if truth else number % 3)
        number += 1
    store.close()
    with open_evidence(tmp_path) as evidence:
        findings = find(evidence.db, evidence.study)
    assert findings.reasons == ({"catch": 1} if excluded else {})


@pytest.fixture
def unsure(tmp_path: Path) -> Path:
    """A study that chose its pairs itself, taken by 25 people who agree on who is best."""
    folder, settings = tmp_path / "unsure", {"trials": 12, "practice": 1, "catch": 0.1}
    make_study(folder, design="preference", models=FOUR, photos=24, pairs="uncertain", **settings)
    store = Store(folder, durable=False, mirror=Mirror(folder / DATA / FOLDER))
    rates = dict(zip(FOUR, (0.03, 0.5, 0.55, 0.97), strict=True))
    simulate(store, 25, mix={"viewer": 0.8, "quitting": 0.2}, rates=rates)
    store.close()
    return folder


def test_pairs_are_chosen_where_ratings_are_unsure_and_the_choice_is_replayed(
    unsure: Path, tmp_path: Path
) -> None:
    """From a copy made of the mirror: seeds and votes are all that it takes."""
    store = Store(unsure, tmp_path / "copy", durable=False)
    restore(store, files(unsure / DATA / FOLDER))

    def replay(ledger: Ledger) -> list[tuple[int, int]]:
        query = """SELECT v.*, p.seed FROM votes v JOIN participants p ON p.id = participant
                   WHERE v.kind = 'trial'"""
        slots = []
        for vote in ledger.db.execute(query).fetchall():
            half = plan(store.study, vote["seed"])[vote["position"]].half
            told = vote["seed"], half, vote["position"], vote["opened_at"]
            slots.append((vote["slot"], ledger.unsure_slot(*told)))
        return slots

    slots = store.transact(replay)
    assert len(slots) > 200 and all(shown == replayed for shown, replayed in slots)
    store.close()
    met = Counter(shown % 6 for shown, _ in slots)
    far, close = (pairs(range(4)).index(pair) for pair in ((0, 3), (1, 2)))
    assert met[close] > 1.5 * met[far] > 0  # where the outcome is open; none is forgotten


def test_chosen_pairs_keep_sides_and_photos_balanced(unsure: Path) -> None:
    with open_evidence(unsure) as evidence:
        db = evidence.db
        sides = db.execute(
            """SELECT SUM(slot < 6), SUM(slot >= 6) FROM votes
               JOIN participants p ON p.id = participant
               WHERE kind = 'trial' AND finished_at IS NOT NULL GROUP BY participant"""
        ).fetchall()
        assert len(sides) > 10 and set(sides) == {(6, 6)}
        again = "SELECT 1 FROM votes GROUP BY participant, photo HAVING COUNT(*) > 1"
        assert db.execute(again).fetchall() == []
        seen = "SELECT slot, MAX(n) - MIN(n) FROM (SELECT slot, photo, filled AS n FROM cells)"
        assert max(gap for _, gap in db.execute(f"{seen} GROUP BY slot")) <= 3
    page = report(unsure)
    assert "Pairs of models" in page and "surest" in page


def test_only_models_that_are_compared_can_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="pairs is 'uncertain'.*'single' can have 'balanced'"):
        make_study(tmp_path, pairs="uncertain")
    plain, unsure = (Study("x", FOUR, "preference", pairs=way) for way in ("balanced", "uncertain"))
    assert plain.sha256 != unsure.sha256
    stated = dict(asdict(plain)) | {"exclusion": asdict(plain.exclusion)}
    del stated["pairs"]  # as studies of before have it
    assert Study.from_dict(stated).sha256 == plain.sha256


def test_no_name_reaches_a_page(tmp_path: Path, clock) -> None:
    """Everything that a browser is sent from the welcome to the end, images aside."""
    make_study(tmp_path, design="preference", models=("quokka", "zanzibar"), trials=8, practice=2)
    store = Store(tmp_path, durable=False)
    host = StudyHost(lambda: in_service(StudyProtocol(store, clock)))
    host.opening().result()
    api, said = ParticipantApi(host), []

    def ask(**call: object) -> object:
        reply = outcome(api.answer(call))["reply"]
        said.append(json.dumps(reply | {"images": []} if isinstance(reply, dict) else reply))
        return reply

    ask(ask="welcome")
    token = ask(ask="begin", consent=True, panel_id="")
    ask(ask="colour_vision", token=token, answer="normal")
    trial = ask(ask="next_trial", token=token)
    while trial:
        assert trial["answers"] == ["left", "undecided", "right"] and len(trial["images"]) == 2
        ask(ask="shown", token=token, nonce=trial["nonce"])
        clock.pass_(2)
        vote = {"token": token, "nonce": trial["nonce"], "answer": "left", "timing": TIMING}
        reply = ask(ask="vote", **vote)
        assert reply["truth"] is None  # of nothing here is told whether it was right
        said[-1] = json.dumps(reply | {"next": (reply["next"] or {}) | {"images": []}})
        trial = reply["next"]
    ask(ask="debrief", token=token)
    assert len(said) > 20 and not [
        text for text in said if any(word in text for word in ("quokka", "zanzibar", "catch"))
    ]
    host.close()
