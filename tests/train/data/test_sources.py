import io
import os
import pickle
import sys
import tarfile
import types
from pathlib import Path

import numpy as np
import pytest

from train.data.cache import DataError
from train.data.prepare import prepare
from train.data.sources import FileSlice, SourceItem, count_items, items

QUIET = {"workers": 1, "progress": False}


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def pack(path: Path, contents: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def facts(source: Path, **options: object) -> list[tuple[str, str, str]]:
    return [(item.name, item.label, item.split) for item in items(source, **options)]


def test_images_of_any_depth_by_name_and_nothing_else(tmp_path):
    touch(tmp_path, "b/c/2.JPG", "b/1.jpeg", "a.webp", "notes.txt", "b/c.json", "z/y/x/w.png")
    assert [item.name for item in items(tmp_path)] == [
        "a.webp",
        "b/1.jpeg",
        "b/c/2.JPG",
        "z/y/x/w.png",
    ]
    assert [item.content.read() for item in items(tmp_path)][0] == b"a.webp"


def test_labels_and_sides_from_folders(tmp_path):
    touch(tmp_path, "cat/1.png", "top.png", "Train/dog/2.png", "validation/dog/3.png", "test/4.png")
    assert facts(tmp_path) == [
        ("Train/dog/2.png", "dog", "train"),
        ("cat/1.png", "cat", ""),
        ("test/4.png", "", "test"),
        ("top.png", "", ""),
        ("validation/dog/3.png", "dog", "val"),
    ]


def test_a_link_to_a_folder_is_followed_and_a_loop_is_not(tmp_path):
    touch(tmp_path, "photos/a/1.png", "elsewhere/2.png")
    (tmp_path / "photos/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos/a/back").symlink_to(tmp_path / "photos")
    assert [item.name for item in items(tmp_path / "photos")] == ["a/1.png", "linked/2.png"]


def test_tar_members_are_read_in_place(tmp_path):
    contents = {"1.jpg": b"one", "1.json": b"{}", "cat/2.png": b"three" * 300}
    pack(tmp_path / "b-00.tar", contents)
    pack(tmp_path / "b-01.tar", {"3.webp": b"last"})
    read = {item.name: item.content.read() for item in items(tmp_path)}
    assert read == {"1.jpg": b"one", "cat/2.png": b"three" * 300, "3.webp": b"last"}
    assert facts(tmp_path)[1] == ("cat/2.png", "cat", "")


def test_a_cut_tar_gives_what_it_holds_and_says_that_it_is_cut(tmp_path):
    pack(tmp_path / "b.tar", {f"{i}.png": b"x" * 3000 for i in range(5)})
    os.truncate(tmp_path / "b.tar", 8000)
    *whole, last = items(tmp_path)
    assert [item.name for item in whole][:2] == ["0.png", "1.png"]
    assert isinstance(last.content, DataError)


def test_the_index_gives_label_and_side(tmp_path):
    pack(tmp_path / "b.tar", {"1.jpg": b"", "2.jpg": b"", "3.jpg": b""})
    table = "name,source,label,width,height,split\n1,x,cat,9,9,eval-dev\n2,y,dog,9,9,train\n"
    (tmp_path / "index.csv").write_text(table)
    assert facts(tmp_path) == [
        ("1.jpg", "cat", "eval-dev"),
        ("2.jpg", "dog", "train"),
        ("3.jpg", "", ""),
    ]


def test_a_given_index_chooses(tmp_path):
    touch(tmp_path / "photos", "cat/1.png", "cat/2.png")
    (tmp_path / "list.csv").write_text("name\ncat/2\n")
    assert facts(tmp_path / "photos", index=tmp_path / "list.csv") == [("cat/2.png", "cat", "")]
    with pytest.raises(DataError, match="There is no table"):
        facts(tmp_path / "photos", index=tmp_path / "missing.csv")
    (tmp_path / "list.csv").write_text("file\ncat/2\n")
    with pytest.raises(DataError, match="needs a column 'name'"):
        facts(tmp_path / "photos", index=tmp_path / "list.csv")


def test_an_index_wins_over_the_hash(album, tmp_path):
    source = album(10)
    names = [path.relative_to(source).with_suffix("") for path in source.rglob("*.png")]
    (source / "index.csv").write_text("name,split\n" + "".join(f"{n},held\n" for n in names))
    cache = prepare(source, tmp_path / "cache", splits={"val": 0.5}, **QUIET)
    assert cache.splits == ("held",)


# CIFAR-10


def cifar(folder: Path, **changes: object) -> np.ndarray:
    """Four tiny batches; the pixels of the first, (3, 32, 32, 3)."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    data = pixels.transpose(0, 3, 1, 2).reshape(3, 3072)
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        batch = {b"labels": [1, 0, 1], b"data": data} | changes
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    meta = {b"label_names": [b"airplane", b"automobile"]}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    return pixels


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-py"])
def test_cifar_is_read_exactly(tmp_path, inside):
    pixels = cifar(tmp_path / "cifar-10-batches-py")
    cache = prepare(
        tmp_path / inside, tmp_path / "cache", short_side=32, min_chroma=0, splits={}, **QUIET
    )
    assert cache.splits == ("test", "train")
    assert cache.name(0) == "data_batch_1/00000"
    assert all(np.array_equal(cache.photo(i), pixels[i]) for i in range(3))
    assert cache.split("test").tolist() == [6, 7, 8]
    assert [cache.classes[i] for i in cache.labels[:2]] == ["automobile", "airplane"]


class Trap:
    """Would write a file when unpickled by a careless reader."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_does_things_is_refused(tmp_path):
    cifar(tmp_path / "cifar", **{"b": Trap(tmp_path / "sprung")})
    with pytest.raises(DataError, match=r"not a batch of CIFAR-10 \(it asks for posix.mkdir"):
        list(items(tmp_path / "cifar"))
    assert not (tmp_path / "sprung").exists()


# Hugging Face


def test_without_the_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match="pip install datasets"):
        list(items("hf:someone/photos"))


