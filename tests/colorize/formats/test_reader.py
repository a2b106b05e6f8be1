"""Every format that is read, and every refusal with its sentence; all files are made here."""

import io
import struct
import sys
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile, PngImagePlugin

from colorize.formats.reader import PhotoError, read_photo
from tests.helpers.image_files import (
    ANIMATED,
    EXACT,
    LOSSY,
    PHOTO,
    SMOOTH,
    bombs,
    chunk,
    encoded,
    patched,
    png,
)


def read_bytes(data: bytes, **options) -> np.ndarray:
    return read_photo(io.BytesIO(data), **options).pixels


@pytest.mark.parametrize("name", EXACT)
def test_exact_formats(name):
    assert np.array_equal(read_bytes(EXACT[name]), SMOOTH)


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats(name):
    assert np.abs(read_bytes(LOSSY[name]).astype(int) - SMOOTH).mean() < 3


@pytest.mark.parametrize("name", ANIMATED)
def test_of_animations_and_pages_the_first(name):
    # A GIF's palette of 256 is the coarsest of them.
    assert np.abs(read_bytes(ANIMATED[name]).astype(int) - SMOOTH).mean() < 8


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "GIF", "BMP", "PPM"])
def test_grey(format):
    grey = Image.fromarray(SMOOTH[..., 0])
    options = {"lossless": True} if format == "WEBP" else {}
    pixels = read_bytes(encoded(grey, format, **options)).astype(int)
    assert np.abs(pixels - SMOOTH[..., :1]).max() <= 3


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "GIF"])
def test_palettes_and_single_bits(format):
    palette = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).convert("P")
    palette.putpalette(np.arange(768, dtype=np.uint8).tobytes())
    expected = np.asarray(palette.convert("RGB"))
    assert np.array_equal(read_bytes(encoded(palette, format)), expected)
    single = Image.fromarray(SMOOTH[..., 0] > 100)
    expected = np.asarray(single.convert("RGB"))
    assert np.array_equal(read_bytes(encoded(single, format)), expected)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_alpha_is_laid_on_white(format):
    clear = Image.merge("RGBA", [Image.new("L", (16, 16), v) for v in (200, 100, 0, 51)])
    options = {"lossless": True} if format == "WEBP" else {}
    pixels = read_bytes(encoded(clear, format, **options)).astype(int)
    assert np.abs(pixels - [244, 224, 204]).max() <= 2  # 0.2 of the colour and 0.8 of white


def test_sixteen_bits_of_png():
    values = np.arange(0, 65536, 257, dtype=np.uint16)[None]
    colour, clear = np.stack([values] * 3, axis=-1), np.stack([values, values], axis=-1)
    for colour_type, samples in ((0, values), (2, colour), (4, clear)):
        rows = b"\0" + samples.astype(">u2").tobytes()
        pixels = read_bytes(png(256, 1, 16, colour_type, rows))[0, :, 0].astype(float)
        expected = np.arange(256.0)
        if colour_type == 4:
            expected = expected * expected / 255 + 255 - expected
        assert np.abs(pixels - expected).max() <= 1


def test_a_16_bit_colour_that_stands_for_clear_breaks_nothing():
    rows = b"\0" + struct.pack(">6H", 60000, 1, 2, 3, 4, 5)
    for colour_type, width, key in ((2, 2, (60000, 1, 2)), (0, 6, (60000,))):
        data = png(
            width, 1, 16, colour_type, rows, chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
        )
        assert read_bytes(data).shape == (1, width, 3)


def test_float_tiffs():
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    assert np.array_equal(read_bytes(encoded(Image.fromarray(ramp), "TIFF"))[0, :, 0], range(256))


@pytest.mark.parametrize("quality", [75, 95])
def test_cmyk_jpegs_are_not_negatives(quality):
    cmyk = PHOTO.convert("CMYK")  # Pillow writes them inverted, with Adobe's marker, as Adobe does
    pixels = read_bytes(encoded(cmyk, "JPEG", quality=quality)).astype(int)
    assert np.abs(pixels - np.asarray(cmyk.convert("RGB"))).mean() < 4
    pixels = read_bytes(encoded(cmyk, "TIFF")).astype(int)
    assert np.array_equal(pixels, np.asarray(cmyk.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "LZW TIFF", "MPO"])
def test_exif_orientation_is_applied_once(format, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    if format == "LZW TIFF":
        format, options = "TIFF", {"compression": "tiff_lzw"}
    turn = (lambda a: a), np.fliplr, (lambda a: np.rot90(a, 2)), np.flipud
    back = (lambda a: a.swapaxes(0, 1)), (lambda a: np.rot90(a, -1))
    back += (lambda a: np.rot90(a.swapaxes(0, 1), 2)), np.rot90
    pixels = read_bytes(encoded(PHOTO, format, exif=exif, **options)).astype(int)
    expected = (turn + back)[orientation - 1](SMOOTH)
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).mean() < 6


def test_exif_behind_the_pixels_of_a_png_counts():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = encoded(PHOTO, "PNG")
    late = data[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:]
    assert np.array_equal(read_bytes(late), np.rot90(SMOOTH, -1))


