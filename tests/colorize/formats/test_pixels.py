"""Depth, transparency, colour space and orientation, each against values worked out by hand."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from colorize.formats.pixels import eight_bits, srgb_profile, upright_srgb

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (37, 53, 3), dtype=np.uint8)
SRGB_D50 = [[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7142]]
ADOBE_D50 = [[0.6097, 0.3111, 0.0195], [0.2053, 0.6257, 0.0609], [0.1492, 0.0632, 0.7446]]


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A minimal ICC display profile (version 2.1)."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data.ljust(-(-len(data) // 4) * 4, b"\0")
    header = struct.pack(">I4xI4s4s4s12x4s", 128 + len(table + body), 0x02100000, b"mntr", space,
                         b"XYZ ", b"acsp")  # fmt: skip
    header = header.ljust(68, b"\0") + xyz([0.9642, 1.0, 0.8249])[8:]
    return header.ljust(128, b"\0") + table + body


def xyz(values: list[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def matrix_profile(primaries: list[list[float]], exponent: float) -> bytes:
    tags = {b"wtpt": xyz([0.9642, 1.0, 0.8249])}
    for channel, primary in zip("rgb", primaries, strict=True):
        tags[f"{channel}XYZ".encode()] = xyz(primary)
        tags[f"{channel}TRC".encode()] = gamma(exponent)
    return profile(b"RGB ", tags)


def encode_srgb(linear: np.ndarray) -> np.ndarray:
    linear = linear.clip(0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def with_profile(pixels: np.ndarray, icc: bytes | None) -> Image.Image:
    image = Image.fromarray(pixels)
    image.info["icc_profile"] = icc
    return image


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300_000), (300_000, 1), (3, 2**18 + 1), (1500, 1000)], ids=str
)
def test_pixels_arrive_as_they_are(shape):
    pixels = RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)
    arrived = upright_srgb(Image.fromarray(pixels))
    assert np.array_equal(arrived, pixels)
    assert arrived.flags.writeable and arrived.flags.c_contiguous


def test_sixteen_bits_are_divided_by_257_and_rounded():
    values = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(eight_bits(values), np.round(values / 257))
    assert np.array_equal(eight_bits(values.astype(">u2")), np.round(values / 257))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_within_0_and_1_are_not_stretched(dtype):
    values = np.array([0.25, 0.5, 0.75], dtype)
    assert eight_bits(values).tolist() == [64, 128, 191]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([-1.0, 0.0, 1.0]), [0, 128, 255]),
        (np.array([0.0, 100.0, 400.0], np.float32), [0, 64, 255]),
        (np.array([-32768, 0, 32767], np.int16), [0, 128, 255]),
        (np.array([0, 2**31, 2**32 - 1], np.uint32), [0, 128, 255]),
        (np.array([np.nan, 0.0, 0.5, np.inf, -np.inf]), [0, 0, 128, 255, 0]),
        (np.array([np.nan, np.inf]), [0, 255]),
        (np.array([7.0, 7.0]), [0, 0]),
        (np.array([-1e308, 1e308]), [0, 0]),
    ],
)
def test_other_depths_are_scaled_by_their_range(values, expected):
    assert eight_bits(values).tolist() == expected


def test_a_16_bit_grey_ramp_is_not_clipped():
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None]
    pixels = upright_srgb(Image.fromarray(ramp))
    assert np.array_equal(pixels[0], np.repeat(np.arange(256)[:, None], 3, axis=1))


def test_pillows_own_32_bit_mode_is_16_bits():
    image = Image.fromarray(np.array([[0, 32768, 65535]], np.int32))
    assert upright_srgb(image)[0, :, 0].tolist() == [0, 128, 255]


UPRIGHT = {  # what EXIF says that the stored rows and columns are
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_every_orientation(orientation):
    upright = upright_srgb(Image.fromarray(COLOURS), orientation)
    assert np.array_equal(upright, UPRIGHT[orientation](COLOURS))


def test_an_unknown_orientation_is_upright():
    assert np.array_equal(upright_srgb(Image.fromarray(COLOURS), 9), COLOURS)


def test_half_clear_colours_are_mixed_with_white():
    clear = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
    # A fifth of the colour and four fifths of white: 0.2 * 200 + 0.8 * 255 = 244.
    expected = [[200, 100, 0], [255, 255, 255], [244, 224, 204]]
    assert upright_srgb(Image.fromarray(clear))[0].tolist() == expected


def test_clear_grey():
    image = Image.fromarray(np.array([[[100, 255], [100, 0], [100, 51]]], np.uint8))
    assert image.mode == "LA"
    assert upright_srgb(image)[0].tolist() == [[100] * 3, [255] * 3, [224] * 3]


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 51])])
def test_clear_palette_entries(transparency):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 200, 100, 0])
    image.info["transparency"] = transparency
    last = [200, 100, 0] if transparency == 1 else [244, 224, 204]
    assert upright_srgb(image)[0].tolist() == [[10, 20, 30], [255, 255, 255], last]


@pytest.mark.parametrize("mode, key", [("RGB", (1, 2, 3)), ("L", 7), ("1", 0)])
def test_a_colour_that_stands_for_clear(mode, key):
    image = Image.new(mode, (2, 1), key)
    image.putpixel((1, 0), 255 if isinstance(key, int) else (9, 9, 9))
    image.info["transparency"] = key
    assert upright_srgb(image)[0].tolist() == [[255] * 3, [255 if isinstance(key, int) else 9] * 3]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "RGBA", "LA", "La", "RGBa", "CMYK",
                                  "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B"])  # fmt: skip
def test_every_mode_of_pillow_becomes_a_photo(mode):
    pixels = upright_srgb(Image.new(mode, (3, 2)))
    assert pixels.shape == (2, 3, 3) and pixels.dtype == np.uint8


def test_cmyk_without_a_profile_is_pillows_conversion():
    image = Image.frombytes("CMYK", (8, 8), RNG.bytes(256))
    assert np.array_equal(upright_srgb(image), np.asarray(image.convert("RGB")))


def test_lab_greys_stay_grey():
    image = Image.merge("LAB", [Image.new("L", (1, 1), 137)] + [Image.new("L", (1, 1), 128)] * 2)
    red, green, blue = upright_srgb(image)[0, 0].tolist()
    assert abs(red - green) <= 1 and abs(green - blue) <= 1 and 120 < green < 136


def test_a_linear_profile_is_turned_into_srgb():
    pixels = upright_srgb(with_profile(COLOURS, matrix_profile(SRGB_D50, 1)))
    assert np.abs(pixels - encode_srgb(COLOURS / 255)).max() <= 1.5


def test_wider_primaries_are_turned_into_srgb():
    muted = COLOURS // 4 + 96  # inside the gamut of sRGB, so that nothing is clipped
    linear = (muted / 255) ** 2.2 @ np.array(ADOBE_D50) @ np.linalg.inv(SRGB_D50)
    pixels = upright_srgb(with_profile(muted, matrix_profile(ADOBE_D50, 2.2)))
    assert np.abs(pixels - encode_srgb(linear)).max() <= 1.5
    assert np.abs(pixels.astype(int) - muted).max() > 5  # or the test could not fail


def test_the_profile_counts_before_white_and_turning():
    image = Image.fromarray(np.dstack([COLOURS, np.full(COLOURS.shape[:2], 255, np.uint8)]))
    image.info["icc_profile"] = matrix_profile(SRGB_D50, 1)
    pixels = upright_srgb(image, orientation=6)
    assert np.abs(pixels - encode_srgb(np.rot90(COLOURS, -1) / 255)).max() <= 1.5


def test_a_grey_profile_keeps_greys_grey():
    grey = np.arange(256, dtype=np.uint8)[None]
    icc = profile(b"GRAY", {b"wtpt": xyz([0.9642, 1.0, 0.8249]), b"kTRC": gamma(1)})
    pixels = upright_srgb(with_profile(grey, icc))
    assert np.abs(pixels[..., 1] - encode_srgb(grey / 255)).max() <= 1.5
    assert np.ptp(pixels, axis=-1).max() == 0


def test_cmyk_with_an_rgb_profile_ignores_it():
    image = Image.frombytes("CMYK", (8, 8), RNG.bytes(256))
    image.info["icc_profile"] = matrix_profile(SRGB_D50, 1)
    assert np.array_equal(upright_srgb(image), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    "icc",
    [
        b"",
        b"no profile",
        bytes(200),
        matrix_profile(SRGB_D50, 1)[:150],
        profile(b"GRAY", {b"kTRC": gamma(1)}),
        profile(b"RGB ", {}),
    ],
)
def test_a_useless_profile_is_ignored(icc):
    assert np.array_equal(upright_srgb(with_profile(COLOURS, icc)), COLOURS)


def test_what_already_is_srgb_is_left_alone():
    for icc in (srgb_profile(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        assert np.array_equal(upright_srgb(with_profile(COLOURS, icc)), COLOURS)


def test_our_profile_is_srgb_and_always_the_same():
    opened = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert "sRGB" in ImageCms.getProfileDescription(opened)
    assert srgb_profile() == srgb_profile() and srgb_profile()[24:28] == b"\x07\xd0\0\1"  # 2000, 1
