"""Uncompressed TIFFs deeper than eight bits, read by tifffile; a Pillow plugin, not registered.

    python -c "from colorize.formats.tiff import DeepTiff; \
print(DeepTiff(open('scan.tif', 'rb')).size)"

Pillow 12 refuses float colour, 16-bit grey with alpha and double precision, and reads some others
wrongly without a word: white-is-zero as a negative, separate 16-bit planes as noise. Compressed
ones are left to Pillow, for tifffile unpacks however many gigabytes a small file holds.
"""

import logging
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, ImageFile
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPage

from colorize.formats.pixels import eight_bits

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

COLOURS: dict[int, str] = {
    PHOTOMETRIC.MINISBLACK: "L",
    PHOTOMETRIC.MINISWHITE: "L",
    PHOTOMETRIC.RGB: "RGB",
}
ALPHAS: dict[int, str] = {EXTRASAMPLE.ASSOCALPHA: "a", EXTRASAMPLE.UNASSALPHA: "A"}

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # its remarks are for developers


class DeepTiff(ImageFile.ImageFile):
    """The first page of a TIFF; raises if it is not an uncompressed one of more than eight bits."""

    format = "TIFF"
    format_description = "TIFF of more than eight bits a sample"

    def _open(self) -> None:
        assert self.fp is not None, "Pillow opens a file before it asks what is in it"
        page = self._page = TiffFile(self.fp).pages.first
        if not _is_deep(page):
            raise SyntaxError("a TIFF for Pillow, or for nobody")
        alpha = ALPHAS.get(page.extrasamples[0], "") if page.extrasamples else ""
        self._mode = COLOURS[page.photometric] + alpha
        self._size = page.imagewidth, page.imagelength
        self.info["icc_profile"] = page.tags.valueof("InterColorProfile")
        self.info["dpi"] = page.get_resolution("inch")
        self.getexif()[ExifTags.Base.Orientation] = page.tags.valueof("Orientation", 1)

    def load(self) -> "PixelAccess | None":
        if self._im is None:
            self.im = Image.frombytes(self.mode, self.size, self._samples().tobytes()).im
        return Image.Image.load(self)

    def _samples(self) -> np.ndarray:
        """(H, W, C) uint8; colour and alpha are scaled apart, each to its own range."""
        samples = self._page.asarray()
        if self._page.axes == "SYX":
            samples = np.moveaxis(samples, 0, -1)
        samples = samples.reshape(self.height, self.width, -1)
        colours = 3 if self.mode.startswith("RGB") else 1
        colour, alpha = eight_bits(samples[..., :colours]), samples[..., colours : colours + 1]
        if self._page.photometric == PHOTOMETRIC.MINISWHITE:
            colour = 255 - colour
        if len(self.getbands()) == colours:
            return colour
        return np.concatenate([colour, eight_bits(alpha)], axis=-1)


def _is_deep(page: TiffPage) -> bool:
    """Whether the page is an uncompressed photo of 16, 32 or 64 bits a sample."""
    return (
        page.axes in ("YX", "YXS", "SYX")
        and page.samplesperpixel <= 4
        and page.dtype is not None
        and page.dtype.kind in "uif"
        and page.bitspersample == 8 * page.dtype.itemsize > 8
        and page.compression == COMPRESSION.NONE
        and page.nbytes <= page.parent.filehandle.size  # what is missing would be made of zeros
    )
