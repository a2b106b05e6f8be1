"""Deep TIFFs in every layout, written by tifffile and compared with the array they hold."""

import contextlib
import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorize.formats.reader import PhotoError, read_photo
from colorize.formats.tiff import DeepTiff

HIGH = np.random.default_rng(0).integers(0, 65536, (20, 30, 4), dtype=np.uint16)
HIGH[0, 0], HIGH[0, 1] = 0, 65535  # so that scaling by the range is scaling by 65535
EIGHT = np.round(HIGH / 257)
VOLUME = np.stack([HIGH[:16, :16, 0]] * 16)
DEPTHS = {  # each holds the same values, up to rounding
    "uint16": HIGH,
    "int16": (HIGH.astype(int) - 32768).astype(np.int16),
    "uint32": HIGH.astype(np.uint32) * 65537,
    "float16": (HIGH / 65535).astype(np.float16),
    "float32": (HIGH / 65535).astype(np.float32),
    "float64": HIGH / 65535,
}


def tiff(samples: np.ndarray, **options) -> io.BytesIO:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    file.seek(0)
    return file


def assert_close(pixels: np.ndarray, expected: np.ndarray) -> None:
    assert pixels.shape == (20, 30, 3)
    assert np.abs(pixels - expected).max() <= 1  # Pillow, where it reads, cuts 16 bits to 8


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_colour(depth, byteorder):
    samples = DEPTHS[depth][..., :3]
    layout = {"photometric": "rgb", "byteorder": byteorder}
    assert_close(read_photo(tiff(samples, **layout)).pixels, EIGHT[..., :3])
    planes = np.moveaxis(samples, -1, 0)
    pixels = read_photo(tiff(planes, planarconfig="separate", **layout)).pixels
    assert_close(pixels, EIGHT[..., :3])


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_grey(depth, byteorder):
    samples = DEPTHS[depth][..., 0]
    black = read_photo(tiff(samples, photometric="minisblack", byteorder=byteorder)).pixels
    white = read_photo(tiff(samples, photometric="miniswhite", byteorder=byteorder)).pixels
    assert_close(black, EIGHT[..., :1])
    assert_close(white, 255 - EIGHT[..., :1])


@pytest.mark.parametrize("depth", ["uint16", "float32"])
@pytest.mark.parametrize("colours", [1, 3])
def test_alpha_is_laid_on_white(depth, colours):
    samples = DEPTHS[depth][..., -colours - 1:]  # fmt: skip
    photometric = "minisblack" if colours == 1 else "rgb"
    layout = {"photometric": photometric, "planarconfig": "contig"}
    colour, alpha = EIGHT[..., -colours - 1 : -1], EIGHT[..., -1:] / 255
    straight = read_photo(tiff(samples, extrasamples=["unassalpha"], **layout)).pixels
    assert_close(straight, colour * alpha + 255 * (1 - alpha))


@pytest.mark.parametrize("colours", [1, 3])
def test_alpha_that_is_already_in_the_colours(colours):
    alpha = HIGH[..., :1] / 65535
    premultiplied = HIGH[..., 1 : colours + 1] * alpha
    samples = np.concatenate([premultiplied, 65535 * alpha], axis=-1).astype(np.uint16)
    layout = {"photometric": "minisblack" if colours == 1 else "rgb", "planarconfig": "contig"}
    pixels = read_photo(tiff(samples, extrasamples=["assocalpha"], **layout)).pixels
    expected = premultiplied / 257 + 255 * (1 - alpha)
    assert np.abs(pixels - expected).max() <= 2  # unmultiplied and mixed again, in eight bits


def test_sixteen_bits_of_cmyk_are_pillows():
    pixels = read_photo(tiff(HIGH, photometric="separated")).pixels
    cmyk = Image.frombytes("CMYK", (30, 20), (HIGH >> 8).astype(np.uint8).tobytes())
    assert_close(pixels, np.asarray(cmyk.convert("RGB")).astype(int))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
def test_pillows_16_bit_grey(compression):
    file = io.BytesIO()
    Image.fromarray(HIGH[..., 0]).save(file, "TIFF", compression=compression)
    assert_close(read_photo(file).pixels, EIGHT[..., :1])


@pytest.mark.parametrize("depth", ["uint16", "float32"])
def test_compressed_white_is_zero_is_no_negative(depth):
    samples = DEPTHS[depth][..., 0]
    pixels = read_photo(tiff(samples, photometric="miniswhite", compression="zlib")).pixels
    assert_close(pixels, 255 - EIGHT[..., :1])


def test_compressed_colour_of_16_bits():
    for samples, planes in (
        (HIGH[..., :3], "contig"),
        (HIGH[..., :3].transpose(2, 0, 1), "separate"),
    ):
        file = tiff(samples, photometric="rgb", compression="zlib", planarconfig=planes)
        assert_close(read_photo(file).pixels, EIGHT[..., :3])


@pytest.mark.parametrize("bits", [16, 32])
def test_a_small_file_does_not_unpack_to_gigabytes(bits):
    strip = zlib.compress(bytes(200_000_000))
    tags = {256: 20, 257: 20, 258: bits, 259: 8, 262: 1, 273: 200, 277: 1, 278: 20, 279: len(strip)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    bomb = (b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries).ljust(200, b"\0") + strip
    tracemalloc.start()
    with contextlib.suppress(PhotoError):
        read_photo(io.BytesIO(bomb))
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_orientation_resolution_and_first_page():
    file = tiff(
        np.stack([HIGH[..., 0], HIGH[..., 1]]),
        photometric="minisblack",
        resolution=(300, 150),
        resolutionunit="inch",
        extratags=[(274, "H", 1, 6, True)],
    )
    reading = read_photo(file)
    assert reading.format == "TIFF" and reading.dpi == (150, 300)  # turned with the photo
    assert np.array_equal(reading.pixels[..., 0], np.rot90(EIGHT[..., 0], -1))


def test_without_a_resolution_there_is_none():
    assert read_photo(tiff(HIGH[..., :3], photometric="rgb")).dpi is None


@pytest.mark.parametrize(
    "file",
    [
        tiff(HIGH.astype(np.uint8), photometric="rgb"),
        tiff(VOLUME, photometric="minisblack", volumetric=True, tile=(16, 16, 16)),
        io.BytesIO(b"II*\0 and no more"),
    ],
    ids=["8 bits", "a volume", "broken"],
)
def test_what_is_not_deep_is_left_to_pillow(file):
    with pytest.raises((SyntaxError, tifffile.TiffFileError)):
        DeepTiff(file)
