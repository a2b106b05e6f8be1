"""The doors in and out: sources, names, what a saved file holds, and what is never overwritten."""

import dataclasses
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from colorize.photo import Photo, PhotoError, encode_photo, is_gray, open_photo, save_photo

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
PHOTO = Photo(PIXELS)


@pytest.fixture
def png(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path)
    return path


def is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8")


# In


def test_every_door_leads_to_the_same_photo(png):
    data = png.read_bytes()
    with png.open("rb") as file:
        file.read(5)  # wherever it stands
        sources = [png, str(png), data, bytearray(data), memoryview(data), io.BytesIO(data), file]
        for source in sources:
            photo = open_photo(source)
            assert np.array_equal(photo.pixels, PIXELS)
            assert (photo.format, photo.height, photo.width) == ("PNG", 24, 32)
        assert not file.closed


def test_a_pipe_is_read(png):
    out, into = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(into, png.read_bytes()), os.close(into)))
    writer.start()
    with os.fdopen(out, "rb") as pipe:
        assert np.array_equal(open_photo(pipe).pixels, PIXELS)
    writer.join()


def test_names(png):
    data = png.read_bytes()
    assert open_photo(png).name == "photo.png"
    assert open_photo(png, name="../other\n.png").name == "other.png"
    assert open_photo(data).name == ""
    assert open_photo(data, name="x" * 300 + ".png").name.endswith("x.png")
    with png.open("rb") as file:
        assert open_photo(file).name == "photo.png"
    with open(os.open(png, os.O_RDONLY), "rb") as numbered:  # noqa: PTH123
        assert open_photo(numbered).name == ""


def test_the_suffix_does_not_matter(png):
    other = png.rename(png.with_name("photo.jpg"))
    assert open_photo(other).format == "PNG"


def test_a_photo_is_writeable_and_its_own(png):
    photo = open_photo(png)
    photo.pixels[0, 0] = 7
    assert np.array_equal(open_photo(png).pixels, PIXELS)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.jpg", '"missing.jpg" is not there.'),
        ("x" * 5000, "cannot be read: File name too long."),
        ("folder", '"folder" is a folder: give the photos in it.'),
        ("pipe", '"pipe" is not there.'),
        ("nul\0.jpg", '"nul.jpg" is not there.'),
        ("empty.jpg", '"empty.jpg" is empty'),
        ("text\n.jpg", '"text.jpg" is not an image'),
    ],
)
def test_what_cannot_be_opened(tmp_path, name, sentence):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text\n.jpg").write_text("text")
    with pytest.raises(PhotoError) as refusal:
        open_photo(tmp_path / name)
    assert sentence in str(refusal.value)


def test_a_file_that_may_not_be_read(png, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PhotoError, match='"photo.png" cannot be read: Permission denied'):
        open_photo(png)


def test_the_limit_can_be_chosen(png):
    with pytest.raises(PhotoError, match='"photo.png" has 32 x 24 pixels; at most 0.0001 mega'):
        open_photo(png, max_pixels=100)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3)),
        [[[1, 2, 3]]],
    ],
)
def test_only_pixels_make_a_photo(pixels):
    with pytest.raises(PhotoError, match="are no photo: give"):
        Photo(pixels)


def test_gray():
    grey = Photo(np.repeat(PIXELS[..., :1], 3, axis=-1))
    assert is_gray(grey) and not is_gray(PHOTO) and is_gray(PHOTO, tolerance=200)


# Out


@pytest.mark.parametrize(
    ("source", "jpeg"),
    [("JPEG", True), ("MPO", True), ("PNG", False), ("WEBP", False), ("", False)],
)
def test_a_jpeg_stays_a_jpeg_and_all_else_is_png(tmp_path, source, jpeg):
    photo = Photo(PIXELS, format=source)
    assert is_jpeg(encode_photo(photo)) == jpeg
    saved = save_photo(photo, tmp_path / "result")
    assert saved == tmp_path / ("result.jpg" if jpeg else "result.png")
    assert saved.read_bytes() == encode_photo(photo)


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "png", "Png"])
def test_the_suffix_decides(tmp_path, suffix):
    saved = save_photo(PHOTO, str(tmp_path / f"result.{suffix}"))
    assert is_jpeg(saved.read_bytes()) == suffix.lower().startswith("j")


def test_png_is_exact():
    assert np.array_equal(open_photo(encode_photo(PHOTO, "PNG")).pixels, PIXELS)


