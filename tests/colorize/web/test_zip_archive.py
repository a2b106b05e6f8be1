import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorize.settings import Settings
from colorize.web.handlers import SORRY
from colorize.web.studio import Studio
from colorize.web.zip_archive import free_name, save_zip

USUAL = Settings("rebalanced", 0.4)


@pytest.fixture
def studio(zoo_of_tiny_models) -> Studio:
    return Studio("cpu")


def photo(path: Path, value: int = 120) -> str:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((48, 64), value, np.uint8)).save(path)
    return str(path)


def test_a_bundle_holds_what_can_be_done_and_says_what_cannot(studio, tmp_path):
    paths = [photo(tmp_path / "a" / "x.png", 40), photo(tmp_path / "b" / "x.png", 200)]
    (tmp_path / "broken.png").write_bytes(b"nothing")
    archive = tmp_path / "out" / "photos.zip"
    given = [paths[0], str(tmp_path / "broken.png"), paths[1]]
    problems = save_zip(studio, given, Settings("regression"), None, archive)
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
    problems = save_zip(studio, paths, USUAL, "", archive)
    assert problems == [f"b.png: {SORRY}"]
    with zipfile.ZipFile(archive) as bundled:
        assert bundled.namelist() == ["a-colorized.png", "c-colorized.png"]


@pytest.mark.parametrize("fails", ["write", "close"])
def test_a_full_disk_leaves_no_half_bundle(studio, tmp_path, monkeypatch, fails):
    real = getattr(zipfile.ZipFile, fails)

    def full(*args):
        monkeypatch.undo()
        real(*args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, fails, full)
    archive = tmp_path / "out" / "photos.zip"
    with pytest.raises(OSError, match="No space"):
        save_zip(studio, [photo(tmp_path / "a.png")], USUAL, "", archive)
    assert list(archive.parent.iterdir()) == []


@given(st.lists(st.sampled_from(["a.png", "a-2.png", "b", ".png", "a.b.png"]), max_size=12))
def test_no_name_is_given_twice(names):
    taken: set[str] = set()
    given_out = [free_name(name, taken) for name in names]
    assert len(set(given_out)) == len(names)
