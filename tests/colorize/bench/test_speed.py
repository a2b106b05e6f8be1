"""The bench with small photos and networks: its figures are there and make sense, not how fast."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from colorize import zoo
from colorize.__main__ import main
from colorize.bench import photos, speed
from colorize.bench.timing import in_turns
from colorize.networks.zhang import Zhang


@pytest.fixture
def small(monkeypatch, tmp_path, make_model):
    for module, name, value in (
        (photos, "HEIGHT", 60),
        (photos, "WIDTH", 80),
        (speed, "SIDE", 64),
        (speed, "FOLDER", 10),
        (speed, "peak_mb", lambda *_: 1.0),
        (zoo, "WEIGHTS", tmp_path),
    ):
        monkeypatch.setattr(module, name, value)
    for name in ("alpha", "beta"):
        make_model(name=name).save(tmp_path / name)


def test_contracted_figures_as_json_and_as_a_table(small, capsys):
    assert main(["bench", "--json", "--rounds", "1"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["ours_s"]) == set(figures["network_ms"]) == {"alpha", "beta"}
    single = ("floor_s", "eccv16_s", "redecode_s", "hint_s", "folder_photos_per_s", "peak_mb")
    networks = ("eccv16_network_fp32_ms", "eccv16_network_bf16_ms")
    numbers = [figures[key] for key in single + networks]
    numbers += [*figures["ours_s"].values(), *figures["network_ms"].values()]
    assert all(number > 0 for number in numbers)
    assert figures["eccv16_network_fp32_ms"] > max(figures["network_ms"].values())
    words = ("floor", "eccv16", "alpha", "beta", "a hint set", "photos a second")
    assert all(word in speed.as_text(figures) for word in words)


def test_without_models_an_untrained_one(monkeypatch, tmp_path):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    assert list(speed.load_all("cpu")) == ["untrained"]


def test_no_rounds_are_wrong_usage(capsys):
    assert main(["bench", "--rounds", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err


def test_all_take_turns():
    order: list[str] = []
    in_turns({name: lambda name=name: order.append(name) for name in "abc"}, rounds=3)
    assert "".join(order) == "abc" * 4  # the first turn warms up


def test_eccv16_keeps_lightness_as_its_demo_does():
    """Here its last layer is zero, so it has no colours, and what comes out is what went in."""
    gray = Image.fromarray(photos.grainy((48, 64), seed=1)).convert("L")
    out = Image.open(io.BytesIO(speed.eccv16(speed.encoded(gray.convert("RGB")), Zhang().eval())))
    assert out.size == (64, 48)
    assert np.abs(np.asarray(out).astype(int) - np.asarray(gray)[..., None]).mean() < 2


def test_camera_photos_are_no_easy_ones():
    one, other = photos.grainy((60, 80), seed=0), photos.grainy((60, 80), seed=4)
    noise = (one.astype(float) - other).std()  # the same photo, another grain
    assert one.shape == (60, 80, 3) and 4 < noise < 8


@pytest.mark.slow
def test_peak_memory_of_a_real_photo():
    mb = speed.peak_mb(photos.camera_jpeg(), next(iter(speed.load_all("cpu"))), "cpu")
    assert 36 < mb < 600  # the result's pixels at least, and what was promised at most