def test_resolution_turns_with_the_photo():
    exif = Image.Exif()
    assert read_photo(io.BytesIO(encoded(PHOTO, "JPEG", dpi=(300, 150), exif=exif))).dpi == (
        300,
        150,
    )
    exif[ExifTags.Base.Orientation] = 8
    assert read_photo(io.BytesIO(encoded(PHOTO, "JPEG", dpi=(300, 150), exif=exif))).dpi == (
        150,
        300,
    )
    assert read_photo(io.BytesIO(encoded(PHOTO, "PNG", dpi=(300, 300)))).dpi == pytest.approx(
        (300, 300), 1e-3
    )
    assert read_photo(io.BytesIO(encoded(PHOTO, "TIFF", dpi=(300, 300)))).dpi == (300, 300)
    assert read_photo(io.BytesIO(encoded(PHOTO, "WEBP"))).dpi is None


@pytest.mark.parametrize("resolution", [0, 1, 4294967295])
def test_nonsense_for_a_resolution_is_none(resolution):
    data = struct.pack(">IIB", resolution, resolution, 1)
    nonsense = png(1, 1, 8, 0, b"\0\7", chunk(b"pHYs", data))
    assert read_photo(io.BytesIO(nonsense)).dpi is None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_is_passed_over_in_silence(format):
    for exif in (b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(9), b"Exif\0\0garbage", b"Exif\0\0"):
        data = encoded(PHOTO, format, exif=exif)
        assert read_bytes(data).shape == SMOOTH.shape  # a warning would be an error here


# Refusals


@pytest.mark.parametrize("side", [7100, 10_000, 16_000])  # below, within and beyond Pillow's limits
@pytest.mark.parametrize("format", bombs(1))
def test_more_than_50_megapixels_are_refused_by_the_header(format, side, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("was decoded"))
    with pytest.raises(PhotoError, match="at most 50 megapixels are read: make it smaller"):
        read_bytes(bombs(side)[format])


def test_the_refusal_names_the_size_and_the_file():
    with pytest.raises(PhotoError) as refusal:
        read_bytes(bombs(10_000)["png"], label='"big.png"')
    assert str(refusal.value) == (
        '"big.png" has 10000 x 10000 pixels; at most 50 megapixels are read: make it smaller first.'
    )


def test_the_limit_itself_is_allowed():
    data, pixels = EXACT["png"], SMOOTH.shape[0] * SMOOTH.shape[1]
    assert read_bytes(data, max_pixels=pixels).shape == SMOOTH.shape
    with pytest.raises(PhotoError, match=f"at most {(pixels - 1) / 1e6:g} megapixels"):
        read_bytes(data, max_pixels=pixels - 1)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"Dear grandmother, here is the photo.", "is not an image"),
        (bytes(2000), "is not an image"),
        (b"%PDF-1.7 ...", "is not an image"),
        (encoded(PHOTO, "JPEG2000"), "is not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not an image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing"),
        (b'\xef\xbb\xbf\n<?xml version="1.0"?>\n<!-- x -->\n<SVG/>', "is an SVG drawing"),
        (b"<html><body>No svg here</body></html>", "is not an image"),
        (png(0, 5, 8, 0, b""), "begins as PNG does .* without pixels"),
        (patched(EXACT["bmp"], 18, "<ii", 0, 0), "begins as BMP does .* without pixels"),
        (b"P6 0 0 255\n", "begins as PPM does"),
        (LOSSY["jpeg"][:100], "begins as JPEG does"),
        (b"II*\0", "begins as TIFF does"),
    ],
)
def test_what_is_no_photo(data, sentence):
    with pytest.raises(PhotoError, match=sentence):
        read_bytes(data)


@pytest.mark.parametrize("name", [*EXACT, *LOSSY])
def test_half_a_file_is_refused(name):
    data = (EXACT | LOSSY)[name]
    with pytest.raises(PhotoError, match="cut short.*: take another copy"):
        read_bytes(data[: len(data) // 2])


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


def test_heic_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match="pip install pillow-heif"):
        read_bytes(HEIC)


def test_a_broken_heic_is_not_called_something_else(monkeypatch):
    def opener(_):
        raise SyntaxError("broken")

    package = types.SimpleNamespace(HeifImageFile=opener)
    monkeypatch.setitem(sys.modules, "pillow_heif", package)
    with pytest.raises(PhotoError, match="begins as HEIC does but is broken"):
        read_bytes(HEIC)


def test_heic_goes_to_its_package(monkeypatch):
    def opener(file):
        assert file.read() == HEIC
        return Image.open(io.BytesIO(EXACT["png"]))

    package = types.SimpleNamespace(HeifImageFile=opener)
    monkeypatch.setitem(sys.modules, "pillow_heif", package)
    assert np.array_equal(read_bytes(HEIC), SMOOTH)


def test_heic_of_the_package_itself():
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(PHOTO).save(file, quality=95)
    reading = read_photo(file)
    assert reading.format == "HEIF"
    assert np.abs(reading.pixels.astype(int) - SMOOTH).mean() < 4
    with pytest.raises(PhotoError, match="at most 0.001 megapixels"):
        read_photo(file, max_pixels=1000)


def test_avif_with_a_general_brand_is_not_taken_for_heic():
    data = LOSSY["avif"].replace(b"ftypavif", b"ftypmif1", 1)
    assert read_bytes(data).shape == SMOOTH.shape


def test_text_bombs_of_png_are_refused():
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "x" * 2_000_000, zip=True)
    with pytest.raises(PhotoError):
        read_bytes(encoded(PHOTO, "PNG", pnginfo=info))


# Threads


def test_threads_read_alike_and_leave_the_settings_alone():
    corrupt = encoded(PHOTO, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(9))
    files = [*EXACT.values(), *LOSSY.values(), corrupt] * 4
    alone = [read_bytes(data) for data in files]
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read_bytes, files))
    after = list(warnings.filters), Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    assert before == after
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
