"""Files made by hand to hurt: small ones that promise much, and large ones all of crumbs.

from tests.helpers.crafted import BOMBS
open_photo(BOMBS["jpeg of 1000 scans"]())

Each function makes one kind; `BOMBS` names those that are tried. `FLAT` are honest photos of nearly
the largest size in files of some kilobytes, which must be read.
"""

import functools
import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.helpers.image_files import PHOTO, bombs, chunk, encoded, patched, png

UPLOAD = 29_000_000  # bytes: what the app just takes
UNPACKED = 60_000_000  # bytes that sixty kilobytes become
SIDE = 7_000  # pixels: 49 megapixels, which are read


def tiff(payload: bytes, tags: dict[int, int | list[int]]) -> bytes:
    """Little-endian, one directory; the tags 273 and 324 (where pixels lie) are filled in."""

    def made(place: int) -> bytes:
        entries, beyond = [], b""
        rest = 8 + 2 + 12 * len(tags) + 4
        for tag, value in sorted(tags.items()):
            values = value if isinstance(value, list) else [value]
            values = [place] * len(values) if tag in (273, 324) else values
            data = struct.pack(f"<{len(values)}I", *values)
            where = data if len(values) == 1 else struct.pack("<I", rest + len(beyond))
            beyond += b"" if len(values) == 1 else data
            entries.append(struct.pack("<HHI", tag, 4, len(values)) + where)
        head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(entries)
        return head + bytes(4) + beyond

    return made(len(made(0))) + payload


def grey(side: int, compression: int) -> dict[int, int | list[int]]:
    return {256: side, 257: side, 258: 8, 259: compression, 262: 1, 277: 1}


def tile(side: int, compression: int, payload: bytes) -> bytes:
    """A TIFF of 10 x 10 pixels in one tile of side x side."""
    where = {322: side, 323: side, 324: 0, 325: len(payload)}
    return tiff(payload, grey(10, compression) | where)


def deep(side: int, bits: int, samples: int, present: bool) -> bytes:
    """A raw TIFF of so many bits a sample whose rows are all the same row, or are not there."""
    row = side * samples * bits // 8 if present else 0
    where = {273: [0] * side, 278: 1, 279: [row] * side}
    kind = {258: [bits] * samples, 277: samples, 339: [3 if bits == 64 else 1] * samples}
    kind |= {262: 2, 338: 2} if samples == 4 else {}
    return tiff(bytes(row), grey(side, 1) | kind | where)


def rle(width: int, height: int, body: bytes) -> bytes:
    """A BMP of runs; 0 2 X Y goes on X to the right and Y up."""
    start = 14 + 40 + 1024
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + bytes(1024) + body


def scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(Image.new("L", (side, side), 77), "JPEG", progressive=True, quality=50)
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * count + data[end:]


def hidden_scans(side: int, count: int) -> bytes:
    """The same, with a comment before each that looks like the end of the file."""
    data = encoded(Image.new("L", (side, side), 77), "JPEG", progressive=True, quality=50)
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    comment = b"\xff\xfe" + struct.pack(">H", 4) + b"\xff\xd9"
    return data[:end] + (comment + b"\xff\x01" + data[last:end]) * count + data[end:]


