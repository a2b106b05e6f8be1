import csv
import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.data.cache import Cache, DataError
from train.data.draft import Draft
from train.data.prepare import prepare

QUIET = {"workers": 1, "progress": False}
FILES = ("pixels.bin", "index.npy", "names.bin", "skipped.csv")


def contents(cache: Path) -> dict[str, bytes]:
    return {name: (cache / name).read_bytes() for name in FILES}


def sides(cache: Cache) -> dict[bytes, str]:
    """Which side each photo is on, by its pixels."""
    return {cache.photo(i).tobytes(): side for side in cache.splits for i in cache.split(side)}


def test_small_photos_are_stored_exactly(album, tmp_path):
    source = album(6)
    cache = prepare(source, tmp_path / "cache", **QUIET)
    assert len(cache) == 6
    assert cache.classes == ("even", "odd")
    for i in range(6):
        assert np.array_equal(cache.photo(i), np.asarray(Image.open(source / cache.name(i))))
        assert cache.classes[cache.labels[i]] == Path(cache.name(i)).parent.name


@pytest.mark.parametrize(
    ("height", "width", "stored"),
    [(90, 60, (30, 20)), (60, 90, (20, 30)), (20, 400, (20, 400)), (12, 9, (12, 9))],
)
def test_the_short_side_is_shrunk_and_never_enlarged(album, tmp_path, height, width, stored):
    source = album(1, height=height, width=width)
    cache = prepare(source, tmp_path / "cache", short_side=20, **QUIET)
    assert cache.photo(0).shape == (*stored, 3)
    original = np.asarray(Image.open(source / "even/0000.png")).mean((0, 1))
    assert np.allclose(cache.photo(0).mean((0, 1)), original, atol=3)


def test_square_pads_with_white_around_the_middle(album, tmp_path):
    cache = prepare(album(1, height=10, width=20), tmp_path / "c", square=True, **QUIET)
    photo = cache.photo(0)
    assert photo.shape == (20, 20, 3)
    assert (photo[:5] == 255).all()
    assert (photo[15:] == 255).all()
    assert (photo[5:15] < 255).any(axis=(1, 2)).all()


def test_a_photo_keeps_its_side_whatever_its_name_and_company(album, tmp_path):
    source = album(60)
    shares = {"val": 0.3, "test": 0.3}
    before = sides(prepare(source, tmp_path / "before", splits=shares, **QUIET))
    photos = sorted(source.rglob("*.png"))
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for i, path in enumerate(reversed(photos[::2])):
        shutil.copy(path, renamed / f"other-{i}.png")
    after = sides(prepare(renamed, tmp_path / "after", splits=shares, **QUIET))
    assert len(after) == 30
    assert set(before.values()) == {"train", "val", "test"}
    assert all(before[photo] == side for photo, side in after.items())


def test_the_side_does_not_depend_on_the_stored_size(album, tmp_path):
    source = album(40)
    large = prepare(source, tmp_path / "large", splits={"val": 0.5}, **QUIET)
    small = prepare(source, tmp_path / "small", splits={"val": 0.5}, short_side=8, **QUIET)
    assert 0 < len(large.split("val")) < 40
    assert np.array_equal(large.split("val"), small.split("val"))


def test_shares_are_met(album, tmp_path):
    cache = prepare(album(300), tmp_path / "cache", splits={"val": 0.2, "test": 0.1}, **QUIET)
    # Four standard deviations of a binomial count.
    assert abs(len(cache.split("val")) - 60) < 4 * np.sqrt(300 * 0.2 * 0.8)
    assert abs(len(cache.split("test")) - 30) < 4 * np.sqrt(300 * 0.1 * 0.9)


