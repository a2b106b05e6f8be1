"""The power of a design: by hand where it can be, by two ways that must agree elsewhere."""

import json
from math import comb

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from survey.__main__ import main as survey
from survey.planning.assumed import Assumed
from survey.planning.study_power import (
    Plan,
    by_formula,
    covariance,
    difference_variance,
    enough_people,
    power,
)
from survey.study import DesignError, Study
from tests.helpers.study import make_study
from tests.helpers.third_design import Taste, taste

__all__ = ["taste"]  # a fixture


def plan(k: int = 3, trials: int = 40, photos: int = 204, design: str = "single") -> Plan:
    models = tuple("abcdefgh"[:k])
    return Plan(Study(title="x", models=models, trials=trials, design=design), photos)


@pytest.mark.parametrize(("k", "design", "each"), [(3, "single", 40 / 6), (2, "pair", 20)])
def test_a_plan_is_the_studys(k, design, each):
    found = plan(k, design=design)
    assert found.trials_a_model == pytest.approx(each)
    assert found.level == pytest.approx(0.05 / comb(k, 2))


def test_variance_of_equal_people_and_photos_is_that_of_votes():
    alike = Assumed(0.3, 0.2, 0.0, 0.0, 0.0)
    expected = (0.3 * 0.7 + 0.5 * 0.5) / (40 * 10)
    assert difference_variance(plan(2), alike, 40) == pytest.approx(expected)


def test_covariance_by_simulation():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(0, 0.8, 400_000), rng.normal(0, 0.5, (2, 400_000))
    chances = [expit(logit + shared + mine) for logit, mine in zip((-1.0, 0.4), own, strict=True)]
    expected = np.cov(chances)[0, 1]
    assert covariance(-1.0, 0.4, 0.8, 0.5) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("k", "people", "expected"),
    [(3, 50, 0.51), (3, 100, 0.85), (2, 50, 0.83)],  # the first two by others' simulations
)
def test_formula_and_simulation_agree(k, people, expected):
    found = power(plan(k), Assumed(), people, runs=400, seed=1)
    assert found.kept == round(0.8 * people)
    assert found.by_formula == pytest.approx(expected, abs=0.03)
    assert found.simulated == pytest.approx(found.by_formula, abs=0.1)  # 4 standard errors


def test_without_a_difference_power_is_the_level():
    assert by_formula(plan(2), Assumed(difference=0), 100) == pytest.approx(0.05, abs=1e-3)
    assert by_formula(plan(3), Assumed(difference=0), 100) == pytest.approx(0.05 / 3, abs=1e-3)


def test_power_of_many_votes_is_the_normal_one():
    sure = Assumed(0.3, 0.02, 0.0, 0.0, 0.0, drop_out=0.0)
    wide = plan(2, trials=4, photos=1_000_000)
    error = np.sqrt(difference_variance(wide, sure, 5000))
    expected = norm.cdf(0.02 / error - norm.ppf(0.975))
    assert by_formula(wide, sure, 5000) == pytest.approx(expected, abs=2e-3)


def test_enough_people_are_just_enough():
    some = Assumed(drop_out=0.0)
    number = enough_people(plan(), some)
    assert by_formula(plan(), some, number) >= 0.8 > by_formula(plan(), some, number - 1)
    leaving = enough_people(plan(), Assumed(drop_out=0.5))
    assert 2 * number <= leaving <= 2.2 * number  # who leaves makes counts uneven
    assert enough_people(plan(2, trials=4, photos=12), Assumed()) is None  # too few photos


def test_the_command_asks_the_study(tmp_path, capsys):
    make_study(tmp_path, photos=48, models=("a", "b", "c"), trials=12, target=20)
    asked = ["power", str(tmp_path), "--runs", "20", "--difference", "0.3"]
    assert survey([*asked, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["participants"], row["kept"], row["photos"], row["pairs"]) == (25, 20, 48, 3)
    assert row["trials_a_model"] == 2
    assert survey([*asked, "--participants", "10", "30"]) == 0
    said = capsys.readouterr().out
    assert "3 models, 2 trials of each a person, 48 photos" in said
    assert "level 0.0167 (0.05 / 3)" in said and "For a power of 0.8: " in said


def test_what_cannot_be_is_refused(tmp_path, capsys, taste: Taste):
    with pytest.raises(DesignError, match="one model; power is about"):
        plan(1)
    with pytest.raises(DesignError, match="survey power --preference"):
        plan(3, design="taste")
    for odd in (["--rate", "0.95"], ["--drop-out", "1"], ["--participants", "1"]):
        make_study(tmp_path / odd[0])
        with pytest.raises(SystemExit, match="2"):
            survey(["power", str(tmp_path / odd[0]), *odd])
    assert "use more participants" in capsys.readouterr().err
