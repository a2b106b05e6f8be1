"""Which photo takes which file of hints."""

from pathlib import Path

import pytest

from colorize.folder import Job
from colorize.hints import Hint, HintError, save_hints
from colorize.hints.by_name import left_over, with_hints

RED, KEPT = Hint(0.5, 0.5, "#b03020"), Hint(0.1, 0.9)


def job(place: str, **more) -> Job:
    return Job(Path("scans") / place, Path("colour") / place, place=Path(place), **more)


def test_one_file_is_for_one_photo(tmp_path):
    file = save_hints([RED], tmp_path / "any.json")
    assert with_hints([job("a.jpg")], file) == ([job("a.jpg", hints=(RED,))], [])
    with pytest.raises(HintError, match="is one file, and these are 2 photos: .* Give a folder"):
        with_hints([job("a.jpg"), job("b.jpg")], file)


def test_a_folder_goes_by_name(tmp_path):
    save_hints([RED], tmp_path / "a.json")
    save_hints([KEPT], tmp_path / "sub" / "a.json")
    jobs = [job("a.jpg"), job("b.jpg"), job("sub/a.tif")]
    found, files = with_hints(jobs, tmp_path)
    assert [one.hints for one in found] == [(RED,), (), (KEPT,)]
    assert [one.place for one in found] == [one.place for one in jobs] and not files


def test_a_wrong_file_is_its_own_photos_error(tmp_path):
    save_hints([RED], tmp_path / "a.json")
    (tmp_path / "b.json").write_text('[{"x": NaN, "y": 0, "color": null}]')
    broken = Job(Path("scans/locked"), Path("colour"), error="It cannot be read.")
    a, b, c = with_hints([job("a.jpg"), job("b.jpg"), broken], tmp_path)[0]
    assert a.hints == (RED,) and not a.error
    assert "b.json: Hint 1 of 1: A hint's x is nan" in b.error and not b.hints
    assert c is broken


def test_files_for_no_photo_are_told(tmp_path):
    for name in ("a", "anna", "berta", "carla", "sub/a"):
        save_hints([RED], tmp_path / f"{name}.json")
    _, files = with_hints([job("a.jpg")], tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        "anna.json", "berta.json", "carla.json", "sub/a.json",
    ]  # fmt: skip
    assert "anna.json" in left_over(files) and left_over(files).count(".json") == 3
    assert "and 1 more" in left_over(files) and "more" not in left_over(files[:3])


def test_a_folder_of_other_photos_is_refused(tmp_path):
    save_hints([RED], tmp_path / "anna.json")
    with pytest.raises(HintError, match=r"nothing for these .*: sub/a.jpg would take .*a\.json"):
        with_hints([job("sub/a.jpg")], tmp_path)


def test_two_photos_of_one_name_are_refused(tmp_path):
    save_hints([RED], tmp_path / "a.json")
    with pytest.raises(HintError, match=r"would be for a\.jpg and for a\.png"):
        with_hints([job("a.jpg"), job("a.png")], tmp_path)
    assert with_hints([job("a.jpg"), job("b.jpg"), job("b.png")], tmp_path)[1] == []
