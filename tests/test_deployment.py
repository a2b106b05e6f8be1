"""The README's three lines that make a Space, as far as they can be tried without the Hub."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest

from tests.stress.fake_hub import FakeHub

ROOT = Path(__file__).parents[1]
MOST = 10_000_000  # bytes that the Hub takes in a file of plain git


def lines() -> list[list[str]]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("## A Space of its own")[1].split("```sh\n")[1].split("```")[0]
    joined = block.replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines()]


def after(words: list[str], option: str) -> list[str]:
    """What each mention of an option is followed by."""
    return [value for name, value in pairwise(words) if name == option]


@pytest.fixture(scope="module")
def files() -> list[str]:
    """What the README's upload takes of this folder's tracked files."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    upload = lines()[1]
    return [
        name
        for name in listed.stdout.splitlines()
        if any(fnmatch(name, pattern) for pattern in after(upload, "--include"))
        and not any(fnmatch(name, pattern) for pattern in after(upload, "--exclude"))
    ]


def test_the_hub_takes_the_files(files):
    assert [words[:2] for words in lines()][1] == ["hf", "upload"]
    assert not [name for name in files if (ROOT / name).stat().st_size > MOST]


def test_nothing_of_a_run_or_of_tests_is_taken(files):
    assert files and not [n for n in files if re.match(r"tests/|train/|\.|runs/|studies/", n)]


@pytest.fixture
def copy(files, tiny_weights, tmp_path) -> Path:
    """The files alone in a folder, with tiny weights, beside what a working folder has."""
    place = tmp_path / "colour"
    for name in files:
        if not fnmatch(name, "colorize/weights/*"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    shutil.copytree(tiny_weights, place / "colorize" / "weights")
    for extra in (".venv/lib/large.py", "runs/one/state.pt", "colorize/__pycache__/x.cpython.pyc"):
        (place / extra).parent.mkdir(parents=True, exist_ok=True)
        (place / extra).write_text("not for a Space")
    return place


def test_the_pages_can_be_built_from_them(copy):
    code = "import app; from colorize.web.studio import Studio; s = Studio('cpu'); app.build(s)"
    run = [sys.executable, "-c", f"{code}; print(*s.models)"]
    done = subprocess.run(run, cwd=copy, capture_output=True, text=True)
    assert done.stdout.split() == ["rebalanced", "classification", "regression"], done.stderr


def test_the_upload_sends_them_and_no_more(copy, files):
    """The README's very line, to a stand-in of the Hub's commit API."""
    hf = Path(sys.executable).with_name("hf")
    with FakeHub() as hub:
        environ = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_x", "HF_HUB_DISABLE_XET": "1"}
        done = subprocess.run(
            [hf, *lines()[1][1:]],
            cwd=copy,
            env=os.environ | environ,
            capture_output=True,
            text=True,
        )
        sent = set(hub.files)
    assert done.returncode == 0, done.stderr
    weights = {str(p.relative_to(copy)) for p in (copy / "colorize/weights").iterdir()}
    kept = {name for name in files if not fnmatch(name, "colorize/weights/*")}
    assert sent == kept | weights


@pytest.mark.parametrize("words", lines(), ids=lambda words: " ".join(words[:3]))
def test_the_hubs_client_knows_commands_and_options(words):
    hf, command = Path(sys.executable).with_name("hf"), words[1:2]
    if words[1] in ("repos", "spaces"):
        command = words[1:3]
    environ = os.environ | {"COLUMNS": "300", "NO_COLOR": "1"}
    said = subprocess.run([hf, *command, "--help"], capture_output=True, text=True, env=environ)
    assert said.returncode == 0
    options = {word for word in words if word.startswith("--")}
    assert not {option for option in options if option not in said.stdout}