def test_jpeg_is_95_at_full_colour_resolution():
    stripes = np.tile(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), (64, 32, 1))
    data = encode_photo(Photo(stripes), "JPEG")
    expected = io.BytesIO()
    Image.fromarray(stripes).save(expected, "JPEG", quality=95, subsampling=0)
    assert np.array_equal(open_photo(data).pixels, open_photo(expected).pixels)
    assert np.abs(open_photo(data).pixels.astype(int) - stripes).max() < 12  # 4:2:0 makes it purple


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_files_say_srgb_and_the_resolution_and_nothing_else(tmp_path, format):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "A camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 3.0, 0.0)
    source = tmp_path / "source.jpg"
    Image.fromarray(PIXELS).save(source, dpi=(300, 300), exif=exif, comment=b"private")
    data = encode_photo(open_photo(source), format)
    assert not any(word in data for word in (b"camera", b"Exif", b"private", b"GPS"))
    image = Image.open(io.BytesIO(data))
    assert not image.getexif()
    assert image.info["dpi"] == pytest.approx((300, 300), 1e-3)
    known = {"dpi", "jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile", "srgb"}
    assert set(image.info) <= known and {"icc_profile", "srgb"} & set(image.info)


def test_equal_photos_make_equal_files():
    assert encode_photo(PHOTO, "JPEG") == encode_photo(Photo(PIXELS.copy()), "JPEG")
    assert encode_photo(PHOTO, "PNG") == encode_photo(Photo(PIXELS.copy()), "PNG")


def test_pixels_of_any_memory_layout_are_written():
    turned = PIXELS[::-1, ::2].transpose(1, 0, 2)
    assert np.array_equal(open_photo(encode_photo(Photo(turned))).pixels, turned)


@pytest.mark.parametrize("name", ["result.tif", "result.webp", "result.v2"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(PhotoError, match=f'"{name}" cannot be written: choose .* .jpg or .png'):
        save_photo(PHOTO, tmp_path / name)
    with pytest.raises(PhotoError, match='not as "WEBP"'):
        encode_photo(PHOTO, "WEBP")


def test_a_jpeg_has_an_end():
    long = Photo(np.zeros((1, 70_000, 3), np.uint8))
    with pytest.raises(PhotoError, match="70000 x 1 pixels, .* 65,500: save it as PNG"):
        encode_photo(long, "JPEG")
    assert encode_photo(long).startswith(b"\x89PNG")


def test_a_photo_has_an_end_too():
    """Some decoders make room for 255 rows at once, however wide."""
    for shape in ((1, 65_500, 3), (65_500, 1, 3)):
        whole = Photo(np.zeros(shape, np.uint8))
        for format in ("PNG", "JPEG"):
            assert open_photo(encode_photo(whole, format)).pixels.shape == shape
    with pytest.raises(PhotoError, match="65501 x 1 pixels; at most 65,500 a side are read"):
        open_photo(encode_photo(Photo(np.zeros((1, 65_501, 3), np.uint8))))


def test_the_source_is_never_overwritten(png, tmp_path):
    before, photo = png.read_bytes(), open_photo(png)
    (tmp_path / "link.png").symlink_to(png)
    (tmp_path / "sub").mkdir()
    changed = dataclasses.replace(photo, pixels=255 - PIXELS)  # as colorizing does
    for path in (png, tmp_path / "link.png", tmp_path / "sub/../photo.png", png.with_suffix("")):
        with pytest.raises(PhotoError, match="is the photo that was read: choose another name"):
            save_photo(changed, path)
        with pytest.raises(PhotoError, match="is the photo that was read"):
            save_photo(PHOTO, path, source=png)
    assert png.read_bytes() == before
    saved = save_photo(changed, tmp_path / "other.png")
    assert np.array_equal(open_photo(saved).pixels, 255 - PIXELS)


def test_the_source_is_known_from_another_folder(png, monkeypatch):
    monkeypatch.chdir(png.parent)
    photo = open_photo("photo.png")
    monkeypatch.chdir("/")
    with pytest.raises(PhotoError, match="is the photo that was read"):
        save_photo(photo, png)


@pytest.mark.parametrize("folder", ["", ".", "..", "/"])
def test_a_folder_is_no_name_for_a_file(tmp_path, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PhotoError, match="is a folder: give the name of a file in it"):
        save_photo(PHOTO, folder)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "result.png", tmp_path / ("x" * 300 + ".png")):
        with pytest.raises(
            PhotoError, match="cannot be written: (Not a directory|File name too|Fi)"
        ):
            save_photo(PHOTO, path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PhotoError, match='"a.png" cannot be written: No space left on device.'):
        save_photo(PHOTO, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_reading_photos_needs_neither_torch_nor_gradio():
    code = "import sys, colorize.photo; print({'torch', 'gradio', 'skimage'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert result.stdout == "set()\n"
