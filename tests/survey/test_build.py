import json
import os
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from survey import manifest
from survey.build import build, model_name
from survey.protocol import StudyProtocol
from survey.store import Store
from survey.study import DesignError, Study
from tests.helpers.study import Participant

SIZE = 32
STUDY = Study(
    title="Built", models=("swap", "invert"), trials=4, practice=2, catch=0.25, exposure_ms=None
)


def colorize(pixels: np.ndarray, model: str) -> np.ndarray:
    return pixels[..., ::-1] if model == "swap" else 255 - pixels


def make_photos(folder: Path, n: int) -> list[Path]:
    """Clouds of colour, no two alike."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for i in range(n):
        cloud = Image.fromarray(rng.integers(0, 256, (8, 9, 3), dtype=np.uint8))
        cloud.resize((100, 90), Image.Resampling.BICUBIC).save(folder / f"photo{i}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def photos(tmp_path) -> list[Path]:
    return make_photos(tmp_path / "photos", 12)


def test_a_built_study_can_be_taken(tmp_path, photos, clock):
    built = build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)
    assert Study.load(tmp_path / "study") == built.study
    rows = json.loads((tmp_path / "study" / manifest.FILE).read_text())["photos"]
    assert [row["role"] for row in rows] == ["practice"] * 2 + ["catch"] + ["trial"] * 8
    assert built.photos == len(rows)
    used = {row["name"] for row in rows} | {row["name"] for row in built.left_out}
    assert used == {photo.name for photo in photos}
    store = Store(tmp_path / "study", durable=False)
    person = Participant(StudyProtocol(store, clock), clock)
    while person.trial:
        person.answer(exposure_ms=None)
    store.close()


def test_catch_trials_of_both_kinds_get_colourful_photos(tmp_path, photos):
    for path in photos[::2]:  # pale ones
        with Image.open(path) as image:
            pale = Image.blend(image.convert("L").convert("RGB"), image.convert("RGB"), 0.5)
        pale.save(path)
    study = replace(STUDY, real_catches=True, catch=0.5)
    build(photos, tmp_path / "study", study, colorize, size=SIZE)
    rows = json.loads((tmp_path / "study" / manifest.FILE).read_text())["photos"]
    assert [row["role"] for row in rows] == ["practice"] * 2 + ["catch"] * 2 + ["trial"] * 8
    vivid = {path.name for path in photos[1::2]}
    assert {row["name"] for row in rows if row["role"] == "catch"} <= vivid
    assert len({row["name"] for row in rows}) == len(rows)
    assert all({"real", "catch"} == set(r["images"]) for r in rows if r["role"] == "catch")


def test_nothing_outside_the_pixels_predicts_what_is_real(tmp_path, photos):
    """A forest that sees length, header bytes, dimensions and name does no better than a guess."""
    build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)
    rows = json.loads((tmp_path / "study" / manifest.FILE).read_text())["photos"]
    features, real = [], []
    for row in rows:
        for condition, image in row["images"].items():
            path = tmp_path / "study" / "stimuli" / image["file"]
            png = path.read_bytes()
            features.append(
                [len(png), *png[:48], *Image.open(BytesIO(png)).size, len(image["file"])]
            )
            real.append(condition == "real")
            assert not any(name in image["file"] for name in ("real", "swap", "invert", "catch"))
    guess = cross_val_score(DummyClassifier(), features, real, cv=4)
    forest = cross_val_score(RandomForestClassifier(20, random_state=0), features, real, cv=4)
    assert forest.mean() <= guess.mean()


def test_the_same_photos_and_seed_make_the_same_study(tmp_path, photos):
    first = build(photos, tmp_path / "a", STUDY, colorize, size=SIZE)
    second = build(reversed(photos), tmp_path / "b", STUDY, colorize, size=SIZE)
    assert first.study.sha256 == second.study.sha256


def test_what_cannot_be_used_is_left_out_with_its_reason(tmp_path, photos):
    folder = tmp_path / "photos"
    gray = np.repeat(data.camera()[:90, :90, None], 3, axis=2)
    Image.fromarray(gray).save(folder / "gray.png")
    Image.open(photos[0]).convert("RGB").save(folder / "copy.jpg", quality=90)
    Image.fromarray(data.coffee()[:20, :20]).save(folder / "small.png")
    (folder / "broken.jpg").write_bytes(b"no photo")
    built = build(folder.iterdir(), tmp_path / "study", STUDY, colorize, size=SIZE)
    reasons = {row["name"]: row["reason"] for row in built.left_out}
    assert "hardly any colour" in reasons["gray.png"]
    assert "20 x 20" in reasons["small.png"]
    assert reasons.get("copy.jpg", reasons.get("photo0.png", "")).startswith("it shows the same")
    assert reasons["broken.jpg"]
    assert built.unreadable == 1
    kept = json.loads((tmp_path / "study" / manifest.FILE).read_text())
    assert kept["left_out"] == built.left_out


@pytest.mark.skipif(os.name != "posix", reason="names that only POSIX allows")
def test_a_name_that_is_no_text_is_told_as_one(tmp_path, photos):
    photos[0] = photos[0].rename(photos[0].with_name(os.fsdecode(b"\xff.png")))
    built = build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)
    rows = json.loads((tmp_path / "study" / manifest.FILE).read_text())["photos"]
    assert "?.png" in {row["name"] for row in (*rows, *built.left_out)}
    Store(tmp_path / "study", durable=False).close()


def test_stimuli_without_a_row_do_not_stay(tmp_path, photos):
    build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)
    rows = json.loads((tmp_path / "study" / manifest.FILE).read_text())["photos"]
    named = {image["file"] for row in rows for image in row["images"].values()}
    assert {path.name for path in (tmp_path / "study" / "stimuli").iterdir()} == named


def test_a_limit_is_kept(tmp_path, photos):
    built = build(photos, tmp_path / "study", STUDY, colorize, size=SIZE, most=7)
    rows = manifest.load(tmp_path / "study", built.study)
    assert sum(row["role"] == "trial" for row in rows) == 4
    assert built.left_out == []


def test_too_few_photos_are_said_before_any_work(tmp_path, photos):
    def never(pixels, model):
        raise AssertionError("no photo should have been coloured")

    with pytest.raises(DesignError, match="6 photos were given and the study needs 7"):
        build(photos[:6], tmp_path / "study", STUDY, never, size=SIZE)
    with pytest.raises(DesignError, match="12 photos were given and the study needs 7"):
        build(photos, tmp_path / "study", STUDY, never, size=SIZE, most=3)
    assert not (tmp_path / "study").exists()


def test_a_folder_in_use_is_left_alone_and_a_broken_build_is_done_anew(tmp_path, photos):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(DesignError, match="not empty"):
        build(photos, tmp_path / "mine", STUDY, colorize, size=SIZE)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"

    def stop(pixels, model):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(photos, tmp_path / "study", STUDY, stop, size=SIZE)
    build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)
    with pytest.raises(DesignError, match="holds a study already"):
        build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)


def test_a_full_disk_is_a_sentence_and_the_study_is_built_when_there_is_room(
    tmp_path, photos, small_disk
):
    """Filled up to any page of it, study.json and manifest.json included."""
    folder = small_disk.path / "study"
    refused = 0
    for leave in (0, 1, 4, 20, 30, 34, 35, 36, 37, 38, 39):
        small_disk.fill(leave)
        try:
            build(photos, folder, STUDY, colorize, size=SIZE)
        except DesignError as error:
            refused += 1
            assert "No space is left" in str(error) and "run the same command again" in str(error)
            with pytest.raises(DesignError, match="holds no study.json"):
                Study.load(folder)
        else:
            assert Study.load(folder).photos_needed
            shutil.rmtree(folder)
        small_disk.free()
    assert 3 < refused < 11
    build(photos, folder, STUDY, colorize, size=SIZE)


@pytest.mark.parametrize("calls", range(1, 3))
def test_a_disk_that_is_full_at_the_last_moment(tmp_path, photos, monkeypatch, calls):
    """Where nothing may be mounted: the key is not written, or the design that goes with it."""
    left = iter(range(calls)[::-1])

    def full(_):
        if not next(left):
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("colorize.files.os.fsync", full)
        with pytest.raises(DesignError, match="No space is left"):
            build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)
    build(photos, tmp_path / "study", STUDY, colorize, size=SIZE)


def test_a_model_from_a_file_goes_by_its_name():
    assert model_name("runs/x/vivid.safetensors") == "vivid"
    assert model_name("rebalanced") == "rebalanced"
