"""Damaged photos of every kind that is read: small, endless in number, the same for the same seed.

python -c "from tests.helpers.mutants import mutants; print(*mutants(10, seed=1), sep='\\n')"
"""

import io
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import ExifTags, Image

from colorize.formats.pixels import srgb_profile

SUFFIXES = (".jpg", ".png", ".tif", ".webp", ".avif", ".gif", ".bmp", ".ppm", ".jpeg", ".mpo")
NUMBERS = (0, 1, 2, 3, 7, 100, 255, 256, 1000, 2048, 4096, 20_000, 32_767, 65_535, 2**24, 2**31 - 1)
NUMBERS += (2**31, 2**32 - 1)
METADATA = (b"Exif", b"eXIf", b"ICC", b"iCCP", b"acsp", b"II*\0", b"MM\0*")
SIDES = 48, 64  # pixels of a whole file
HEAD = 200  # bytes that hold what leads decoders astray


@dataclass(frozen=True)
class Mutant:
    number: int
    kind: str  # of the file that it was
    damage: str
    name: str
    data: bytes = field(repr=False)


def mutants(count: int, seed: int = 0) -> Iterator[Mutant]:
    """Every kind and damage in turn, with what is left to chance drawn anew each time."""
    files = samples(*SIDES, seed)
    pairs = [(kind, damage) for kind in files for damage in DAMAGES]
    for number in range(count):
        rng = random.Random(f"{seed} {number}")  # any mutant can be made again without the others
        kind, damage = pairs[number % len(pairs)]
        data = damage(files[kind], rng, list(files.values()))
        name = f"{number:05}{rng.choice(SUFFIXES)}"
        yield Mutant(number, kind, damage.__name__, name, data)


def samples(shortest: int = 16, longest: int = 24, seed: int = 0) -> dict[str, bytes]:
    """One whole file of every kind, some with a profile, EXIF and a second frame."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (shortest, longest, 3), dtype=np.uint8)
    grey, image = pixels[..., 0], Image.fromarray(pixels)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    extras = {"exif": exif(), "icc_profile": srgb_profile()}
    twice = {"save_all": True, "append_images": [image.rotate(90)]}
    kinds = {
        "jpeg": (image, "JPEG", extras),
        "progressive jpeg": (image, "JPEG", {"progressive": True, "dpi": (300, 300)}),
        "grey jpeg": (Image.fromarray(grey), "JPEG", {}),
        "cmyk jpeg": (image.convert("CMYK"), "JPEG", {}),
        "double jpeg": (image, "MPO", twice),
        "png": (image, "PNG", extras),
        "16-bit png": (deep, "PNG", {}),
        "palette png": (image.quantize(16), "PNG", {"transparency": 3}),
        "clear png": (image.convert("RGBA"), "PNG", {}),
        "animated png": (image, "PNG", twice),
        "tiff": (image, "TIFF", extras),
        "lzw tiff": (image, "TIFF", {"compression": "tiff_lzw", "exif": exif()}),
        "16-bit tiff": (deep, "TIFF", {"dpi": (300, 300)}),
        "deflated 16-bit tiff": (deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        "float tiff": (Image.fromarray(grey.astype(np.float32)), "TIFF", {}),
        "cmyk tiff": (image.convert("CMYK"), "TIFF", {}),
        "webp": (image, "WEBP", extras),
        "exact webp": (image.convert("RGBA"), "WEBP", {"lossless": True}),
        "animated webp": (image, "WEBP", twice),
        "avif": (image, "AVIF", extras),
        "clear avif": (image.convert("RGBA"), "AVIF", {}),
        "gif": (image, "GIF", {}),
        "animated gif": (image, "GIF", twice),
        "bmp": (image, "BMP", {"dpi": (300, 300)}),
        "palette bmp": (image.quantize(16), "BMP", {}),
        "ppm": (image, "PPM", {}),
    }
    return {name: encoded(*kind) for name, kind in kinds.items()}


def encoded(image: Image.Image, format: str, options: dict) -> bytes:
    file = io.BytesIO()
    image.copy().save(file, format, **options)  # saving leaves traces in the image
    return file.getvalue()


def exif() -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = 6
    made[ExifTags.Base.XResolution] = 300.0
    made.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"comment"
    return made


# Damages: (data, chance, all whole files) -> data


def truncated(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    return data[: rng.randrange(len(data))]


def bits_flipped(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    damaged = bytearray(data)
    end = rng.choice([min(len(data), HEAD), len(data)])
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def bytes_replaced(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    start = rng.randrange(len(data))
    filler = rng.choice([b"\0", b"\xff", b"\x7f"]) * rng.choice([1, 4, 16])
    return data[:start] + filler + data[start + len(filler) :]


def part_missing(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice([1, 2, 8, 50]) :]


def number_in_the_head(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    """Some field of the header becomes an extreme number."""
    size, at = rng.choice([1, 2, 4]), rng.randrange(min(len(data), HEAD))
    number = rng.choice(NUMBERS) % 256**size
    return data[:at] + number.to_bytes(size, rng.choice(["big", "little"])) + data[at + size :]


def size_lied_about(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    """Width or height, wherever and however it is written, becomes another number."""
    layout, old = rng.choice([">H", "<H", ">I", "<I"]), rng.choice(SIDES)
    new = rng.choice([n for n in NUMBERS if n < 256 ** struct.calcsize(layout)])
    return data.replace(struct.pack(layout, old), struct.pack(layout, new))


def parts_swapped(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    a, b, c, d = sorted(rng.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def part_repeated(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:b] + data[a:b] * rng.choice([1, 2, 50]) + data[b:]


def rubbish_appended(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    return data + rng.choice([rng.randbytes(rng.choice([1, 100, 5000])), rng.choice(files)])


def rubbish_within(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    """Where a profile, EXIF or other metadata lies, or begins, is something else."""
    marks = [
        m for m in (b"Exif", b"ICC", b"iCCP", b"eXIf", b"acsp", b"II*\0", b"MM\0*") if m in data
    ]
    at = data.index(rng.choice(marks)) + 4 if marks else rng.randrange(min(len(data), HEAD))
    rubbish = rng.randbytes(rng.choice([4, 40, 400]))
    return data[:at] + rubbish + data[at + len(rubbish) :]


def of_two_kinds(data: bytes, rng: random.Random, files: list[bytes]) -> bytes:
    """It begins as one file and goes on as another."""
    end = rng.choice([2, 4, 12, HEAD, len(data) // 2])
    return data[:end] + rng.choice(files)[rng.choice([0, end]) :]


Damage = Callable[[bytes, random.Random, list[bytes]], bytes]
DAMAGES: list[Damage] = [
    truncated,
    bits_flipped,
    bytes_replaced,
    part_missing,
    number_in_the_head,
    size_lied_about,
    parts_swapped,
    part_repeated,
    rubbish_appended,
    rubbish_within,
    of_two_kinds,
]
