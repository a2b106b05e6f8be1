"""Power by formula against simulation and by hand; intervals that hold; the command."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from statsmodels.stats.power import normal_power

from survey.__main__ import main as survey
from survey.preference.power import (
    CELLS,
    coverage,
    gap_variance,
    main,
    people_needed,
    power,
    shared,
    simulated_power,
    with_share,
)
from survey.preference.simulation import Scenario, truth
from tests.helpers.study import make_study

TWO = Scenario(strengths=(0.0, 0.0))
FIVE = Scenario(strengths=(0.0,) * 5)


@pytest.mark.parametrize("cell", ["typical", "12 people", "heavy voters", "intransitive"])
def test_intervals_hold(cell):
    """Promised 95 %; 300 boards are good to ±1.3 points for one model (one standard error)."""
    found = coverage(CELLS[cell], runs=300, seed=7)
    for kind in ("strengths", "pairs", "pairs alone"):
        assert 0.92 < found[kind] < 0.98
    assert found["independent"] < 0.92  # what clustering is for


@pytest.mark.parametrize("share", [0.5, 0.55, 0.8])
@pytest.mark.parametrize("scenario", [TWO, FIVE])
def test_the_share_is_what_was_asked_for(scenario, share):
    theta, _ = truth(with_share(scenario, share))
    assert theta[0] - theta[1] == pytest.approx(logit(share), abs=1e-6)


def test_power_of_independent_votes_is_the_textbooks():
    """No deviations, no ties to speak of: one share against one half, 1,000 votes."""
    plain = replace(TWO, people=1000, photos=10_000, votes=1000, tie=-20.0)
    plain = replace(plain, person_sd=0.0, photo_sd=0.0, side_sd=0.0, tie_sd=0.0, side=0.0)
    effect = logit(0.55) * np.sqrt(0.55 * 0.45)
    expected = normal_power(effect, 1000, 0.05, alternative="two-sided")
    assert power(with_share(plain, 0.55)) == pytest.approx(expected, abs=0.005)


def test_shared_covariance_by_hand():
    """All people the same: none. People who differ without end: each always says the same."""
    assert shared(TWO, 0.0) == pytest.approx(0, abs=1e-12)
    certain = replace(TWO, person_sd=1000.0, photo_sd=0.0, side_sd=0.0)
    assert shared(certain, 1000.0) == pytest.approx(0.25, abs=0.02)
    small = replace(TWO, person_sd=0.01, photo_sd=0.0, side_sd=0.0)
    assert shared(small, 0.01) == pytest.approx(2 * (0.25 * 0.01) ** 2, rel=0.01)


@pytest.mark.parametrize(
    ("base", "people", "photos", "each"),
    [(TWO, 100, 200, 20), (TWO, 400, 100, 5), (FIVE, 200, 200, 20), (TWO, 30, 1000, 50)],
)
def test_formula_and_simulation_agree(base, people, photos, each):
    """400 boards are good to ±2.5 points (one standard error); the formula errs by as much."""
    scenario = replace(base, people=people, photos=photos, votes=people * each)
    scenario = with_share(scenario, 0.55)
    assert simulated_power(scenario, 400, seed=8) == pytest.approx(power(scenario), abs=0.08)


def test_equal_models_are_seldom_told_apart():
    assert power(TWO) == pytest.approx(0.05, abs=0.003)
    assert 0.02 < simulated_power(replace(TWO, votes=1000), 600, seed=9) < 0.08


def test_variance_of_independent_votes_is_that_of_a_share():
    plain = replace(TWO, person_sd=0.0, photo_sd=0.0, side_sd=0.0, tie_sd=0.0, tie=-20.0)
    assert gap_variance(plain) == pytest.approx(4 / plain.votes, rel=1e-6)
    other = with_share(plain, 0.8)
    assert gap_variance(other) == pytest.approx(1 / (0.8 * 0.2) / plain.votes, rel=1e-6)


def test_people_needed_are_enough_and_no_more():
    scenario = with_share(replace(TWO, photos=300), 0.55)
    needed = people_needed(scenario, each=20)
    assert power(replace(scenario, people=needed, votes=20 * needed)) >= 0.8
    assert power(replace(scenario, people=needed - 1, votes=20 * (needed - 1))) < 0.8
    assert people_needed(scenario, each=40) < needed
    assert people_needed(replace(scenario, photos=20), each=20) is None  # these photos decide


def test_the_command_prints_one_row_a_design(capsys):
    design = ["power", "--preference", "--people", "40", "80", "--photos", "100", "--runs", "40"]
    assert survey([*design, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["scenario"]["people"] for row in rows] == [40, 80]
    assert rows[0]["power"] < rows[1]["power"]
    assert survey(design) == 0
    printed = capsys.readouterr().out
    assert printed.count("simulated") == 2
    assert "For a power of 0.8 with 100 photos" in printed


def test_the_command_prints_coverage(capsys):
    assert main(["--coverage", "--runs", "20", "--cells", "two models", "300 votes", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["two models", "300 votes"]
    assert 0.5 < rows[1]["pairs, lowest"] <= rows[1]["pairs"] <= 1
    assert expit(rows[0]["scenario"]["strengths"][0]) > 0.5


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--share", "1"], "share 1.0 of deciding votes: it must\\s+lie between"),
        (["--models", "1"], "1 models tells nothing; use 2"),
        (["--people", "1"], "1 people tells nothing; use 2"),
    ],
)
def test_the_command_refuses_what_cannot_be(wrong, sentence, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--runs", "0", *wrong])
    assert re.search(sentence, capsys.readouterr().err, re.DOTALL)


def test_a_study_s_own_power(tmp_path, capsys):
    """Its models, photos, trials and target; by its folder, or by the type's name."""
    make_study(
        tmp_path, design="preference", models=("a", "b", "c"), trials=12, photos=24, target=50
    )
    assert survey(["power", str(tmp_path), "--runs", "0", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    asked = {"people": 50, "photos": 24, "votes": 600}
    assert {name: row["scenario"][name] for name in asked} == asked
    assert len(row["scenario"]["strengths"]) == 3
    options = ["--models", "3", "--people", "50", "--photos", "24", "--each", "12"]
    for way in (["--preference"], ["--design", "preference"]):
        assert survey(["power", *way, *options, "--runs", "0", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == [row]
    study = tmp_path / "study.json"
    study.write_text(study.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(SystemExit) as end:
        survey(["power", str(tmp_path)])
    assert end.value.code == 2 and "was edited" in capsys.readouterr().err
