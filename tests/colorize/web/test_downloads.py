import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorize.photo import PhotoError
from colorize.web.downloads import bundle, deliver, file_name, free_name
from colorize.web.error_messages import SORRY
from colorize.web.studio import Studio


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


def test_a_model_that_fails_in_the_middle_leaves_the_others_in_the_bundle(
    studio, tmp_path, monkeypatch
):
    paths = [photo(tmp_path / f"{name}.png", 40 * n) for n, name in enumerate("abc")]
    model = studio.colorizer("rebalanced").model
    forward, passes = model.forward, []

    def moody(x):
        passes.append(x)
        if len(passes) == 2:
            raise RuntimeError("the network tripped")
        return forward(x)

    monkeypatch.setattr(model, "forward", moody)
    archive = tmp_path / "out" / "photos.zip"
    problems = bundle(paths, deliver(studio, None, 0.4, 1.0, "", tmp_path / "out"), archive)
    assert problems == [f"b.png: {SORRY}"]
    with zipfile.ZipFile(archive) as bundled:
        assert bundled.namelist() == ["a-colorized.png", "c-colorized.png"]


def test_a_full_disk_leaves_no_half_file(studio, tmp_path, small_disk):
    wide = tmp_path / "wide.png"
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), dtype=np.uint8)
    Image.fromarray(noise).save(wide)
    out = small_disk.path / "out"
    colour = deliver(studio, None, 0.4, 1.0, "PNG", out)
    small_disk.fill(leave=300)
    with pytest.raises(PhotoError, match="cannot be written: No space left"):
        colour(str(wide))
    assert list(out.iterdir()) == []
    small_disk.free()
    assert colour(str(wide)).is_file()


@pytest.mark.parametrize("fails", ["write", "close"])
def test_a_full_disk_leaves_no_half_bundle(studio, tmp_path, monkeypatch, fails):
    real = getattr(zipfile.ZipFile, fails)

    def full(*args):
        monkeypatch.undo()
        real(*args)
        raise OSError(28, "No space left on device")

    colour = deliver(studio, None, 0.4, 1.0, "", tmp_path / "out")
    monkeypatch.setattr(zipfile.ZipFile, fails, full)
    archive = tmp_path / "out" / "photos.zip"
    with pytest.raises(OSError, match="No space"):
        bundle([photo(tmp_path / "a.png")], colour, archive)
    assert list(archive.parent.iterdir()) == []


@given(st.lists(st.sampled_from(["a.png", "a-2.png", "b", ".png", "a.b.png"]), max_size=12))
def test_no_name_is_given_twice(names):
    taken: set[str] = set()
    given_out = [free_name(name, taken) for name in names]
    assert len(set(given_out)) == len(names)


def test_names_keep_their_stem():
    assert file_name("/tmp/x/Großmutter 1931.jpeg", "JPEG") == "Großmutter 1931-colorized.jpg"


def test_names_of_results_hide_nothing():
    assert file_name("/tmp/x/\u202egpj.exe\x07.png", "PNG") == "gpj.exe-colorized.png"
    assert file_name("/tmp/x/\u200b.png", "PNG") == "png-colorized.png"
