"""The bench of hints with small photos and a small network: what its figures mean."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize import zoo
from colorize.__main__ import main
from colorize.bench import hints as bench
from colorize.bench.users import click, places
from colorize.colorizer import Colorizer
from colorize.lab import pixels_to_lab
from colorize.paint import Painter
from colorize.upsample import fit_lines
from tests.helpers.photos import speckled


@pytest.fixture
def photos(tmp_path) -> Path:
    """Two photos in a folder and two in a shard; besides, what must be passed over."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        Image.fromarray(speckled(40, 48, seed=number)).save(folder / f"{number}.png")
    with tarfile.open(folder / "shard.tar", "w") as shard:
        for number in (2, 3):
            shard.add(folder / f"{number}.png", arcname=f"{number}.png")
            (folder / f"{number}.png").unlink()
    Image.fromarray(speckled(40, 48, gray=True)).save(folder / "grey.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no photo")
    (folder / "index.csv").write_text("name\n")
    return folder


@pytest.fixture
def small(monkeypatch, tmp_path, make_model):
    make_model(name="tiny", strength=3.0).save(tmp_path / "weights" / "tiny")
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(bench, "SHORT_SIDE", 32)


def test_contracted_figures_as_json_and_as_a_table(small, photos, capsys):
    assert main(["bench", "--hints", "--data", str(photos), "--model", "tiny", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["n"] == 4
    assert set(figures["hints"]) == {"both", "tilt", "kriging", "poisson", "levin"}
    for gains in figures["hints"].values():
        assert list(gains) == ["1", "2", "5", "10", "20", "50"]
        assert gains["50"] > gains["1"]  # a tiny network knows nothing, its users all
    assert 0 <= figures["worse_with_1"] <= 1 and 0 < figures["reach"] < 1.5
    for name, way in figures["ways"].items():
        for gain, (low, high) in zip(
            figures["hints"][name].values(), way["intervals"], strict=True
        ):
            assert low <= gain <= high
    text = bench.table(figures)
    assert all(word in text for word in ("both", "levin", "n = 4", "worse with one"))


def test_halves_take_turns(small, photos, capsys, monkeypatch):
    monkeypatch.setattr(bench, "measure", lambda cases, seed: {"n": len(list(cases))})

    def photos_of(*more: str) -> int:
        words = ["bench", "--hints", "--data", str(photos), "--model", "tiny", "--json", *more]
        assert main(words) == 0
        return json.loads(capsys.readouterr().out)["n"]

    files = len(list(bench.files(photos)))
    assert files == 6  # 0, 1, broken, grey, and two of the shard
    first, second = (photos_of("--half", half) for half in ("first", "second"))
    assert first + second == 4 and photos_of("--limit", "1") == 1


@pytest.mark.parametrize("more", [["--data", "nowhere"], ["--data", "."]])
def test_without_photos_it_is_wrong_usage(small, tmp_path, monkeypatch, capsys, more):
    monkeypatch.chdir(tmp_path / "weights")
    assert main(["bench", "--hints", "--model", "tiny", *more]) == 2
    assert "colour" in (said := capsys.readouterr().err) or "is not a folder" in said


class TestUsers:
    def test_places_are_around_the_middle_and_the_same_for_any_number(self):
        many = places(2_000, seed=3)
        assert torch.equal(places(5, seed=3), many[:5]) and not torch.equal(places(5, 4), many[:5])
        assert ((many >= 0) & (many < 1)).all()
        assert torch.allclose(many.mean(0), torch.tensor([0.5, 0.5]), atol=0.03)
        assert torch.allclose(many.std(0), torch.tensor([0.22, 0.22]), atol=0.03)  # 0.25, cut off

    def test_they_say_the_mean_of_four_by_four_pixels(self):
        truth = torch.rand(1, 2, 16, 24, generator=torch.Generator().manual_seed(0))
        spots = torch.tensor([[0.99, 0.3], [0.0, 0.0]])
        pins = click(torch.zeros(1, 2, 4, 6), truth, spots)
        assert pins.cells.tolist() == [[11, 0]]
        assert torch.allclose(pins.color[0, :, 0], truth[0, :, 4:8, 20:24].mean((1, 2)))
        fine = click(torch.zeros(1, 2, 16, 24), truth, spots)  # of an answer at full size
        assert fine.cells.tolist() == [[4 * 24 + 23, 0]]
        assert torch.equal(fine.color, pins.color)


def test_propagation_is_the_mean_distance_of_what_is_seen_to_change():
    change = torch.zeros(1, 2, 8, 8)
    change[0, 0, 4, 4], change[0, 1, 4, 6], change[0, 0, 0, 0] = 10.0, 2.4, 2.2
    spot = torch.tensor([4.5 / 8, 4.5 / 8])
    assert bench.propagation(change, spot) == pytest.approx((0 + 2) / 2 / 8)
    assert np.isnan(bench.propagation(change * 0, spot))


def test_psnr_is_that_of_the_painted_photo(make_model):
    pixels = speckled(64, 64)
    colorizer = Colorizer(make_model(), "cpu", 64)
    lab = pixels_to_lab(pixels)[None]
    none = torch.zeros(1, 2, 16, 16)
    one = bench.Case(colorizer, pixels, lab[:, :1], lab[:, 1:], none, none)
    gray = Painter().paint(pixels, fit_lines(one.lightness, none))
    error = ((gray.astype(float) - pixels) ** 2).mean()
    assert bench.psnr(one, none, Painter()) == pytest.approx(
        10 * np.log10(255**2 / error), abs=1e-3
    )
    assert bench.psnr(one, one.truth, Painter()) > 45
