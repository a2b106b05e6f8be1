import shutil

import numpy as np
import pytest
from PIL import Image

from colorize import zoo
from colorize.lab import rgb_to_lab
from colorize.model import ModelError
from colorize.photo import Photo, PhotoError
from colorize.web.studio import SCREEN, Studio, shrink


@pytest.fixture
def studio(zoo_of_tiny_models) -> Studio:
    return Studio("cpu")


@pytest.fixture
def portrait(tmp_path) -> str:
    """A colour photo of 300 x 400 pixels."""
    y, x = np.mgrid[0:400, 0:300]
    pixels = np.stack((x * 255 / 299, y * 255 / 399, 128 + 0 * x), -1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "portrait.png")
    return str(tmp_path / "portrait.png")


def lightness(pixels: np.ndarray) -> np.ndarray:
    import torch

    return rgb_to_lab(torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255)[0].numpy()


def test_a_slider_costs_no_network_pass(studio, portrait, monkeypatch):
    passes = []
    forward = type(studio.colorizer("rebalanced").model).forward
    monkeypatch.setattr(
        type(studio.colorizer("rebalanced").model),
        "forward",
        lambda model, x: passes.append(x.shape) or forward(model, x),
    )
    seen = [studio.view(portrait, "rebalanced", t, s) for t, s in ((0.1, 1), (0.9, 1), (0.9, 2))]
    assert len(passes) == 1
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])


def test_photos_are_forgotten(studio, portrait):
    first = studio.view(portrait, "rebalanced", 0.4, 1.0)
    assert studio.view(portrait, "rebalanced", 0.4, 1.0) is first
    studio.forget()
    again = studio.view(portrait, "rebalanced", 0.4, 1.0)
    assert again is not first and np.array_equal(again, first)


def test_the_screen_is_small_and_the_download_is_not(studio, tmp_path):
    path = str(tmp_path / "wide.png")
    Image.fromarray(np.full((50, SCREEN + 300, 3), 90, np.uint8)).save(path)
    sight = studio.sight(path, "rebalanced")
    assert (sight.width, sight.height) == (SCREEN + 300, 50)
    assert studio.view(path, "rebalanced", 0.4, 1.0).shape[1] == SCREEN
    assert studio.colour(path, "rebalanced").pixels.shape == (50, SCREEN + 300, 3)


def test_the_lightness_stays(studio, portrait):
    before = lightness(np.asarray(Image.open(portrait)))
    after = lightness(studio.colour(portrait, "rebalanced", 0.2, 2.0).pixels)
    assert np.abs(after - before).max() < 2


@pytest.mark.parametrize("tint, gray", [((1, 1, 1), True), ((1, 0.9, 0.7), True)])
def test_photos_without_colours_of_their_own_are_known(studio, tmp_path, tint, gray):
    ramp = np.arange(256)[None, :, None] * np.array(tint) * np.ones((64, 1, 1))
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "old.png")
    assert studio.sight(str(tmp_path / "old.png"), "rebalanced").gray is gray


def test_photos_with_colours_are_known(studio, portrait):
    assert not studio.sight(portrait, "rebalanced").gray


@pytest.mark.parametrize("name", ["", None, "../rebalanced", "/etc/passwd", "nobody"])
def test_only_names_are_models(studio, portrait, name):
    with pytest.raises(ModelError, match="choose one of rebalanced, "):
        studio.sight(portrait, name)


DAMAGES = {
    "weights cut": lambda w, j: w.write_bytes(w.read_bytes()[:5000]),
    "weights of text": lambda w, j: w.write_bytes(b"damaged"),
    "weights of nothing": lambda w, j: w.write_bytes(b""),
    "weights a folder": lambda w, j: (w.unlink(), w.mkdir()),
    "weights gone": lambda w, j: w.unlink(),
    "description cut": lambda w, j: j.write_text("{"),
    "description gone": lambda w, j: j.unlink(),
    "description of another": lambda w, j: shutil.copy(j.with_name("regression.json"), j),
    "pair of another": lambda w, j: [shutil.copy(x.with_stem("regression"), x) for x in (w, j)],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["rebalanced", "classification"])  # the default, and another
def test_a_broken_model_leaves_the_others(
    zoo_of_tiny_models, portrait, tmp_path, monkeypatch, capsys, damage, name
):
    broken = tmp_path / "weights"
    shutil.copytree(zoo.WEIGHTS, broken)
    damage(broken / f"{name}.safetensors", broken / f"{name}.json")
    monkeypatch.setattr(zoo, "WEIGHTS", broken)
    studio = Studio("cpu")
    others = sorted({"rebalanced", "classification", "regression"} - {name})
    assert sorted(studio.models()) == others
    assert studio.default in others
    assert studio.sight(portrait, studio.default).height == 400
    with pytest.raises(ModelError, match=name):
        studio.sight(portrait, name)
    if (broken / f"{name}.safetensors").exists():
        assert f"The model {name} is left out." in capsys.readouterr().out


def test_weights_that_break_later_leave_the_others(
    zoo_of_tiny_models, portrait, tmp_path, monkeypatch
):
    weights = tmp_path / "weights"
    shutil.copytree(zoo.WEIGHTS, weights)
    monkeypatch.setattr(zoo, "WEIGHTS", weights)
    studio = Studio("cpu")
    assert studio.default == "rebalanced"
    whole = (weights / "rebalanced.safetensors").read_bytes()
    (weights / "rebalanced.safetensors").write_bytes(whole[:-9])
    with pytest.raises(ModelError, match="cannot be read"):
        studio.sight(portrait, "rebalanced")
    assert studio.sight(portrait, "regression").height == 400
    (weights / "rebalanced.safetensors").write_bytes(whole)
    assert studio.sight(portrait, "rebalanced").height == 400  # without a restart


def test_no_models_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="train one"):
        _ = Studio("cpu").default


def test_a_file_that_is_no_photo_is_a_sentence(studio, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(PhotoError, match=r"note\.txt"):
        studio.sight(str(tmp_path / "note.txt"), "rebalanced")


@pytest.mark.parametrize("size", [(30, 20), (40, 40), (401, 7), (7, 401)])
def test_shrinking_keeps_the_shape(size):
    width, height = size
    small = shrink(Photo(np.zeros((height, width, 3), np.uint8)), 40)
    scale = min(1, 40 / max(size))
    assert abs(small.width - width * scale) <= 1
    assert abs(small.height - height * scale) <= 1
    assert max(small.width, small.height) <= 40
