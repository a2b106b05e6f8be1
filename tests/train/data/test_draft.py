from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.data.cache import NO_LABEL, Cache, DataError
from train.data.draft import Draft, JournalLine
from train.data.sources import SourceItem

SETTINGS = {"short_side": 4}
NAMES = (
    "a.png",
    "b.png",
    "ünïcode \N{CAMERA}.png",
    "line\nbreak.png",
    "bad\udcffbyte.png",
    "f.png",
)


def chunk(i: int) -> list[tuple[JournalLine, bytes]]:
    """Photo number i: every third one is skipped; sizes and labels differ."""
    if i % 3 == 2:
        return [(JournalLine(NAMES[i], problem="no, 'it' is \"broken\""), b"")]
    pixels = np.full((i + 1, 2, 3), i, np.uint8)
    line = JournalLine(NAMES[i], i + 1, 2, "xy"[i % 2], "train", f"{i:032x}")
    return [(line, pixels.tobytes())]


def write(output: Path, start: int = 0, stop: int = len(NAMES)) -> None:
    with Draft(output, SETTINGS) as draft:
        for i in range(start, stop):
            draft.add(chunk(i))


def finish(output: Path) -> dict[str, bytes]:
    """Goes on with the draft as it is, to the end."""
    with Draft(output, SETTINGS) as draft:
        list(draft.rest(iter([SourceItem(name, b"") for name in NAMES])))
        for i in range(draft.done, len(NAMES)):
            draft.add(chunk(i))
        draft.finish()
    return {path.name: path.read_bytes() for path in output.iterdir()}


def test_names_and_pixels_come_back(tmp_path):
    write(tmp_path / "cache", stop=0)
    finish(tmp_path / "cache")
    cache = Cache.open(tmp_path / "cache")
    assert [cache.name(i) for i in range(4)] == [NAMES[0], NAMES[1], NAMES[3], NAMES[4]]
    assert [cache.photo(i).shape for i in range(4)] == [(1, 2, 3), (2, 2, 3), (4, 2, 3), (5, 2, 3)]
    assert [int(cache.photo(i).max()) for i in range(4)] == [0, 1, 3, 4]
    assert [cache.classes[label] for label in cache.labels] == ["x", "y", "y", "x"]


def test_a_photo_without_label(tmp_path):
    with Draft(tmp_path / "cache", {}) as draft:
        draft.add([(JournalLine("a.png", 1, 1, "", "train", "00" * 16), b"rgb")])
        draft.finish()
    cache = Cache.open(tmp_path / "cache")
    assert cache.classes == ()
    assert cache.labels.tolist() == [NO_LABEL]


@settings(max_examples=40)
@given(st.data())
def test_whatever_a_crash_leaves_is_completed(tmp_path_factory, data):
    """The files of a draft, cut anywhere, as a killed process or a lost power leaves them."""
    folder = tmp_path_factory.mktemp("crash")
    write(folder / "whole")
    write(folder / "cut", stop=data.draw(st.integers(0, len(NAMES)), "photos"))
    for name in ("pixels.bin", "journal.jsonl"):
        path = folder / "cut.part" / name
        content = path.read_bytes()
        path.write_bytes(content[: data.draw(st.integers(0, len(content)), name)])
    assert finish(folder / "cut") == finish(folder / "whole")


def test_a_full_disk_loses_nothing_already_written(tmp_path):
    output = tmp_path / "cache"
    write(output, stop=2)
    draft = Draft(output, SETTINGS)
    draft._pixels.close()
    said = pytest.raises(DataError, match="No space is left .* after 2 images")
    with Path("/dev/full").open("wb") as draft._pixels, said, draft:  # every write to it fails
        draft.add(chunk(3))
    write(tmp_path / "whole")
    assert finish(output) == finish(tmp_path / "whole")


def test_two_writers_notice_each_other(tmp_path):
    with Draft(tmp_path / "cache", {}) as one, Draft(tmp_path / "cache", {}) as two:
        one.add(chunk(0))
        with pytest.raises(DataError, match="Another process is writing"):
            two.add(chunk(0))
