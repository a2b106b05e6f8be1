"""Photos in the colours of models: painted once, of one size; the operator's beside ours."""

import io

import numpy as np
from PIL import Image

from colorize.samples import samples
from survey.board.pictures import SIDE, Pictures, Shown, board_photos
from tests.helpers.open_board import MODELS, TINTS


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)


def test_versions_are_of_one_size_and_in_the_models_colours(board):
    for model in MODELS:
        shown = pixels(board.pictures.version("0.png", model))
        assert shown.shape == (16, 24, 3)
        red = 40 + TINTS[model.partition("@")[0]]
        assert np.abs(shown.mean((0, 1)) - (red, 40, 40)).max() < 3


def test_a_version_is_painted_once(tmp_path):
    painted = []

    def paint(photo, model):
        painted.append(model)
        return photo.pixels

    Image.new("RGB", (2000, 1000)).save(tmp_path / "a.png")
    pictures = Pictures({"a.png": Shown("A photo", tmp_path / "a.png")}, paint)
    assert pictures.known("a.png", "m") is None
    first = pictures.version("a.png", "m")
    assert first is pictures.version("a.png", "m") is pictures.known("a.png", "m")
    assert painted == ["m"]
    assert max(pixels(first).shape) == SIDE
    pictures.close()


def test_the_operators_photos_are_shown_beside_the_samples(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "photos" / "mill.png")
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    shown = board_photos(tmp_path)
    assert set(shown) == {sample.file for sample in samples()} | {"mill.png"}
