"""The short version of `python -m tests.stress bombs`, and the bombs through every other door."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorize.__main__ import main as colorize
from survey.__main__ import main as survey
from tests.helpers.crafted import BOMBS, strip
from tests.stress.bombs import open_all
from tests.stress.raw_client import RawClient, photo
from train.__main__ import main as train
from train.data.cache import Cache

THIN = [(1, 1), (1, 20_000), (20_000, 1)]
MINES = [name for name in BOMBS if "without its pixels" not in name]  # some of those are photos


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as Linux does")
def test_bombs_end_in_little_time_and_memory():
    names = [*BOMBS, "png", "cmyk jpeg"]
    told = list(open_all(names))
    assert [opened.name for opened in told] == names  # nobody died, or raised anything else
    assert [opened for opened in told if not opened.well] == []
    assert [opened.outcome for opened in told[-2:]] == ["7000 x 7000"] * 2


@pytest.fixture(scope="module")
def minefield(tmp_path_factory) -> Path:
    """A folder of twelve photos, the thinnest that there are, and every bomb."""
    folder = tmp_path_factory.mktemp("minefield")
    for seed in range(12):
        cloud = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(cloud).resize((80, 80)).save(folder / f"cloud{seed}.png")
    for width, height in THIN:
        (folder / f"{width}x{height}.png").write_bytes(strip(width, height))
    for number, name in enumerate(MINES):
        (folder / f"bomb{number}.png").write_bytes(BOMBS[name]())
    return folder


def test_the_command_line_walks_through(minefield, tiny_weights, tmp_path, capsys):
    model = str(tiny_weights / "regression.safetensors")
    words = [str(minefield), "--output", str(tmp_path), "--model", model, "--json"]
    assert colorize(words) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 12 + len(THIN) + len(MINES)
    sizes = {Path(line["input"]).name: (line.get("width"), line.get("height")) for line in lines}
    assert all(sizes[f"{width}x{height}.png"] == (width, height) for width, height in THIN)
    assert sum("error" in line for line in lines) >= len(MINES) - 5  # those hold a small photo


def test_a_study_and_a_cache_leave_them_out(minefield, tiny_weights, tmp_path, capsys):
    model = str(tiny_weights / "regression.safetensors")
    options = ["--size", "64", "--trials", "4", "--practice", "1", "--catch", "0"]
    words = ["build", str(minefield), "--models", model, "--output", str(tmp_path / "study")]
    assert survey([*words, *options]) == 1
    assert "1x20000.png, because it is 1 x 20000" in capsys.readouterr().err
    cache = str(tmp_path / "cache")
    assert train(["prepare", str(minefield), "--output", cache, "--workers", "1"]) == 0
    assert len(Cache.open(cache)) >= 12


def test_the_app_colours_the_thinnest_photos(fort):
    visitor = RawClient(fort.url)
    for width, height in THIN:
        (path,) = visitor.upload("thin.png", strip(width, height)).json()
        for format in ("PNG", "JPEG"):
            told = visitor.call(photo(path=path), "", 0.4, 1.0, format)
            address = json.loads(told.rpartition("data: ")[2])[0]["url"]
            with Image.open(io.BytesIO(visitor.http.get(address).content)) as image:
                assert (image.size, image.format) == ((width, height), format)
    visitor.close()
