import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import color

from colorize import paint
from colorize.lab import fit_gamut, lab_to_rgb, rgb_to_lab
from colorize.paint import Painter
from colorize.upsample import Lines
from tests.helpers.photos import speckled


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter()


def lines(height: int, width: int, slope: float, offset: float, seed: int = 0) -> Lines:
    random = torch.Generator().manual_seed(seed)
    shape = (1, 2, height, width)
    return Lines(
        slope * torch.randn(shape, generator=random), offset * torch.randn(shape, generator=random)
    )


def lightness(pixels: np.ndarray) -> np.ndarray:
    return color.rgb2lab(pixels)[..., 0]


def slowly(pixels: np.ndarray, way: Lines, saturation: float = 1.0) -> np.ndarray:
    """The same by the plain formulas of lab.py, all at once."""
    lab = rgb_to_lab(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double() / 255)
    slope, offset = (
        F.interpolate(x.double(), size=pixels.shape[:2], mode="bilinear")
        for x in (way.slope, way.offset)
    )
    ab = saturation * (slope * lab[:, :1] + offset)
    rgb = lab_to_rgb(torch.cat((lab[:, :1], fit_gamut(lab[:, :1], ab)), dim=1))
    return (rgb[0].permute(1, 2, 0) * 255).round().numpy()


@pytest.mark.parametrize("saturation", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("shape", [(90, 130), (300, 40), (7, 9)])
def test_agrees_with_the_plain_formulas(painter, shape, saturation):
    pixels, way = speckled(*shape), lines(12, 16, slope=0.2, offset=15)
    found, expected = painter.paint(pixels, way, saturation), slowly(pixels, way, saturation)
    off = np.abs(found.astype(int) - expected)
    assert (off > 2).mean() < 1e-3 and off.max() <= 16  # near black and white a little chroma is
    assert off.mean() < 0.1  # many levels, and on the gamut's edge the two may part


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("offset", [0, 10, 40, 120])
def test_lightness_stays(painter, gray, offset):
    pixels = speckled(200, 240, gray=gray)
    painted = painter.paint(pixels, lines(10, 12, slope=0.1, offset=offset))
    off = np.abs(lightness(painted) - lightness(pixels))
    assert off.max() < 0.5 and off.mean() < 0.1


def test_every_gray_stays_without_colour(painter):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert np.array_equal(painter.paint(ramp, lines(4, 4, 0, 0)), ramp)


def test_every_lightness_in_every_hue(painter):
    """Greys under colours of all hues, far outside the gamut: 0.5 of L at the most, also there."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2).repeat(72, axis=1)
    hue = torch.arange(72) * np.pi / 36
    wheel = torch.stack((hue.cos(), hue.sin()))[None, :, None]  # (1, 2, 1, 72)
    for chroma in (5, 30, 200):
        painted = painter.paint(ramp, Lines(wheel * 0, wheel * chroma))
        assert np.abs(lightness(painted) - lightness(ramp)).max() < 0.5


def test_a_gray_ramp_stays_monotone(painter):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(64, axis=0)
    painted = painter.paint(ramp, lines(6, 6, slope=0.1, offset=25))
    assert (np.diff(lightness(painted).mean(axis=0)) > 0).all()


def test_impossible_colours_keep_their_hue(painter):
    ramp = np.repeat(np.arange(40, 220, dtype=np.uint8)[:, None, None], 3, axis=2)
    ab = torch.tensor([90.0, -60]).view(1, 2, 1, 1)
    found = color.rgb2lab(painter.paint(ramp, Lines(ab * 0, ab)))[:, 0]
    hue, chroma = np.arctan2(found[:, 2], found[:, 1]), np.hypot(found[:, 1], found[:, 2])
    assert chroma.max() < 109 and chroma.min() > 5  # less than asked for, not none
    assert np.abs(hue - np.arctan2(-60, 90))[chroma > 20].max() < 0.05


def test_saturation_scales_chroma(painter):
    gray = np.full((20, 20, 3), 128, np.uint8)
    chroma = [
        np.hypot(*color.rgb2lab(painter.paint(gray, lines(1, 1, 0, 8), s))[0, 0, 1:])
        for s in (0, 0.5, 1, 2)
    ]
    assert chroma[0] < 0.5
    assert chroma[2] / chroma[1] == pytest.approx(2, rel=0.1)
    assert chroma[3] / chroma[2] == pytest.approx(2, rel=0.1)


def test_only_the_lightness_of_the_input_counts(painter):
    """A colour photo and its own grey version come out alike."""
    pixels, way = speckled(64, 64), lines(8, 8, 0.1, 20)
    gray = color.lab2rgb(color.rgb2lab(pixels) * [1, 0, 0])
    painted = painter.paint((gray * 255).round().astype(np.uint8), way)
    off = np.abs(painted.astype(int) - painter.paint(pixels, way))
    assert off.mean() < 0.6 and np.quantile(off, 0.999) <= 4


@pytest.mark.parametrize("strip", [1, 50, 333, 1 << 20])
def test_strips_leave_no_trace(painter, monkeypatch, strip):
    pixels, way = speckled(61, 50), lines(7, 5, 0.2, 60)
    whole = painter.paint(pixels, way)
    monkeypatch.setattr(paint, "STRIP", strip)
    monkeypatch.setattr(paint, "MANY", 100)
    assert np.abs(painter.paint(pixels, way).astype(int) - whole).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (70_000, 1), (2, 3)])
def test_any_shape(painter, monkeypatch, shape):
    monkeypatch.setattr(paint, "STRIP", 1 << 14)
    pixels, way = speckled(*shape), lines(4, 6, 0.1, 15)
    painted = painter.paint(pixels, way)
    assert painted.shape == pixels.shape and painted.dtype == np.uint8
    assert np.abs(painted.astype(int) - slowly(pixels, way)).max() <= 2


@pytest.mark.parametrize("change", ["read-only", "turned", "every second"])
def test_any_array(painter, change):
    pixels, way = speckled(40, 30), lines(4, 6, 0.1, 15)
    odd = {"read-only": pixels.copy(), "turned": pixels.swapaxes(0, 1), "every second": pixels[::2]}
    odd = odd[change]
    odd.flags.writeable = False
    before = odd.copy()
    expected = painter.paint(np.ascontiguousarray(odd), way)
    assert np.array_equal(painter.paint(odd, way), expected)
    assert np.array_equal(odd, before)  # and the photo itself is not painted over
