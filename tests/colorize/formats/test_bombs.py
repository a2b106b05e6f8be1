"""What headers do not tell. Whole bombs are in tests/helpers/crafted.py."""

import io

import pytest

from colorize.formats.bombs import READS, SCANS, Endless, Metered
from colorize.photo import PhotoError, open_photo
from tests.helpers.crafted import hidden_scans, scans, tile
from tests.helpers.image_files import PHOTO, chunk, encoded


def test_a_metered_file_is_read_so_often_and_then_freely():
    file = Metered(io.BytesIO(bytes(2 * READS)))
    assert all(file.read(1) == b"\0" for _ in range(READS))
    with pytest.raises(Endless, match=f"more than {READS} reads"):
        file.read(1)
    file.free()
    assert file.tell() == READS
    assert all(file.read(1) == b"\0" for _ in range(READS))


@pytest.mark.parametrize("make", [scans, hidden_scans])
def test_a_jpeg_may_have_scans_but_not_without_end(make):
    """A progressive JPEG has some of its own; those in a comment are none."""
    assert open_photo(make(16, SCANS - 20)).width == 16
    with pytest.raises(PhotoError, match="a JPEG of endless layers: save it anew"):
        open_photo(make(16, SCANS + 1))


def test_what_only_looks_like_scans_is_none():
    data = encoded(PHOTO, "JPEG", comment=b"\xff\xda\0\2" * (SCANS + 1))
    film = b"\xff\xda" * (SCANS + 1)  # as phones append
    assert open_photo(data + film).width == PHOTO.width


def test_tiles_count_as_what_is_decoded():
    with pytest.raises(PhotoError, match="20000 x 20000 pixels; at most 50 megapixels"):
        open_photo(tile(20_000, 5, b""))


def test_a_photo_with_much_to_tell_is_read():
    """A profile in 255 pieces, and hundreds of notes."""
    whole = encoded(PHOTO, "JPEG", icc_profile=bytes(255 * 65_519))
    assert open_photo(whole).width == PHOTO.width
    png = encoded(PHOTO, "PNG")
    notes = b"".join(chunk(b"tEXt", b"note\0%d" % n) for n in range(900))
    assert open_photo(png[:33] + notes + png[33:]).width == PHOTO.width
