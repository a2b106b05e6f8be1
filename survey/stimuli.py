"""The images of a study: real and synthesized by one path, so that only their colours differ.

    pixels = square(open_photo("beach.jpg"), 256)
    images(pixels, {"real": pixels, "vivid": colorize(pixels, "vivid")})   # name -> PNG

A photo is cropped to its middle square and scaled. Whatever coloured it, nature or a model, only a
and b are taken from that: the lightness is the photo's own, the colours are fitted into sRGB, and
the PNG is written without compression, tagged as sRGB (some browsers fit only tagged images to
their screen), without other metadata. So all images of a study have the same length and the same
header, and `check` insists on it.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colorize.lab import fit_gamut, lab_to_pixels, pixels_to_lab
from colorize.photo import Photo, is_gray

Signature = tuple[int | bytes | tuple[bytes, int], ...]
SIZE = 256  # pixels on a side
RAINBOW = 70.0  # chroma of the absurd colours
FINGER = 16  # a fingerprint has so many bits on a side
ALIKE = 20  # of its 256 bits: with fewer that differ, two photos are one


class Unfit(ValueError):
    """A photo that cannot be used; the text is the reason."""


class Leak(ValueError):
    """Images that could be told apart without looking at them."""


def square(photo: Photo, size: int = SIZE, *, grey_too: bool = False) -> np.ndarray:
    """(size, size, 3) uint8: the middle of a photo that is large and colourful enough."""
    side = min(photo.height, photo.width)
    if side < size:
        raise Unfit(f"it is {photo.width} x {photo.height}, and {size} pixels are shown")
    if not grey_too and is_gray(photo):
        raise Unfit("it has hardly any colour, so nothing tells real from synthesized")
    top, left = (photo.height - side) // 2, (photo.width - side) // 2
    middle = Image.fromarray(photo.pixels[top : top + side, left : left + side])
    return np.asarray(middle.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0))


def fingerprint(pixels: np.ndarray) -> int:
    """256 bits that copies of a photo share: where lightness rises from left to right."""
    gray = Image.fromarray(pixels).convert("L").resize((FINGER + 1, FINGER))
    rises = np.diff(np.asarray(gray, dtype=np.int16), axis=1) > 0
    return int.from_bytes(np.packbits(rises).tobytes(), "big")


def alike(first: int, second: int) -> bool:
    return (first ^ second).bit_count() < ALIKE


def images(pixels: np.ndarray, coloured: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """Each version's colours on the lightness of `pixels`, as PNG; all (S, S, 3) uint8."""
    lightness = _lab(pixels)[:1]
    return {name: encode(_painted(lightness, _lab(c)[1:])) for name, c in coloured.items()}


def chroma(pixels: np.ndarray) -> float:
    """Mean colourfulness, in Lab."""
    return float(_lab(pixels)[1:].norm(dim=0).mean())


def absurd(pixels: np.ndarray) -> np.ndarray:
    """The photo in a rainbow along its lightness, which nobody who sees colours calls real."""
    lightness = _lab(pixels)[:1]
    hue = lightness / 100 * 3 * torch.pi
    return _painted(lightness, RAINBOW * torch.cat((hue.cos(), hue.sin())))


def encode(pixels: np.ndarray) -> bytes:
    """PNG of a length that depends on the size of the image alone."""
    file, tags = BytesIO(), PngInfo()
    tags.add(b"sRGB", b"\x00")  # rendered perceptually
    Image.fromarray(pixels).save(file, "PNG", compress_level=0, pnginfo=tags)
    return file.getvalue()


def check(paths: Iterable[Path]) -> None:
    """Refuse images of which a file's length, header or name would tell anything."""
    first: dict[Signature, str] = {}
    for path in paths:
        first.setdefault(signature(path.read_bytes()), path.name)
        if len(first) > 1:
            known, other = first
            raise Leak(f"{first[known]} and {first[other]} differ in {known} and {other}.")


def signature(png: bytes) -> Signature:
    """All that can be told of a PNG without its pixels: length, header, and chunks with lengths."""
    return (len(png), png[:33], *_chunks(png))


def _chunks(png: bytes) -> Iterator[tuple[bytes, int]]:
    at = 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        yield name, length
        at += 12 + length


def _lab(pixels: np.ndarray) -> torch.Tensor:
    """(3, S, S)"""
    return pixels_to_lab(pixels, torch.float64)


def _painted(lightness: torch.Tensor, ab: torch.Tensor) -> np.ndarray:
    """(1, S, S) and (2, S, S) -> (S, S, 3) uint8"""
    return lab_to_pixels(torch.cat((lightness, fit_gamut(lightness, ab))))
