"""Grey and tinted photos against photos in colour, muted ones too."""

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image

from colorize.monochrome import has_one_tint

PHOTOS = {
    "astronaut": skimage.data.astronaut(),
    "cat": skimage.data.chelsea(),
    "coffee": skimage.data.coffee(),
    "rocket": skimage.data.rocket(),
}
TINTS = {  # from a grey in [0, 1] to RGB in [0, 1]
    "grey": lambda grey: grey * [1, 1, 1],
    "sepia": lambda grey: grey * [1.07, 0.92, 0.72],
    "strong sepia": lambda grey: grey * [1.35, 1.20, 0.94],  # CSS's sepia(1): clipped in the lights
    "cyanotype": lambda grey: (1 - grey) * [0.04, 0.12, 0.35] + grey * [0.93, 0.98, 1.0],
    "yellowed": lambda grey: (1 - grey) * [0.16, 0.12, 0.08] + grey * [0.98, 0.92, 0.78],
    "toned": lambda grey: grey ** np.array([0.8, 1.0, 1.35]),
}


def tinted(name: str, tint: str, noise: float = 0.0) -> np.ndarray:
    grey = PHOTOS[name] @ [0.299, 0.587, 0.114] / 255
    rgb = TINTS[tint](grey[..., None]).clip(0, 1) * 255
    rgb += np.random.default_rng(0).normal(0, noise, rgb.shape)
    return rgb.clip(0, 255).astype(np.uint8)


def as_jpeg(pixels: np.ndarray) -> np.ndarray:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=75)
    return np.asarray(Image.open(encoded))


def muted(pixels: np.ndarray, saturation: float) -> np.ndarray:
    grey = pixels.mean(axis=-1, keepdims=True)
    return (grey + saturation * (pixels - grey)).astype(np.uint8)


@pytest.mark.parametrize("tint", TINTS)
@pytest.mark.parametrize("name", PHOTOS)
def test_tints_are_no_colours(name, tint):
    assert has_one_tint(tinted(name, tint))
    assert has_one_tint(as_jpeg(tinted(name, tint, noise=4)))  # as a scan comes


@pytest.mark.parametrize("saturation", [1, 0.5])
@pytest.mark.parametrize("name", PHOTOS)
def test_photos_in_colour_are_not_of_one_tint(name, saturation):
    assert not has_one_tint(muted(PHOTOS[name], saturation))


def test_a_large_photo_is_judged_as_its_small_copy_is():
    for pixels in (PHOTOS["cat"], tinted("cat", "sepia")):
        large = np.asarray(Image.fromarray(pixels).resize((3000, 2000)))
        assert has_one_tint(large) == has_one_tint(pixels)


def test_a_coloured_object_in_a_grey_photo_is_colour():
    pixels = tinted("rocket", "grey")
    pixels[100:220, 200:320] = 0.6 * pixels[100:220, 200:320] + [90, 0, 0]  # 5 % of it
    assert not has_one_tint(pixels)


def test_the_yellowed_border_of_a_scan_is_not():
    pixels = np.full((540, 760, 3), (250, 240, 215), np.uint8)
    pixels[56:483, 60:700] = tinted("rocket", "grey", noise=4)
    assert has_one_tint(pixels)


@pytest.mark.parametrize("flag", [
    [(255, 0, 0), (255, 255, 255), (0, 0, 255)],
    [(0, 87, 183), (255, 215, 0)],  # two hues on one line through grey, at two lightnesses
    [(0, 0, 0), (221, 0, 0), (255, 206, 0)],
])  # fmt: skip
def test_flat_colours_are_colours(flag):
    pixels = np.repeat(np.array(flag, np.uint8), 20, axis=0)[:, None].repeat(90, axis=1)
    assert not has_one_tint(pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (2, 3), (65, 63), (700, 2)])
def test_any_size(shape):
    assert has_one_tint(np.full((*shape, 3), 77, np.uint8))
    assert has_one_tint(np.full((*shape, 3), (120, 100, 80), np.uint8))


def test_the_tolerance_counts():
    assert not has_one_tint(tinted("cat", "grey", noise=8), tolerance=0)
    assert has_one_tint(PHOTOS["cat"], tolerance=100)
