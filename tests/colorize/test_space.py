import re
import subprocess
import sys
from pathlib import Path

import pytest

from colorize.space import PYTHONS, TORCHES, gpu_is_lent, misfit

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("said", "lent"), [("true", True), ("1", True), ("True", True), ("", False), ("false", False)]
)
def test_a_lent_gpu_is_known_as_spaces_knows_it(monkeypatch, said, lent):
    monkeypatch.setenv("SPACES_ZERO_GPU", said)
    assert gpu_is_lent() is lent


def test_elsewhere_no_gpu_is_lent(monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert not gpu_is_lent()


@pytest.mark.parametrize(
    ("python", "torch", "fits"),
    [
        ("3.12", "2.8.0", True),
        ("3.12.3", "2.11.0+cu128", True),
        ("3.10", "2.9.1", True),
        ("3.11", "2.9.1", False),
        ("3.12", "2.13.0+cpu", False),
        ("3.12", "2.1.0", False),
    ],
)
def test_versions_that_do_not_fit_are_a_sentence(python, torch, fits):
    said = misfit(python, torch)
    assert (not said) is fits
    assert fits or (f"Python {python} with torch {torch}" in said and "README.md" in said)


def test_what_is_installed_is_asked_without_torch():
    code = (
        "import sys; from colorize.space import misfit; misfit(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_space_installs_what_zero_gpu_takes():
    """The head of README.md names its Python; the requirements for that Python bound torch."""
    from packaging.requirements import Requirement

    head = (ROOT / "README.md").read_text(encoding="utf-8").split("---")[1]
    python = re.search(r'python_version: "(.+)"', head)[1]
    assert python in PYTHONS
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    given = [Requirement(line.partition("#")[0]) for line in lines if line.startswith("torch")]
    (torch,) = (one for one in given if one.marker.evaluate({"python_version": python}))
    minors = [f"2.{minor}.0" for minor in range(30) if torch.specifier.contains(f"2.{minor}.0")]
    assert [minor.removesuffix(".0") for minor in minors] == list(TORCHES)
