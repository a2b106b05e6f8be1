"""From an open file to pixels: which decoder, which limits, and what to say when it cannot be.

    python -c "from colorize.formats.reader import read_photo; \
print(read_photo(open('scan.tif', 'rb')).pixels.shape)"

Only the formats below are tried: Pillow knows others that start programs (EPS), hold no photos, or
take gigabytes for a file of a few bytes (JPEG 2000).
"""

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from PIL import ExifTags, Image, ImageFile

from colorize.formats.bombs import Metered, decoded_size, is_endless
from colorize.formats.pixels import upright_srgb
from colorize.formats.tiff import DeepTiff

MAX_PIXELS = 50_000_000
MAX_SIDE = 65_500  # of a JPEG that can be written; and some decoders make room for many rows
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "GIF", "BMP", "PPM")
TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SVG_HEADS = (b"<svg", b"<?xml", b"<!--", b"<!doctype svg")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")

_hush = threading.Lock()


class PhotoError(ValueError):
    """A photo that cannot be read or written; the text says what is wrong and what to do."""


class Reading(NamedTuple):
    pixels: np.ndarray  # (H, W, 3) uint8, sRGB, upright
    format: str
    dpi: tuple[float, float] | None


def read_photo(file: BinaryIO, label: str = "The file", max_pixels: int = MAX_PIXELS) -> Reading:
    """The first image in `file`, from its start; `label` begins the sentence of a refusal."""
    file = _seekable(file)
    image = _open_image(file, label, max_pixels)
    _check_size(image, label, max_pixels)
    if is_endless(image, file):
        raise PhotoError(f"{label} is a JPEG of endless layers: save it anew.")
    try:
        # TIFF alone reads metadata while it decodes, and warns of what it finds there.
        with _hushed() if image.format == "TIFF" else nullcontext():
            image.load()
        orientation = _orientation(image)
        pixels = upright_srgb(image, orientation)
    except Exception as error:  # decoders raise whatever a broken file leads them to
        raise PhotoError(
            f"{label} is broken or cut short and cannot be decoded: take another copy of it."
        ) from error
    return Reading(pixels, image.format or "", _dpi(image, orientation))


def _open_image(file: BinaryIO, label: str, max_pixels: int) -> ImageFile.ImageFile:
    """The image with its header read and nothing decoded."""
    head = file.read(1024)
    file.seek(0)
    open_image, metered = _opener(head, label), Metered(file)
    try:
        with _hushed():
            return open_image(cast(BinaryIO, metered))
    except Image.DecompressionBombError as error:  # beyond Pillow's own limit, above ours
        size = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} megapixels"
        raise PhotoError(_too_large(label, size, max_pixels)) from error
    except Exception as error:  # plugins raise whatever a broken header leads them to
        raise PhotoError(_refusal(label, head)) from error
    finally:
        metered.free()  # pixels may take as many reads as they like


def _seekable(file: BinaryIO) -> BinaryIO:
    """The file at its start; all of it in memory if it is a pipe or a socket."""
    try:
        file.seek(0)
    except (AttributeError, OSError):
        return io.BytesIO(file.read())
    return file


def _check_size(image: Image.Image, label: str, max_pixels: int) -> None:
    width, height = decoded_size(image)
    size = f"{width} x {height} pixels"
    if width * height > max_pixels:
        raise PhotoError(_too_large(label, size, max_pixels))
    if max(width, height) > MAX_SIDE:
        raise PhotoError(
            f"{label} has {size}; at most {MAX_SIDE:,} a side are read: cut it into pieces first."
        )


def _opener(head: bytes, label: str) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    if _is_heic(head):
        try:
            from pillow_heif import HeifImageFile
        except ImportError as error:
            raise PhotoError(
                f"{label} is a HEIC photo, which needs one more package here: "
                "`pip install pillow-heif`, or save the photo as JPEG."
            ) from error
        heif: Callable[[BinaryIO], ImageFile.ImageFile] = HeifImageFile
        return heif
    return _open_tiff if head.startswith(TIFF_HEADS) else _open_other


def _is_heic(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and any(brand in head[8:64] for brand in HEIC_BRANDS)


def _open_tiff(file: BinaryIO) -> ImageFile.ImageFile:
    with suppress(Exception):  # not deep, or broken: Pillow will tell
        return DeepTiff(file)
    return _open_other(file)


def _open_other(file: BinaryIO) -> ImageFile.ImageFile:
    return Image.open(file, formats=FORMATS)


def _accepts(format: str, head: bytes) -> bool:
    accept = Image.OPEN[format][1]
    return accept is not None and bool(accept(head))


def _refusal(label: str, head: bytes) -> str:
    """Why an image could not even be opened."""
    if not head:
        return f"{label} is empty (0 bytes): take another copy of it."
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(SVG_HEADS) and b"<svg" in text:
        return f"{label} is an SVG drawing, not a photo: export it as PNG or JPEG first."
    Image.init()  # all formats: another package may have opened this file
    kinds = ["HEIC"] if _is_heic(head) else [f for f in FORMATS if _accepts(f, head[:16])]
    if kinds:
        return (
            f"{label} begins as {kinds[0]} does but is broken, cut short, without pixels or of a "
            "rare kind: take another copy of it, or save it anew as PNG."
        )
    return (
        f"{label} is not an image that can be read: "
        "take a JPEG, PNG, TIFF, WebP, AVIF, HEIC, GIF or BMP file."
    )


def _too_large(label: str, size: str, max_pixels: int) -> str:
    return (
        f"{label} has {size}; at most {max_pixels / 1e6:g} megapixels are read: "
        "make it smaller first."
    )


def _orientation(image: Image.Image) -> int:
    """How the loaded image lies, by EXIF: 1 (upright) to 8."""
    try:
        with _hushed():
            return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # broken EXIF, of which there is every kind, tells nothing
        return 1


def _dpi(image: Image.Image, orientation: int) -> tuple[float, float] | None:
    """Dots per inch along x and y of the upright image, where the file tells and it makes sense."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (1 < x < 50_000 and 1 < y < 50_000):
        return None
    return (y, x) if orientation >= 5 else (x, y)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keeps Pillow's remarks on odd metadata from our users. Python's warning filters are global,
    so one thread at a time; decoding, which takes the time, stays outside."""
    with _hush, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield
