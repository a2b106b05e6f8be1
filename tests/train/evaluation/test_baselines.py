import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from train.evaluation.baselines import LightnessTable, gray, mean_by_lightness, original
from train.evaluation.metrics import Truth

RED, GREEN = (200, 60, 60), (60, 140, 60)


def two_colours(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> Truth:
    pixels = np.empty((16, 16, 3), np.uint8)
    pixels[:8], pixels[8:] = upper, lower
    return Truth(pixels)


def test_gray_keeps_the_lightness_and_has_no_colour(colour_photo):
    truth = Truth(colour_photo)
    lab = rgb2lab(gray(truth).pixels)
    assert np.abs(lab[..., 1:]).max() < 0.5
    assert lab[..., 0] == pytest.approx(rgb2lab(colour_photo)[..., 0], abs=0.4)


def test_original_is_the_photo(colour_photo):
    assert np.array_equal(original(Truth(colour_photo)).pixels, colour_photo)


def test_mean_by_lightness_is_exact_where_lightness_tells_the_colour():
    truth = two_colours((10, 40, 10), (240, 200, 200))
    guess = mean_by_lightness(truth, LightnessTable.of(truth.lab))
    assert np.abs(guess.pixels.astype(int) - truth.pixels).max() <= 1


def test_mean_by_lightness_is_the_mean_of_equal_lightness():
    lab = torch.tensor([[50.0, 50.2, 70.0], [10.0, 30.0, -5.0], [0.0, -8.0, 9.0]])[:, None]
    ab = LightnessTable.of(lab).ab()
    assert ab[:, 50].tolist() == pytest.approx([20, -4])
    assert ab[:, 70].tolist() == pytest.approx([-5, 9])
    assert ab[:, 30].tolist() == [0, 0]  # never seen: grey


def test_a_photo_taken_out_of_the_table_does_not_know_itself():
    one, other = two_colours(RED, RED), two_colours(GREEN, GREEN)
    tables = [LightnessTable.of(truth.lab) for truth in (one, other)]
    left = tables[0].plus(tables[1]).minus(tables[0])
    assert torch.equal(left.ab(), tables[1].ab())
    assert mean_by_lightness(one, left).pixels.std() == 0  # nothing known of red: grey
