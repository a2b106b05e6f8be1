import json
import pickle
import shutil

import numpy as np
import pytest

from train.data.cache import Cache, DataError
from train.data.prepare import prepare


@pytest.fixture
def folder(album, tmp_path):
    """A cache of five photos."""
    return prepare(album(5), tmp_path / "cache", workers=1, progress=False).folder


def rewrite_meta(folder, **changes):
    meta = json.loads((folder / "meta.json").read_text()) | changes
    (folder / "meta.json").write_text(json.dumps(meta))


def test_photos_are_mapped_and_cannot_be_written_to(folder):
    cache = Cache.open(folder)
    assert isinstance(cache.pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        cache.photo(0)[0] = 0


def test_every_photo_is_on_exactly_one_side(folder):
    cache = Cache.open(folder)
    numbers = np.concatenate([cache.split(side) for side in cache.splits])
    assert sorted(numbers) == list(range(5))


def test_an_unknown_side_is_named_with_the_known(folder):
    with pytest.raises(DataError, match="no split 'dev'. It has: .*train"):
        Cache.open(folder).split("dev")


def test_another_process_gets_the_path_not_the_pixels(folder):
    cache = Cache.open(folder)
    packed = pickle.dumps(cache)
    assert len(packed) < 1000
    assert np.array_equal(pickle.loads(packed).photo(3), cache.photo(3))


def test_a_cache_may_be_moved(folder, tmp_path):
    before = Cache.open(folder).photo(2).copy()
    shutil.move(folder, tmp_path / "elsewhere")
    assert np.array_equal(Cache.open(tmp_path / "elsewhere").photo(2), before)


def test_another_version_is_refused_with_the_remedy(folder):
    rewrite_meta(folder, version=99)
    with pytest.raises(DataError, match="version 99; this program reads 1. Delete it and make it"):
        Cache.open(folder)


def test_not_a_cache(tmp_path):
    with pytest.raises(DataError, match="is not a cache"):
        Cache.open(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["pixels.bin", "index.npy", "names.bin"])
@pytest.mark.parametrize("left", [None, 0, 100])
def test_damaged_files_are_refused(folder, name, left):
    path = folder / name
    if left is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: min(left, path.stat().st_size - 1)])
    with pytest.raises(DataError, match="is damaged"):
        Cache.open(folder)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_damaged_meta_is_refused(folder, text):
    (folder / "meta.json").write_text(text)
    with pytest.raises(DataError, match="JSON|version None"):
        Cache.open(folder)
