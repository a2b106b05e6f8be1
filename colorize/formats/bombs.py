"""Small files that would keep a decoder busy for hours or fill the memory, found in time.

    python -m tests.stress bombs        # all of them, with the seconds and megabytes that they take

What a header promises is limited in reader.py. Here is what headers do not tell: metadata in
endless crumbs, JPEGs that are painted over and over, tiles far larger than their image.
"""

import math
import re
from typing import BinaryIO

from PIL import Image

READS = 5_000  # until a header is read; a photo with profile, EXIF and XMP takes about a hundred
SCANS = 100  # of a JPEG; a progressive one has about ten
MARKERS = 5_000  # of a JPEG
TILE_WIDTH, TILE_LENGTH = 322, 323  # tags of TIFF

# The next marker that something follows: not a stuffed byte, a fill byte, a restart or TEM.
_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd7])")
_SOS, _EOI = 0xDA, 0xD9


class Endless(Exception):
    """A header that is not worth reading on."""


class Metered:
    """An open file that may be read only so often until it is `free`.

    Pillow reads metadata bit by bit in Python, adding each to the last: minutes for some
    megabytes of crumbs.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left: float = READS

    def read(self, size: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise Endless(f"The header takes more than {READS} reads.")
        return self._file.read(size)

    def free(self) -> None:
        self._left = math.inf

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def is_endless(image: Image.Image, file: BinaryIO) -> bool:
    """Whether this is a JPEG of so many scans, each over the whole picture, that none ends."""
    if image.format not in ("JPEG", "MPO"):
        return False
    file.seek(0)
    data = file.read()
    return data.count(bytes((0xFF, _SOS))) > SCANS and _scans(data) > SCANS


def _scans(data: bytes) -> float:
    """The scans of a JPEG, counted as its decoder meets them; infinite if it is in crumbs."""
    scans, at = 0, 2
    for _ in range(MARKERS):
        marker = _MARKER.search(data, at)
        if marker is None or marker[1][0] == _EOI:
            return scans
        scans += marker[1][0] == _SOS
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return math.inf


def decoded_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of what is decoded at once: the image, or a tile that reaches beyond it."""
    tags = getattr(image, "tag_v2", {})
    width, height = tags.get(TILE_WIDTH), tags.get(TILE_LENGTH)
    if isinstance(width, int) and isinstance(height, int):
        return max(image.size, (width, height), key=lambda size: size[0] * size[1])
    return image.size
