"""Folders of other systems' pictures: what does not fit is named, and colours alone are taken."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize.lab import pixels_to_lab
from survey import manifest
from survey.__main__ import main
from survey.other_systems import find, named
from survey.study import DesignError, Study

NAMES = [f"{n}.jpg" for n in range(11)] + ["deeper/0.jpg"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Clouds of colour, in folders."""
    rng, folder = np.random.default_rng(2), tmp_path / "photos"
    for name in NAMES:
        cloud = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cloud.resize((90, 70), Image.Resampling.BICUBIC).save(path, quality=95)
    return folder


@pytest.fixture
def folder(photos: Path, tmp_path: Path) -> Path:
    """A system's pictures of them, as PNG: red and blue exchanged, and far too dark."""
    for path in photos.rglob("*.jpg"):
        picture = (tmp_path / "coloured" / path.relative_to(photos)).with_suffix(".png")
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(Image.open(path))[..., ::-1] // 2).save(picture)
    return tmp_path / "coloured"


def refused(photos: Path, folder: Path) -> list[str]:
    with pytest.raises(DesignError) as error:
        find("other", folder, sorted(photos.rglob("*.*")), photos)
    return str(error.value).splitlines()


def test_pictures_belong_to_photos_by_folder_and_name(photos, folder):
    system = find("other", folder, sorted(photos.rglob("*.jpg")), photos)
    assert system.pictures[photos / "deeper/0.jpg"] == folder / "deeper/0.png"
    assert system.pictures[photos / "0.jpg"] == folder / "0.png"
    assert len(system.pictures) == len(NAMES)


def test_nothing_but_colours_is_taken(photos, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("survey.build.load_models", lambda names, device: lambda p, _: p[..., ::-1])
    build = ["build", str(photos), "--models", "ours", "--add", f"theirs={folder}"]
    build += ["--design", "preference", "--output", str(tmp_path / "study"), "--size", "64"]
    build += ["--pairs", "uncertain", "--trials", "4", "--practice", "1", "--catch", "0.25"]
    assert main(build) == 0
    study = Study.load(tmp_path / "study")
    assert (study.models, study.pairs) == (("ours", "theirs"), "uncertain")
    different = []
    for row in manifest.load(tmp_path / "study", study):
        images = {
            version: np.asarray(Image.open(tmp_path / "study" / "stimuli" / image["file"]))
            for version, image in row["images"].items()
        }
        ours, theirs = (pixels_to_lab(images[name], torch.float64) for name in ("ours", "theirs"))
        assert (ours[0] - theirs[0]).abs().max() < 1.5  # of 100, where colours had to be fitted
        different.append(float((ours[1:] - theirs[1:]).abs().mean()))
    assert min(different) > 1  # half as bright, a picture has other colours
    assert len(different) == 12


def test_every_design_takes_them(photos, folder, tmp_path):
    build = ["build", str(photos), "--add", f"a={folder}", "--add", f"b={folder}", "--size", "64"]
    for design in ("single", "pair"):
        out = str(tmp_path / design)
        asked = ["--design", design, "--output", out, "--trials", "4", "--practice", "0"]
        assert main([*build, *asked, "--catch", "0"]) == 0
        assert Study.load(out).models == ("a", "b")


def test_missing_and_extra_pictures_are_named(photos, folder):
    (folder / "3.png").rename(folder / "three.png")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".4.png").write_bytes(b"a file system's own")
    missing, extra = refused(photos, folder)
    assert missing.startswith(f"other ({folder}) has no picture for 3.jpg. Give one")
    assert "has no photo for three.png." in extra
    for n in range(4, 11):
        (folder / f"{n}.png").unlink()
    missing, _ = refused(photos, folder)
    assert "no picture for 10.jpg, 3.jpg, 4.jpg, 5.jpg, 6.jpg and 3 more." in missing


def test_two_pictures_of_a_photo_are_named(photos, folder):
    Image.open(folder / "5.png").save(folder / "5.bmp")
    (said,) = refused(photos, folder)
    assert "more than one picture for 5.jpg. Leave one" in said


def test_each_kind_of_wrong_picture_is_named(photos, folder):
    (folder / "1.png").write_bytes(b"no picture")
    Image.open(folder / "2.png").resize((45, 35)).save(folder / "2.png")
    Image.open(photos / "4.jpg").convert("L").convert("RGB").save(folder / "4.jpg", quality=80)
    (folder / "4.png").unlink()
    Image.open(folder / "6.png").transpose(Image.Transpose.ROTATE_180).save(folder / "6.png")
    said = "\n".join(refused(photos, folder))
    for sentence in (
        "cannot read 1.png.",
        "another size than the photo: 2.png.",
        "no colours in 4.jpg.",
        "something else than the photo in 6.png.",
    ):
        assert sentence in said
    assert said.count("\n") == 3


def test_a_photo_that_cannot_be_read_is_the_study_s_to_leave_out(photos, folder):
    (photos / "7.jpg").write_bytes(b"broken")
    assert find("other", folder, sorted(photos.rglob("*.jpg")), photos).name == "other"


def test_a_weak_colour_or_a_flat_photo_is_no_fault(photos, folder):
    flat = Image.new("RGB", (90, 70), (120, 120, 121))
    flat.save(photos / "8.jpg")
    Image.new("RGB", (90, 70), (140, 118, 100)).save(folder / "8.png")
    sepia = Image.open(photos / "9.jpg").convert("L")
    Image.merge(
        "RGB", [sepia, sepia.point(lambda x: 0.9 * x), sepia.point(lambda x: 0.8 * x)]
    ).save(folder / "9.png")
    assert find("other", folder, sorted(photos.rglob("*.jpg")), photos)


def test_accents_may_be_written_apart(photos, folder):
    (photos / "0.jpg").rename(photos / unicodedata.normalize("NFC", "café.jpg"))
    (folder / "0.png").rename(folder / unicodedata.normalize("NFD", "café.png"))
    assert find("other", folder, sorted(photos.rglob("*.jpg")), photos)


@pytest.mark.parametrize("text", ["deoldify", "=folder", "x=", "a\nb=folder", "x" * 61 + "=folder"])
def test_what_is_no_name_and_folder_is_said(text):
    with pytest.raises(ValueError, match="is not NAME=FOLDER"):
        named(text)
    assert named("a b=x=y") == ("a b", Path("x=y"))


def test_the_command_says_what_is_wrong_and_builds_nothing(photos, folder, tmp_path, capsys):
    (folder / "3.png").unlink()
    build = ["build", str(photos), "--output", str(tmp_path / "study"), "--size", "64"]
    assert main([*build, "--add", f"theirs={folder}"]) == 2
    assert "no picture for 3.jpg" in capsys.readouterr().err
    assert main([*build, "--add", f"theirs={tmp_path / 'nowhere'}"]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert main([*build, "--add", f"real={folder}"]) == 2
    assert "cannot be called 'real'" in capsys.readouterr().err
    assert main([*build, "--models", "regression", "--add", f"regression={folder}"]) == 2
    assert "repeat" in capsys.readouterr().err
    assert main(build) == 2
    assert "names no model" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


def test_the_manifest_tells_what_was_added(photos, folder, tmp_path):
    build = ["build", str(photos), "--add", f"a={folder}", "--output", str(tmp_path / "study")]
    options = ["--size", "64", "--trials", "4", "--practice", "1", "--catch", "0.25"]
    assert main([*build, *options]) == 0
    rows = json.loads((tmp_path / "study" / "manifest.json").read_text())["photos"]
    assert {tuple(sorted(row["images"])) for row in rows} >= {("a", "real")}
