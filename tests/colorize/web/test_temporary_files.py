"""What is deleted of uploads and results, and what is not."""

import os
import time
from pathlib import Path

import pytest

from colorize.web.temporary_files import DAY_S, HALF_S, REST_S, tidy


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


@pytest.fixture
def uploads(tmp_path) -> Path:
    """Three files of 100 bytes, each in a folder of its own, the first one the oldest."""
    for number in range(3):
        (tmp_path / f"folder-{number}").mkdir()
        (tmp_path / f"folder-{number}" / f"photo-{number}").write_bytes(bytes(100))
        time.sleep(0.02)  # longer than a tick of the file system's clock
    return tmp_path


def test_what_is_young_and_fits_is_left_alone(uploads):
    before = names(uploads)
    tidy(uploads, most=300)
    assert names(uploads) == before


def test_the_oldest_go_until_the_rest_fits(uploads):
    tidy(uploads, most=250)
    assert not names(uploads) & {"photo-0"} and names(uploads) >= {"photo-1", "photo-2"}
    tidy(uploads, most=0)
    assert not names(uploads) & {"photo-1", "photo-2"}


def test_after_a_day_everything_is_gone(uploads):
    tidy(uploads, now=time.time() + DAY_S - 5)
    assert names(uploads) >= {"photo-0", "photo-1", "photo-2"}
    tidy(uploads, now=time.time() + DAY_S + 5)
    assert names(uploads) == set()


def test_a_folder_that_was_made_just_now_is_not_taken_from_under_its_upload(tmp_path):
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    tidy(tmp_path)
    assert names(tmp_path) == {"outer", "inner"}
    tidy(tmp_path, now=time.time() + REST_S + 5)
    assert names(tmp_path) == set()


def test_a_copy_of_an_old_file_is_as_young_as_the_copy(uploads):
    photo = uploads / "folder-2" / "photo-2"
    os.utime(photo, (0, 0))
    tidy(uploads, most=250)
    assert photo.exists() and "photo-0" not in names(uploads)


def test_links_lead_nowhere(uploads, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("kept")
    (uploads / "link").symlink_to(elsewhere)
    tidy(uploads, most=0, now=time.time() + DAY_S + 5)
    assert (elsewhere / "kept").read_text() == "kept"


def test_without_the_folder_there_is_nothing_to_do(tmp_path):
    tidy(tmp_path / "nowhere")


def test_half_an_upload_goes_when_it_grows_no_more(uploads):
    (uploads / "tmp3xk2").write_bytes(bytes(50))
    tidy(uploads, now=time.time() + HALF_S - 5)
    assert "tmp3xk2" in names(uploads)
    tidy(uploads, now=time.time() + HALF_S + 5)
    assert names(uploads) >= {"photo-0", "photo-1", "photo-2"} and "tmp3xk2" not in names(uploads)