def segments(marker: int, payload: bytes) -> bytes:
    """A JPEG with as many of these segments as an upload holds."""
    data = encoded(PHOTO, "JPEG")
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload
    return data[:2] + segment * (UPLOAD // len(segment)) + data[2:]


def chunks(name: bytes, payload: bytes, count: int = 0) -> bytes:
    """A PNG with such chunks before its pixels, as many as an upload holds."""
    data, one = encoded(PHOTO, "PNG"), chunk(name, payload)
    return data[:33] + one * (count or UPLOAD // len(one)) + data[33:]


def comments(first: bytes, block: bytes, last: bytes) -> bytes:
    """A GIF with such blocks before its frame, as many as an upload holds."""
    data = encoded(PHOTO, "GIF")
    start = 13 + (3 * (2 << (data[10] & 7)) if data[10] & 128 else 0)
    return data[:start] + first + block * (UPLOAD // len(block)) + last + data[start:]


def flat(format: str, mode: str = "RGB", **options) -> bytes:
    return encoded(Image.new(mode, (SIDE, SIDE)), format, **options)


@functools.cache
def packed() -> bytes:
    return zlib.compress(bytes(UNPACKED), 9)


BOMBS: dict[str, Callable[[], bytes]] = {
    **{f"{kind} of 10000 x 10000": lambda kind=kind: bombs(10_000)[kind] for kind in bombs(1)},
    **{f"{kind} without its pixels": lambda kind=kind: bombs(SIDE)[kind] for kind in bombs(1)},
    "jpeg of 1000 scans": lambda: scans(SIDE, 1000),
    "jpeg of 1000 hidden scans": lambda: hidden_scans(SIDE, 1000),
    "jpeg, exif in crumbs": lambda: segments(0xE1, b"Exif\0\0x"),
    "jpeg, profile in crumbs": lambda: segments(0xE2, b"ICC_PROFILE\0\1\1"),
    "jpeg, empty segments": lambda: segments(0xE5, b""),
    "jpeg, fill bytes": lambda: b"\xff\xd8" + b"\xff" * UPLOAD + encoded(PHOTO, "JPEG")[2:],
    "png, profile unpacks": lambda: chunks(b"iCCP", b"x\0\0" + packed(), 1),
    "png, text unpacks": lambda: chunks(b"zTXt", b"x\0\0" + packed(), 1),
    "png, international text unpacks": lambda: chunks(b"iTXt", b"x\0\1\0\0\0" + packed(), 1),
    "png, texts in crumbs": lambda: chunks(b"tEXt", b"a\0b"),
    "png, chunks nobody knows": lambda: chunks(b"abCd", b""),
    "png, exif in crumbs": lambda: chunks(b"eXIf", b"II*\0\x08\0\0\0\0\0"),
    "png, more pixels than promised": lambda: png(1, 1, 8, 0, bytes(UNPACKED)),
    "gif, one long comment": lambda: comments(b"!\xfe", b"\xff" + b"x" * 255, b"\0"),
    "gif, comments in crumbs": lambda: comments(b"", b"!\xfe\1x\0", b""),
    "gif of 100 frames": lambda: encoded(PHOTO, "GIF", pages=100),
    "ppm, one long comment": lambda: b"P6 #" + b"x" * UPLOAD + b"\n1 1 255\nabc",
    "tiff, a tile that unpacks": lambda: tile(
        SIDE + 1000, 8, zlib.compress(bytes((SIDE + 1000) ** 2))
    ),
    "tiff, an empty tile": lambda: tile(40_000, 5, b""),
    "tiff, a raw tile": lambda: tile(40_000, 1, b""),
    "tiff, double rgba without pixels": lambda: deep(SIDE, 64, 4, present=False),
    "tiff, double rgba, one row for all": lambda: deep(SIDE, 64, 4, present=True),
    "tiff, 16 bits without pixels": lambda: deep(SIDE, 16, 1, present=False),
    "tiff of 100 pages": lambda: encoded(PHOTO, "TIFF", pages=100),
    "bmp, 255 wide rows at once": lambda: rle(50_000_000, 1, b"\0\2\xff\xff\0\1"),
    "bmp, 255 rows at once": lambda: rle(65_000, 1, b"\0\2\xff\xff\0\1"),
    "png of 1 x 5000000": lambda: encoded(Image.new("1", (1, 5_000_000)), "PNG"),
    "jpeg 2000, endless precincts": lambda: precincts(SIDE),
}
FLAT: dict[str, Callable[[], bytes]] = {
    "png": lambda: flat("PNG"),
    "png of 16 bits with alpha": lambda: png(SIDE, SIDE, 16, 6, bytes((SIDE * 8 + 1) * SIDE)),
    "jpeg": lambda: flat("JPEG"),
    "cmyk jpeg": lambda: flat("JPEG", "CMYK"),
    "progressive jpeg": lambda: flat("JPEG", progressive=True),
    "gif": lambda: flat("GIF", "P"),
    "bmp": lambda: flat("BMP", "1"),
    "webp": lambda: flat("WEBP", lossless=True, quality=0, method=0),
    "avif": lambda: flat("AVIF", speed=10),
    "tiff": lambda: flat("TIFF", compression="tiff_adobe_deflate"),
    "16-bit tiff": lambda: flat("TIFF", "I;16", compression="tiff_adobe_deflate"),
}


def precincts(side: int) -> bytes:
    """A JPEG 2000 cut into precincts of two pixels, each of which takes half a kilobyte."""
    data = encoded(Image.new("L", (64, 64)), "JPEG2000", no_jp2=True)
    size, code = data.index(b"\xff\x51"), data.index(b"\xff\x52")
    for at in (size + 6, size + 22):  # of the image, of its only tile
        data = patched(data, at, ">II", side, side)
    (length,) = struct.unpack_from(">H", data, code + 2)
    old = data[code + 4 : code + 2 + length]
    new = bytes([old[0] | 1]) + old[1:10] + b"\0" + b"\x11" * old[5]
    return data[: code + 2] + struct.pack(">H", len(new) + 2) + new + data[code + 2 + length :]


def strip(width: int, height: int, format: str = "PNG") -> bytes:
    """A photo as thin as it can be, of changing colours."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()
