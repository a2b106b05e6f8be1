import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorize.deliver import bundle, deliver, file_name, free_name
from colorize.studio import Studio


@pytest.fixture
def studio(zoo_of_tiny_models) -> Studio:
    return Studio("cpu")


def photo(path: Path, value: int = 120) -> str:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((48, 64), value, np.uint8)).save(path)
    return str(path)


@pytest.mark.parametrize(
    "name, wish, made, kind",
    [
        ("old.jpg", None, "old-colorized.jpg", "JPEG"),
        ("old.png", "", "old-colorized.png", "PNG"),
        ("old.tif", None, "old-colorized.png", "PNG"),
        ("old.jpg", "PNG", "old-colorized.png", "PNG"),
        ("a.b.png", "JPEG", "a.b-colorized.jpg", "JPEG"),
    ],
)
def test_the_file_is_what_was_asked_for(studio, tmp_path, name, wish, made, kind):
    colour = deliver(studio, None, 0.4, 1.0, wish, tmp_path / "out")
    done = colour(photo(tmp_path / name))
    with Image.open(done) as image:
        assert (done.name, image.format, image.size) == (made, kind, (64, 48))


def test_a_bundle_holds_what_can_be_done_and_says_what_cannot(studio, tmp_path):
    paths = [photo(tmp_path / "a" / "x.png", 40), photo(tmp_path / "b" / "x.png", 200)]
    (tmp_path / "broken.png").write_bytes(b"nothing")
    archive = tmp_path / "out" / "photos.zip"
    colour = deliver(studio, "regression", None, 1.0, None, tmp_path / "out")
    problems = bundle([paths[0], str(tmp_path / "broken.png"), paths[1]], colour, archive)
    assert len(problems) == 1 and "broken.png" in problems[0]
    with zipfile.ZipFile(archive) as bundled:
        assert bundled.namelist() == ["x-colorized.png", "x-colorized-2.png"]
        sizes = [Image.open(io.BytesIO(bundled.read(name))).size for name in bundled.namelist()]
    assert sizes == [(64, 48)] * 2
    assert [file.name for file in archive.parent.iterdir()] == ["photos.zip"]  # nothing left behind


@given(st.lists(st.sampled_from(["a.png", "a-2.png", "b", ".png", "a.b.png"]), max_size=12))
def test_no_name_is_given_twice(names):
    taken: set[str] = set()
    given_out = [free_name(name, taken) for name in names]
    assert len(set(given_out)) == len(names)


def test_names_keep_their_stem():
    assert file_name("/tmp/x/Großmutter 1931.jpeg", "JPEG") == "Großmutter 1931-colorized.jpg"
