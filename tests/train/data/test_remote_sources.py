"""Photos and shards in a store make the same cache as on the disk."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest

from colorize.engine.address import Remote, write_bytes
from train.data.cache import Cache, DataError
from train.data.prepare import prepare
from train.data.sources import count_items, items


@pytest.fixture(autouse=True)
def empty_store() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


def upload(folder: Path, address: str) -> None:
    for path in folder.rglob("*.*"):
        write_bytes(Remote(address) / path.relative_to(folder).as_posix(), path.read_bytes())


def shard(folder: Path) -> bytes:
    """A plain tar of all photos, each with a text beside it, as WebDataset has them."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for path in sorted(folder.rglob("*.png")):
            name = path.relative_to(folder).as_posix()
            tar.add(path, name)
            text = tarfile.TarInfo(str(Path(name).with_suffix(".txt")))
            text.size = 3
            tar.addfile(text, io.BytesIO(b"sky"))
    return file.getvalue()


def same(one: Cache, other: Cache) -> bool:
    assert len(one) == len(other) > 0
    pairs = zip(range(len(one)), range(len(other)), strict=True)
    return all(
        one.name(i) == other.name(j) and np.array_equal(one.photo(i), other.photo(j))
        for i, j in pairs
    )


@pytest.mark.parametrize("kind", ["photos", "shards"])
def test_the_cache_of_a_store_is_that_of_the_disk(album, tmp_path, kind):
    folder = album(9)
    (folder / "even" / "broken.png").write_bytes(b"no image")
    if kind == "photos":
        upload(folder, "memory://photos")
    else:
        write_bytes(Remote("memory://photos/00.tar"), shard(folder))
    local = prepare(folder, tmp_path / "local", workers=1, progress=False)
    remote = prepare("memory://photos", tmp_path / "remote", workers=1, progress=False)
    assert same(local, remote) and len(local) == 9
    assert local.classes == remote.classes and np.array_equal(local.labels, remote.labels)
    assert "broken" in (tmp_path / "remote" / "skipped.csv").read_text()


TABLE = "\ufeffname,label,split\neven/0002,alps,test\nodd/0003,sea,\n"


@pytest.mark.parametrize("kind", ["photos", "shards"])
def test_a_table_at_the_top_of_a_store_names_labels_and_sides(album, kind):
    folder = album(5)
    if kind == "photos":
        upload(folder, "memory://photos")
    else:
        write_bytes(Remote("memory://photos/00.tar"), shard(folder))
    write_bytes(Remote("memory://photos/index.csv"), TABLE.encode())
    found = {item.name: (item.label, item.split) for item in items("memory://photos")}
    assert found.pop("even/0002.png") == ("alps", "test")
    assert found.pop("odd/0003.png") == ("sea", "")
    assert set(found.values()) == {("even", ""), ("odd", "")} and len(found) == 3


def test_a_table_in_a_store_chooses_the_photos(album, tmp_path):
    upload(album(5), "memory://photos")
    write_bytes(Remote("memory://tables/some.csv"), TABLE.encode())
    cache = prepare(
        "memory://photos",
        tmp_path / "cache",
        index="memory://tables/some.csv",
        workers=1,
        progress=False,
    )
    assert [cache.name(i) for i in range(len(cache))] == ["even/0002.png", "odd/0003.png"]
    with pytest.raises(DataError, match="There is no table memory://tables/none.csv"):
        list(items("memory://photos", Remote("memory://tables/none.csv")))


def test_processes_read_shards_of_a_store(album, tmp_path):
    folder = album(40)
    write_bytes(Remote("memory://photos/00.tar"), shard(folder))
    one, two = (
        prepare("memory://photos", tmp_path / str(n), workers=n, progress=False) for n in (1, 2)
    )
    assert same(one, two)


def test_photos_are_counted_and_shards_are_not_fetched_for_it(album):
    upload(album(5), "memory://photos")
    assert count_items("memory://photos") == 5
    write_bytes(Remote("memory://photos/00.tar"), b"")
    assert count_items("memory://photos") is None


def test_half_a_shard_is_told_and_what_it_held_is_kept(album):
    whole = shard(album(9))
    write_bytes(Remote("memory://photos/00.tar"), whole[: len(whole) // 2])
    found = list(items("memory://photos"))
    assert 0 < len(found) < 10
    assert isinstance(found[-1].content, DataError)
    assert not any(isinstance(item.content, DataError) for item in found[:-1])


def test_a_store_without_photos_is_refused(tmp_path):
    write_bytes(Remote("memory://photos/notes.txt"), b"Lisbon")
    with pytest.raises(DataError, match="memory://photos holds no images"):
        prepare("memory://photos", tmp_path / "cache", workers=1, progress=False)
    assert not (tmp_path / "cache").exists()
