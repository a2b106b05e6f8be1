"""From an image as Pillow opened it to what every model expects: upright 8-bit sRGB pixels.

    python -c "from PIL import Image; from colorize.formats.pixels import upright_srgb; \
print(upright_srgb(Image.open('scan.tif')).shape)"

Nothing here knows of files, names or limits: those are `colorize.photo`'s.
"""

import functools
import io
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms

if TYPE_CHECKING:
    from PIL._imagingcms import CmsProfile

# Of 16 MB each, that Pillow keeps for its next image: memory fresh from the system costs as much as
# half a decoding, three times a photo.
Image.core.set_blocks_max(4)  # type: ignore[attr-defined]

# EXIF orientation -> the turn that brings the image upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright_srgb(image: Image.Image, orientation: int = 1) -> np.ndarray:
    """(H, W, 3) uint8, writable: depth, transparency, colour space and orientation settled."""
    upright = _to_srgb(_flat(image), image.info.get("icc_profile"))
    if orientation in TURNS:
        upright = upright.transpose(TURNS[orientation])
    return _to_array(upright)


def eight_bits(samples: np.ndarray) -> np.ndarray:
    """Samples of any depth as uint8: 16 bits by 257, [0, 1] by 255, all else by its own range."""
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype.kind == "u" and samples.dtype.itemsize == 2:
        return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    values = samples.astype(np.promote_types(samples.dtype, np.float32))
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        if samples.dtype.kind != "f" or low < 0 or high > 1:
            values = (values - low) / (high - low if high > low else 1)
    values = 255 * np.nan_to_num(values, nan=0, posinf=1, neginf=0) + 0.5
    eight: np.ndarray = values.astype(np.uint8)
    return eight


def _flat(image: Image.Image) -> Image.Image:
    """One of the 8-bit modes without alpha (L, RGB, CMYK, LAB, YCbCr): what was clear is white."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits_of(image))
    if image.has_transparency_data:
        return _on_white(image)
    return _as_mode(image, {"1": "L", "P": "RGB"}.get(image.mode, image.mode))


def _eight_bits_of(image: Image.Image) -> np.ndarray:
    samples = np.asarray(image)
    if image.mode == "I":  # 32 bits in which Pillow holds 16 (PGM)
        samples = samples.clip(0, 65535).astype(np.uint16)
    white_is_zero = getattr(image, "tag_v2", {}).get(262) == 0  # which Pillow forgets in deep TIFFs
    return 255 - eight_bits(samples) if white_is_zero else eight_bits(samples)


def _on_white(image: Image.Image) -> Image.Image:
    clear = _as_mode(image, "LA" if image.mode == "La" else image.mode).convert("RGBA")
    alpha = clear.getchannel("A")
    flat = clear.convert("RGB")
    if alpha.getextrema() != (255, 255):
        flat = Image.composite(flat, Image.new("RGB", image.size, "white"), alpha)
    return _as_mode(flat, "L" if image.mode in ("1", "L", "LA", "La") else "RGB")


def _to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Without its profile; of any mode that converts to RGB."""
    convert = _converter(icc, image.mode) if icc else None
    return convert(image) if convert else image


def _as_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)  # which copies, even when equal


@functools.lru_cache(maxsize=8)  # the photos of one camera or scanner share their profile
def _converter(icc: bytes, mode: str) -> Callable[[Image.Image], Image.Image] | None:
    """From the profile to sRGB, or None where that changes nothing or the profile is of no use."""
    exact = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        transform = ImageCms.buildTransform(profile, _srgb(), mode, "RGB", flags=exact)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None  # broken, or made for other channels than the image has
    probe = _probe(mode)
    converted = transform.apply(probe)
    change = np.subtract(np.asarray(converted), np.asarray(probe.convert("RGB")), dtype=np.int16)
    if np.abs(change).max() <= 1:
        return None
    if mode == "L":  # a table is exact, where lcms takes a short cut that is off in the shadows
        return functools.partial(Image.Image.point, lut=list(converted.convert("L").tobytes()))
    return transform.apply


def _probe(mode: str) -> Image.Image:
    """Every colour of the 6 x 6 x 6 cube (x 6 for CMYK) or every grey, one pixel each."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    steps = np.arange(256) if bands == 1 else np.linspace(0, 255, 6)
    colours = np.stack(np.meshgrid(*[steps] * bands), axis=-1).reshape(-1, bands)
    return Image.frombytes(mode, (len(colours), 1), colours.astype(np.uint8).tobytes())


def _to_array(image: Image.Image) -> np.ndarray:
    """`np.array(image.convert("RGB"))` strip by strip, each of which stays in the cache: four times
    as fast, and no second image in memory."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, 2**18 // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        pixels[top:bottom] = np.asarray(_as_mode(image.crop((0, top, width, bottom)), "RGB"))
    return pixels


def srgb_profile() -> bytes:
    """The ICC profile of sRGB, its date fixed so that equal photos make equal files."""
    icc = ImageCms.ImageCmsProfile(_srgb()).tobytes()
    return icc[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + icc[36:]


def _srgb() -> "CmsProfile":
    return ImageCms.createProfile("sRGB")
