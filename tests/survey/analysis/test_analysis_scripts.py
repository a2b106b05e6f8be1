"""The scripts of an export run on it alone, and find what was put in."""

import csv
import re
import shutil
import subprocess
import sys
from zipfile import ZipFile

import numpy as np
import pytest
from scipy.stats import norm

from survey.report.export import export
from survey.report.safe_csv import original
from tests.helpers.made_up_votes import poll
from tests.helpers.study import make_study

RATES = {"real": 0.75, "plain": 0.25, "'vivid'": 0.5}


@pytest.fixture(params=["single", "pair"])
def unzipped(request, tmp_path):
    """A study of 40 people of whom a rule excludes one, with photos that differ little."""
    models = ("plain", "'vivid'")
    folder = tmp_path / "study"
    make_study(folder, photos=24, models=models, design=request.param)
    poll(folder, RATES, 40, catch={4})
    with ZipFile(export(folder, tmp_path / "out.zip")) as files:
        files.extractall(tmp_path / "out")
    return request.param, tmp_path / "out"


def figures(said: str, name: str) -> list[float]:
    """The numbers of the row of this name."""
    (row,) = re.findall(rf"{re.escape(name)} +(-?[\d.].*)", said)
    return [float(number) for number in row.split()]


def test_in_python_it_is_the_reports(unzipped):
    """Estimates but for half a vote, intervals nearly."""
    design, folder = unzipped
    run = [sys.executable, "-W", "error", "analysis/marginal_model.py"]
    said = subprocess.run(run, cwd=folder, check=True, capture_output=True, text=True).stdout
    assert "936 votes, 39 people, 24 photos" in said
    with (folder / "results" / "rates.csv").open() as file:
        rates = {row["condition"]: row for row in csv.DictReader(file) if row["people"] == "kept"}
    for name, row in rates.items():
        z = norm.ppf(int(row["called_real"]) / int(row["shown"]))
        assert figures(said, f"z, {original(name)}")[0] == pytest.approx(z, abs=1e-3)
        if name != "real":
            estimate, low, high, _ = figures(said, f"d', {original(name)}")
            assert estimate == pytest.approx(float(row["d_prime"]), abs=0.02)
            assert high - low == pytest.approx(
                float(row["d_prime_high"]) - float(row["d_prime_low"]), rel=0.15
            )
    gap = figures(said, "'vivid' - plain")
    assert gap[1] > 0 and gap[4] == gap[3]  # vivid is believed more
    assert (folder / "analysis" / "marginal_model.txt").read_text() in said


@pytest.mark.skipif(not shutil.which("Rscript"), reason="needs R with lme4")
def test_in_r(unzipped):
    design, folder = unzipped
    run = subprocess.run(
        ["Rscript", "analysis/mixed_model.R"], cwd=folder, capture_output=True, text=True
    )
    if "no package called" in run.stderr:
        pytest.skip("needs lme4")
    assert run.returncode == 0, run.stderr
    assert "936 votes, 39 people, 24 photos" in run.stdout.replace("  ", " ")
    z = {name: norm.ppf(rate) for name, rate in RATES.items()}
    for name in ("plain", "'vivid'"):
        expected = z["real"] - z[name] if design == "single" else -np.sqrt(2) * z[name]
        estimate, low, high, _ = figures(run.stdout, f"d', {name}")
        assert estimate == pytest.approx(expected, abs=0.6)
        assert low < estimate < high
    (gap,) = (figures(run.stdout, f"{a} - {b}") for a, b in [("'vivid'", "plain")])
    assert gap[1] > 0 and gap[4] == gap[3]  # vivid is believed more
