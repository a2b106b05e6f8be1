"""Image files made byte by byte."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

# Smooth, so that the lossy formats keep it: red to the right, green downwards, blue upwards.
SMOOTH = np.stack(np.meshgrid(np.arange(64) * 4, np.arange(48) * 5), axis=-1)
SMOOTH = np.dstack([SMOOTH, 255 - SMOOTH[..., 1]]).astype(np.uint8)
PHOTO = Image.fromarray(SMOOTH)


def encoded(image: Image.Image, format: str, pages: int = 1, **options) -> bytes:
    file = io.BytesIO()
    if pages > 1:
        options |= {"save_all": True, "append_images": [ImageOps.invert(image)] * (pages - 1)}
    image.copy().save(file, format, **options)  # saving leaves traces in the image
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *before: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + body


EXACT = {
    "png": encoded(PHOTO, "PNG"),
    "opaque png with alpha": encoded(PHOTO.convert("RGBA"), "PNG"),
    "tiff": encoded(PHOTO, "TIFF"),
    "lzw tiff": encoded(PHOTO, "TIFF", compression="tiff_lzw"),
    "webp": encoded(PHOTO, "WEBP", lossless=True),
    "bmp": encoded(PHOTO, "BMP"),
    "ppm": encoded(PHOTO, "PPM"),
}

LOSSY = {
    "jpeg": encoded(PHOTO, "JPEG", quality=95),
    "progressive jpeg": encoded(PHOTO, "JPEG", quality=95, progressive=True),
    "jpeg in tiff": encoded(PHOTO, "TIFF", compression="jpeg", quality=95),
    "phone's double jpeg": encoded(PHOTO, "MPO", quality=95, pages=2),
    "webp": encoded(PHOTO, "WEBP", quality=95),
    "avif": encoded(PHOTO, "AVIF", quality=95),
}

ANIMATED = {
    "gif": encoded(PHOTO, "GIF", pages=2),
    "png": encoded(PHOTO, "PNG", pages=2),
    "webp": encoded(PHOTO, "WEBP", pages=2, lossless=True),
    "avif": encoded(PHOTO, "AVIF", pages=2, quality=95),
    "tiff": encoded(PHOTO, "TIFF", pages=2),
}


def tiff(width: int, height: int, bits: int) -> bytes:
    """A grey TIFF of one strip, which it does not have."""
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 200, 277: 1, 278: height}
    tags[279] = width * height * bits // 8 % 2**32
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(100)


def patched(data: bytes, at: int, layout: str, *values: int) -> bytes:
    return data[:at] + struct.pack(layout, *values) + data[at + struct.calcsize(layout) :]


def bombs(side: int) -> dict[str, bytes]:
    """Files of a few bytes whose headers promise side x side pixels."""
    jpeg, avif = LOSSY["jpeg"], LOSSY["avif"]
    vp8l = (side - 1) << 14 | (side - 1)
    return {
        "jpeg": patched(jpeg, jpeg.index(b"\xff\xc0") + 5, ">HH", side, side),
        "png": png(side, side, 1, 0, b""),
        "tiff": tiff(side, side, bits=8),
        "deep tiff": tiff(side, side, bits=16),
        "gif": patched(ANIMATED["gif"], 6, "<HH", side, side),
        "bmp": patched(EXACT["bmp"], 18, "<ii", side, side),
        "webp": b"RIFF"
        + struct.pack("<I", 40)
        + b"WEBPVP8L"
        + struct.pack("<IBI", 28, 0x2F, vp8l)
        + bytes(23),
        "avif": patched(avif, avif.index(b"ispe") + 8, ">II", side, side),
        "ppm": f"P6 {side} {side} 255\n".encode(),
    }
