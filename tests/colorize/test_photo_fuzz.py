"""Two thousand damaged files end as a photo or as a PhotoError, and as nothing else."""

import io
import random

import numpy as np
import pytest
from PIL import ExifTags, Image

from colorize.photo import Photo, PhotoError, open_photo
from colorize.pixels import srgb_profile

SUFFIXES = [".jpg", ".png", ".tif", ".webp", ".avif", ".heic", ".gif", ".bmp", ".svg", ".txt", ""]
MAX_PIXELS = 100_000  # of the damaged sizes, only the small ones cost time


def exif() -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = 6
    made[ExifTags.Base.XResolution] = 300.0
    made.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"comment"
    return made


def samples() -> dict[str, bytes]:
    """One small file of every kind, some with a profile, EXIF and a second frame."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    grey, image = pixels[..., 0], Image.fromarray(pixels)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    extras = {"exif": exif(), "icc_profile": srgb_profile()}
    kinds = {
        "jpeg": (image, "JPEG", extras),
        "progressive jpeg": (image, "JPEG", {"progressive": True, "dpi": (300, 300)}),
        "grey jpeg": (Image.fromarray(grey), "JPEG", {}),
        "cmyk jpeg": (image.convert("CMYK"), "JPEG", {}),
        "double jpeg": (image, "MPO", {"save_all": True, "append_images": [image.copy()]}),
        "png": (image, "PNG", extras),
        "16-bit png": (deep, "PNG", {}),
        "palette png": (image.quantize(16), "PNG", {"transparency": 3}),
        "clear png": (image.convert("RGBA"), "PNG", {}),
        "animated png": (image, "PNG", {"save_all": True, "append_images": [image.rotate(90)]}),
        "tiff": (image, "TIFF", extras),
        "lzw tiff": (image, "TIFF", {"compression": "tiff_lzw", "exif": exif()}),
        "16-bit tiff": (deep, "TIFF", {"dpi": (300, 300)}),
        "deflated 16-bit tiff": (deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        "float tiff": (Image.fromarray(grey.astype(np.float32)), "TIFF", {}),
        "cmyk tiff": (image.convert("CMYK"), "TIFF", {}),
        "webp": (image, "WEBP", extras),
        "exact webp": (image.convert("RGBA"), "WEBP", {"lossless": True}),
        "animated webp": (image, "WEBP", {"save_all": True, "append_images": [image.rotate(90)]}),
        "avif": (image, "AVIF", extras),
        "clear avif": (image.convert("RGBA"), "AVIF", {}),
        "gif": (image, "GIF", {}),
        "animated gif": (image, "GIF", {"save_all": True, "append_images": [image.rotate(90)]}),
        "bmp": (image, "BMP", {"dpi": (300, 300)}),
        "palette bmp": (image.quantize(16), "BMP", {}),
        "jpeg 2000": (image, "JPEG2000", {}),
        "ppm": (image, "PPM", {}),
    }
    files = {}
    for name, (made, format, options) in kinds.items():
        file = io.BytesIO()
        made.copy().save(file, format, **options)
        files[name] = file.getvalue()
    return files


def truncated(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def bits_flipped(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    # Headers hold what leads decoders astray: half of the flips go there.
    end = rng.choice([min(len(data), 200), len(data)])
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def bytes_replaced(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    filler = rng.choice([b"\0", b"\xff", b"\x7f"]) * rng.choice([1, 4, 16])
    return data[:start] + filler + data[start + len(filler) :]


def part_missing(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice([1, 2, 8, 50]) :]


SAMPLES = samples()
DAMAGES = [truncated, bits_flipped, bytes_replaced, part_missing]
CASES = 19  # of each kind of file and damage: 27 x 4 x 19 = 2,052


@pytest.mark.parametrize("kind", SAMPLES)
def test_whole_files_open_under_any_name(kind):
    for suffix in SUFFIXES:
        assert open_photo(SAMPLES[kind], name="photo" + suffix).pixels.size == 16 * 24 * 3


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_damaged_files_end_as_a_photo_or_a_sentence(kind, damage):
    rng = random.Random(f"{kind} {damage.__name__}")  # its own seed, the same in every run
    for _ in range(CASES):
        data = damage(SAMPLES[kind], rng)
        try:
            photo = open_photo(data, name="photo" + rng.choice(SUFFIXES), max_pixels=MAX_PIXELS)
        except PhotoError as refusal:
            assert str(refusal).startswith('"photo') and str(refusal).endswith(".")
        else:
            assert isinstance(photo, Photo) and 0 < photo.pixels.size <= 3 * MAX_PIXELS


def test_there_are_two_thousand_cases():
    assert len(SAMPLES) * len(DAMAGES) * CASES >= 2000
