"""What the version before the rooms made opens and goes on: studies, votes, caches, runs, models.

The files in fixtures/version-1 were made by its own code: two studies of four people (two who
finished, one who stopped after five trials, one who stopped before the first), a cache of 20
photos, three models of two steps each, the state of one run, and what the models answered.
"""

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import norm

from colorize.model import Model
from survey.bench.load import TIMING as AT_ONCE
from survey.protocol import StudyProtocol
from survey.report.evidence import open_evidence
from survey.report.export import export
from survey.report.findings import find
from survey.report.html import report
from survey.report.tables import tables
from survey.store import Store
from train import catalogue
from train.data.cache import Cache
from train.loop import Run, fit

OLD = Path(__file__).parent / "fixtures" / "version-1"
INTERVALS = {"low", "high", "low_these_photos", "high_these_photos"}  # computed better since
MEANS = {
    "d_prime",
    "criterion",
}  # of people's own, which few trials draw towards 0: the crowd's now
MEANS |= {"d_prime_pooled"}  # of those who had judged both: of everyone's votes now
NOW = {"p": "p_these_photos", "p_holm": "p_these_photos_holm"}  # what was called otherwise
TIMING = AT_ONCE | {"response_ms": 500.0, "exposure_ms": 1000.0}


@pytest.fixture(params=["single", "pair"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a study with votes; its images are their own names."""
    folder = tmp_path / request.param
    shutil.copytree(OLD / f"study-{request.param}", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "stimuli").mkdir()
    for photo in manifest["photos"]:
        for image in photo["images"].values():
            (folder / "stimuli" / image["file"]).write_text(image["file"])
    return folder


def test_the_report_of_old_votes_says_the_same(study: Path) -> None:
    with open_evidence(study) as evidence:
        made = {table.name: table.csv() for table in tables(find(evidence.db, evidence.study))}
    for name in ("rates", "differences", "photos"):
        before = list(csv.DictReader((study / f"{name}.csv").read_text().splitlines()))
        after = list(csv.DictReader(made[name].splitlines()))
        assert len(after) == len(before)
        for row, old in zip(after, before, strict=True):
            for column in old.keys() - INTERVALS - MEANS:
                value = old[column]
                assert _same(row[NOW.get(column, column)], value), (name, column)
            if row.get("d_prime"):
                assert float(row["d_prime"]) == pytest.approx(_d_prime(row, after))


def test_old_votes_are_exported_as_they_lie(study: Path) -> None:
    """Before any app has opened the database, which then gets the tables that came since."""
    archive = export(study, study / "out.zip")
    assert report(archive) == report(study)


def test_a_half_answered_study_goes_on(study: Path) -> None:
    """The third person has answered five trials and can finish; the fourth can begin."""
    people = json.loads((study / "people.json").read_text())
    now, before = [people["now"] + 60], _votes(study)
    store = Store(study, durable=False)
    try:
        survey = StudyProtocol(store, lambda: now[0])
        for token in people["tokens"][2:]:
            trial = survey.next_trial(token)
            while trial:
                survey.shown(token, trial.nonce)
                now[0] += 2
                trial = survey.vote(token, trial.nonce, trial.answers[0], TIMING).next
            assert survey.next_trial(token) is None
    finally:
        store.close()
    assert _votes(study) >= before + 8  # a whole person, and what was left of another


@pytest.mark.parametrize("name", ["rebalanced", "channels", "regression"])
def test_an_old_model_answers_as_it_did(name: str) -> None:
    said = json.loads((OLD / "answers.json").read_text())[name]
    ramp = np.add.outer(np.arange(32.0), np.arange(32.0)).astype(np.float32) * 1.5
    model = Model.load(OLD / f"run-{name}" / "best.safetensors")
    with torch.inference_mode():
        ab = model.decode(model(torch.from_numpy(ramp)[None, None]))
    assert np.abs(ab[0, :, ::3, ::3].flatten()[:24].numpy() - said).max() < 0.05


def test_an_old_run_goes_on(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(OLD / "run-rebalanced", run)
    recipe = catalogue.find_recipe("rebalanced", **_old_recipe(run))
    best = fit(recipe, Run(data=OLD / "album", output=run, resume=True, seed=1, device="cpu"))
    assert json.loads(best.with_suffix(".json").read_text())["about"]["steps"] in (2, 4)
    state = torch.load(run / "state.pt", weights_only=True)
    assert state["step"] == 4


def test_an_old_cache_opens() -> None:
    cache = Cache.open(OLD / "album")
    assert len(cache) == 20 and len(cache.split("val")) == 5
    assert cache.photo(7).shape == (24, 24, 3) and cache.name(7) == "07.png"


def _old_recipe(run: Path) -> dict:
    """The fields that the old run was begun with, two steps more."""
    state = torch.load(run / "state.pt", weights_only=True)
    names = ("network", "network_options", "source", "mean", "scale", "crop", "batch", "naming")
    names += ("tone",)  # of which the recipe has another by now
    return {name: state["recipe"][name] for name in names} | {"steps": 4}


def _d_prime(row: dict, rows: list[dict]) -> float:
    """Of the rates that stand in the table; in pairs there are none of real photos."""

    def z(one: dict) -> float:
        return float(norm.ppf((float(one["called_real"]) + 0.5) / (float(one["shown"]) + 1)))

    real = [r for r in rows if (r["people"], r["condition"]) == (row["people"], "real")]
    return z(real[0]) - z(row) if real else -np.sqrt(2) * z(row)


def _votes(study: Path) -> int:
    with closing(sqlite3.connect(study / "data" / "votes.db")) as db:
        return db.execute("select count(*) from votes").fetchone()[0]


def _same(value: str, old: str) -> bool:
    try:
        return float(value) == pytest.approx(float(old), rel=1e-9)
    except ValueError:
        return value == old