def test_broken_and_grey_images_are_listed_with_the_reason(album, tmp_path):
    source = album(4)
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    Image.fromarray(grey).save(source / "grey.png")
    (source / "text.jpg").write_text("not an image")
    (source / "empty.png").touch()
    whole = (source / "even/0000.png").read_bytes()
    (source / "half.png").write_bytes(whole[: len(whole) // 2])
    (source / "broken.tar").write_bytes(b"x" * 2000)
    cache = prepare(source, tmp_path / "cache", **QUIET)
    assert len(cache) == 4
    with (tmp_path / "cache/skipped.csv").open(newline="") as file:
        reasons = {row["name"]: row["reason"] for row in csv.DictReader(file)}
    assert list(reasons) == ["broken.tar", "empty.png", "grey.png", "half.png", "text.jpg"]
    assert "nearly grey" in reasons["grey.png"]
    assert "tar" in reasons["broken.tar"]
    assert all(reasons.values())
    assert not any(" at 0x" in reason for reason in reasons.values())


@pytest.mark.skipif(os.name != "posix", reason="names that only POSIX allows")
def test_a_folder_whose_name_is_no_text_is_a_label(album, tmp_path):
    source = album(6)
    name = os.fsdecode(b"\xff")
    (source / "even").rename(source / name)
    cache = prepare(source, tmp_path / "cache", **QUIET)
    assert set(cache.classes) == {name, "odd"}
    assert Cache.open(tmp_path / "cache").classes == cache.classes


def test_min_chroma_zero_keeps_grey(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (9, 9), (90, 90, 90)).save(tmp_path / "photos/grey.png")
    assert len(prepare(tmp_path / "photos", tmp_path / "cache", min_chroma=0, **QUIET)) == 1


def test_workers_do_not_change_the_cache(album, tmp_path):
    source = album(100)
    (source / "broken.png").touch()
    prepare(source, tmp_path / "one", **QUIET)
    prepare(source, tmp_path / "two", workers=2, progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_limit_takes_a_prefix(album, tmp_path):
    source = album(10)
    every = prepare(source, tmp_path / "every", **QUIET)
    some = prepare(source, tmp_path / "some", limit=4, **QUIET)
    assert [some.name(i) for i in range(len(some))] == [every.name(i) for i in range(4)]


KILLED = """
import sys, time
import train.data.prepare
add = train.data.prepare.Draft.add
def slowly(*arguments):
    add(*arguments)
    time.sleep(0.05)
train.data.prepare.Draft.add = slowly
train.data.prepare.CHUNK = 3
train.data.prepare.prepare(sys.argv[1], sys.argv[2], workers=1, progress=False)
"""


def test_killed_and_resumed_equals_uninterrupted(album, tmp_path):
    source = album(90)
    (source / "broken.png").touch()
    prepare(source, tmp_path / "whole", **QUIET)
    command = [sys.executable, "-c", KILLED, str(source), str(tmp_path / "cut")]
    journal = tmp_path / "cut.part/journal.jsonl"
    for lines in (10, 40):
        with subprocess.Popen(command) as process:
            while not journal.exists() or journal.read_bytes().count(b"\n") < lines:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        assert not (tmp_path / "cut").exists()
    prepare(source, tmp_path / "cut", **QUIET)
    assert contents(tmp_path / "whole") == contents(tmp_path / "cut")
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == sorted((*FILES, "meta.json"))
    assert not (tmp_path / "cut.part").exists()


def test_a_dead_worker_is_a_sentence_and_the_work_goes_on_later(album, tmp_path, monkeypatch):
    source = album(300)
    add = Draft.add

    def murderous(*arguments) -> None:
        add(*arguments)
        for worker in multiprocessing.active_children():
            worker.kill()

    monkeypatch.setattr(Draft, "add", murderous)
    with pytest.raises(DataError, match=r"worker process was ended.*with fewer workers"):
        prepare(source, tmp_path / "cache", workers=2, progress=False)
    monkeypatch.undo()
    assert len(prepare(source, tmp_path / "cache", **QUIET)) == 300


def test_a_made_cache_is_opened_not_made_again(album, tmp_path):
    source = album(4)
    prepare(source, tmp_path / "cache", **QUIET)
    stamp = (tmp_path / "cache/pixels.bin").stat().st_mtime_ns
    assert len(prepare(source, tmp_path / "cache", **QUIET)) == 4
    assert (tmp_path / "cache/pixels.bin").stat().st_mtime_ns == stamp
    with pytest.raises(DataError, match=r"already made, with short_side=160 \(now 10\)"):
        prepare(source, tmp_path / "cache", short_side=10, **QUIET)


def test_an_interrupted_cache_refuses_other_settings_and_other_photos(album, tmp_path, monkeypatch):
    source = album(80)
    interrupt(monkeypatch, after=1)
    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "cache", **QUIET)
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"begun with short_side=160 \(now 10\)"):
        prepare(source, tmp_path / "cache", short_side=10, **QUIET)
    (source / "even/0000.png").unlink()
    with pytest.raises(DataError, match="have changed since"):
        prepare(source, tmp_path / "cache", **QUIET)


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Ctrl-C after some chunks."""
    add, calls = Draft.add, []

    def stop(*arguments) -> None:
        calls.append(arguments)
        if len(calls) > after:
            raise KeyboardInterrupt
        add(*arguments)

    monkeypatch.setattr(Draft, "add", stop)


def test_nothing_to_prepare(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/notes.txt").touch()
    with pytest.raises(DataError, match="holds no images"):
        prepare(tmp_path / "photos", tmp_path / "cache", **QUIET)
    with pytest.raises(DataError, match="is not a folder"):
        prepare(tmp_path / "elsewhere", tmp_path / "cache", **QUIET)
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "cache.part").exists()


def test_all_grey_says_so_and_can_be_tried_again(album, tmp_path):
    source = tmp_path / "photos"
    source.mkdir()
    for i in range(3):
        Image.new("RGB", (9, 9), (40 * i, 40 * i, 40 * i)).save(source / f"{i}.png")
    with pytest.raises(DataError, match=r"None of the 3 images .* nearly grey"):
        prepare(source, tmp_path / "cache", **QUIET)
    Image.new("RGB", (9, 9), "red").save(source / "0.png")
    assert len(prepare(source, tmp_path / "cache", **QUIET)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"short_side": 0}, "short_side is 0"),
        ({"splits": {"val": 1.0}}, "leave some to train"),
        ({"splits": {"val": -0.1}}, "leave some to train"),
        ({"splits": {"train": 0.5}}, "do not give it"),
    ],
)
def test_impossible_settings(album, tmp_path, options, message):
    with pytest.raises(DataError, match=message):
        prepare(album(1), tmp_path / "cache", **options, **QUIET)


def test_an_output_that_is_something_else_is_left_alone(album, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="is not a cache"):
        prepare(album(1), tmp_path / "cache", **QUIET)
    assert (tmp_path / "cache/thesis.txt").read_text() == "years of work"


def test_a_full_disk_is_a_sentence_and_the_work_goes_on_later(album, tmp_path, small_disk):
    source, disk = album(200, height=40, width=60), small_disk.path
    small_disk.fill(leave=180)  # pages: about half of the photos
    with pytest.raises(DataError, match=r"No space is left .* goes on from there"):
        prepare(source, disk / "cache", **QUIET)
    done = (disk / "cache.part/journal.jsonl").read_bytes().count(b"\n")
    assert 0 < done < 200
    small_disk.free()
    prepare(source, disk / "cache", **QUIET)
    prepare(source, tmp_path / "whole", **QUIET)
    assert contents(disk / "cache") == contents(tmp_path / "whole")


def test_other_disk_errors_are_not_called_a_full_disk(album, tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("train.data.draft.os.truncate", refuse)
    with pytest.raises(OSError, match="Input/output"):
        prepare(album(1), tmp_path / "cache", **QUIET)
