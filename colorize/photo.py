"""Photos in and out: the one loader that every door of the project uses, and the one writer.

    python -c "from colorize.photo import open_photo, save_photo; \
save_photo(open_photo('scan.tif'), 'scan.png')"

A photo is upright 8-bit sRGB on white, whatever the file was. What cannot or should not be read is
refused with a `PhotoError`, whose text is a sentence for people.
"""

import io
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, PngImagePlugin

from colorize.files import bare_name, same_file, write_whole
from colorize.formats.pixels import srgb_profile
from colorize.formats.reader import MAX_PIXELS, MAX_SIDE, PhotoError, read_photo
from colorize.monochrome import TOLERANCE, has_one_tint

__all__ = [
    "Photo",
    "PhotoError",
    "encode_photo",
    "is_gray",
    "open_photo",
    "save_photo",
    "shrink",
]

SAVED_AS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png"}
SCREEN = 1440  # pixels of the longer side of what is shown on a page


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels, and of the file they came from only what is worth keeping: no GPS, no EXIF."""

    pixels: np.ndarray  # (H, W, 3) uint8, sRGB, upright
    name: str = ""  # bare file name, safe to show and to save under; "" if unknown
    format: str = "PNG"  # Pillow's name of the source format
    dpi: tuple[float, float] | None = None  # dots per inch along x and y
    path: Path | None = None  # the file it was read from, which is never written over

    def __post_init__(self) -> None:
        shape, dtype = np.shape(self.pixels), getattr(self.pixels, "dtype", None)
        if dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise PhotoError(
                f"Pixels of shape {shape} and type {dtype} are no photo: "
                "give (height, width, 3) uint8 with at least one pixel."
            )
        object.__setattr__(self, "name", bare_name(self.name))

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def kept_format(self) -> str:
        """What it is saved as unless another is asked for: "JPEG" or "PNG"."""
        return "JPEG" if self.format in ("JPEG", "MPO") else "PNG"  # MPO: several JPEGs in one


def open_photo(
    source: str | Path | bytes | BinaryIO, *, name: str | None = None, max_pixels: int = MAX_PIXELS
) -> Photo:
    """The photo in a file, in bytes, or in an open binary file (from its start; left open)."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        with _open_file(path) as file:
            photo = _read(file, path.name if name is None else name, max_pixels)
        return replace(photo, path=path.absolute())
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read(io.BytesIO(source), name or "", max_pixels)
    own_name = getattr(source, "name", "")  # a path, or the number of a descriptor
    own_name = own_name if isinstance(own_name, str) else ""
    return _read(source, own_name if name is None else name, max_pixels)


def is_gray(photo: Photo, tolerance: float = TOLERANCE) -> bool:
    """Whether the photo is grey or of one tint, so that it has no colours to call original."""
    return has_one_tint(photo.pixels, tolerance)


def shrink(photo: Photo, side: int = SCREEN) -> Photo:
    """The photo with its longer side at most `side` pixels."""
    if max(photo.width, photo.height) <= side:
        return photo
    image = Image.fromarray(photo.pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return replace(photo, pixels=np.array(image))


def encode_photo(photo: Photo, format: str | None = None) -> bytes:
    """The photo as "JPEG" (4:4:4, quality 95) or "PNG"; by default a JPEG stays a JPEG."""
    format = format or photo.kept_format
    image = Image.fromarray(photo.pixels)
    encoded = io.BytesIO()
    match format:
        case "JPEG":
            _check_jpeg_side(photo)
            options = {"quality": 95, "subsampling": "4:4:4", "icc_profile": srgb_profile()}
        case "PNG":
            srgb = PngImagePlugin.PngInfo()
            srgb.add(b"sRGB", b"\0")  # perceptual intent: the one for photos
            # On photos, runs compress as well as zlib's level 6 does, in half the time.
            options = {"compress_type": zlib.Z_RLE, "pnginfo": srgb}
        case _:
            raise PhotoError(f'Photos are written as "JPEG" or "PNG", not as "{format}".')
    resolution = {"dpi": photo.dpi} if photo.dpi else {}
    image.save(encoded, format, **options, **resolution)
    return encoded.getvalue()


def save_photo(photo: Photo, path: str | Path, *, source: str | Path | None = None) -> Path:
    """Writes the photo as the suffix of `path` says, whole or not at all and never over its source.

    Adds a suffix where there is none, makes missing folders, and returns the path written.
    """
    try:
        path = _destination(photo, Path(path), source or photo.path)
        write_whole(path, encode_photo(photo, SAVED_AS[path.suffix.lower()]))
    except OSError as error:
        reason = error.strerror or error
        raise PhotoError(f"{_label(path)} cannot be written: {reason}.") from error
    return path


def _destination(photo: Photo, path: Path, source: str | Path | None) -> Path:
    label = _label(path)
    if path.is_dir():
        raise PhotoError(f"{label} is a folder: give the name of a file in it.")
    if not path.suffix:
        path = path.with_suffix(SUFFIXES[photo.kept_format])
    if path.suffix.lower() not in SAVED_AS:
        raise PhotoError(f"{label} cannot be written: choose a name that ends in .jpg or .png.")
    if source and same_file(path, Path(source)):
        raise PhotoError(f"{label} is the photo that was read: choose another name for the result.")
    return path


def _check_jpeg_side(photo: Photo) -> None:
    if max(photo.width, photo.height) > MAX_SIDE:
        raise PhotoError(
            f"The photo is {photo.width} x {photo.height} pixels, and a side of a JPEG ends at "
            f"{MAX_SIDE:,}: save it as PNG."
        )


def _read(file: BinaryIO, name: str, max_pixels: int) -> Photo:
    pixels, format, dpi = read_photo(file, _label(name), max_pixels)
    return Photo(pixels, name, format, dpi)


def _open_file(path: Path) -> BinaryIO:
    try:
        if path.is_file():  # a pipe or a device would keep us waiting for ever
            return path.open("rb")
        problem = "is a folder: give the photos in it" if path.is_dir() else "is not there"
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    raise PhotoError(f"{_label(path)} {problem}.")


def _label(name: str | Path) -> str:
    """How a sentence about the file begins."""
    bare = bare_name(str(name))
    return f'"{bare}"' if bare else "The file"
