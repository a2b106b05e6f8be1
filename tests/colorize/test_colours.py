import numpy as np
import pytest

from colorize.colours import colorfulness, mean_delta_e

RED, GREY = np.full((20, 30, 3), (255, 0, 0), np.uint8), np.full((20, 30, 3), 90, np.uint8)


def test_colorfulness_of_known_pictures():
    assert colorfulness(GREY) == 0
    assert colorfulness(RED) == pytest.approx(0.3 * np.hypot(255, 127.5))
    half = np.concatenate((RED, RED[..., ::-1]))  # red and blue: the spread counts in full
    spread, mean = np.hypot(127.5, 191.25), np.hypot(127.5, -63.75)
    assert colorfulness(half) == pytest.approx(spread + 0.3 * mean)


def test_distance_is_that_of_ciede2000():
    assert mean_delta_e(RED, RED) == 0
    assert mean_delta_e(RED, np.full_like(RED, (0, 0, 255))) == pytest.approx(52.88, abs=0.01)


def test_colorfulness_has_signed_opponents():
    red_and_green = np.zeros((2, 2, 3), np.uint8)
    red_and_green[0, :, 0] = red_and_green[1, :, 1] = 255
    # rg = +-255, of mean 0; yb = 127.5 throughout
    assert colorfulness(red_and_green) == pytest.approx(255 + 0.3 * 127.5)
    assert colorfulness(np.full((3, 3, 3), 90, np.uint8)) == 0
