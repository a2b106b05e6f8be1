import numpy as np
import torch
from PIL import Image

from train.evaluation import gallery
from train.evaluation.metrics import Guess, Truth


def test_pick_takes_the_ends_and_the_middle():
    errors = np.array([5.0, 1, 9, 3, 7, 2, 8, 4, 6])
    found = gallery.best_median_worst(errors)
    assert {kind: errors[i].tolist() for kind, i in found.items()} == {
        "best": [1, 2, 3],
        "median": [4, 5, 6],
        "worst": [7, 8, 9],
    }


def test_pick_of_one_photo_shows_it_as_everything():
    assert gallery.best_median_worst(np.array([3.0])) == {"best": [0], "median": [0], "worst": [0]}


def test_pages_show_every_model_and_only_pictures_that_exist(tmp_path):
    def guesses(i: int) -> dict[str, Guess]:
        pixels = np.full((20, 30, 3), 20 * i, np.uint8)
        guess = Guess(Truth(pixels), pixels, torch.zeros(2, 5, 5))
        return dict.fromkeys(("gray", "runs/a", "b <&", "original"), guess)

    scores = {"runs/a": np.arange(5.0), "b <&": np.arange(5.0)[::-1]}
    paths = gallery.write_gallery(tmp_path / "pages", scores, guesses)
    page = (tmp_path / "pages/index.html").read_text()
    assert len(paths) == 3
    assert "b &lt;&amp;" in page
    for path in paths:
        assert f'src="{path.name}"' in page
        with Image.open(path) as sheet:
            assert min(sheet.size) > gallery.TILE