class Image:
    """As much of a feature of `datasets` as is used; so too the next two."""

    def __init__(self, decode: bool = True) -> None:
        self.decode = decode


class ClassLabel:
    names = ("cat", "dog")


class Table(list):
    def __init__(self, rows: list[dict], features: dict) -> None:
        super().__init__(rows)
        self.features = features

    def cast_column(self, column: str, feature: Image) -> "Table":
        assert not feature.decode
        return self


def test_hub_splits_labels_and_rows_without_image(monkeypatch, tmp_path):
    rows = [
        {"picture": {"bytes": b"1", "path": None}, "kind": 1},
        {"picture": {"bytes": None, "path": str(tmp_path / "2.png")}, "kind": -1},
        {"picture": None, "kind": None},
    ]
    table = Table(rows, {"picture": Image(), "kind": ClassLabel()})
    fake = types.SimpleNamespace(
        load_dataset=lambda name: {"train": table, "validation": table, name: table},
        exceptions=types.SimpleNamespace(DatasetsError=RuntimeError),
    )
    monkeypatch.setitem(sys.modules, "datasets", fake)
    found = list(items("hf:someone"))
    assert count_items("hf:someone") == len(found) == 9
    assert found[0] == SourceItem("train/00000000", b"1", "dog", "train")
    assert found[1] == SourceItem("train/00000001", FileSlice(tmp_path / "2.png"), "", "train")
    assert isinstance(found[2].content, DataError)
    assert [item.split for item in found[::3]] == ["train", "val", "someone"]


def test_a_real_data_set_on_disk(album, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets", exc_type=ImportError)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub")
    datasets.disable_progress_bars()
    source = album(6)
    cache = prepare(f"hf:{source}", tmp_path / "cache", **QUIET)
    assert len(cache) == 6
    assert cache.classes == ("even", "odd")


@pytest.mark.skipif(os.name != "posix", reason="files that only POSIX has")
def test_pipes_and_devices_keep_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    found = {item.name: item.content for item in items(tmp_path)}
    assert set(found) == {"pipe.png", "pipe.tar", "zero.png"}
    assert all(isinstance(content, DataError) for content in found.values())
