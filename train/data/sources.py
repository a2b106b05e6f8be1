"""Sources: where photos come from. Each yields the same items, in the same order every time.

    python -c "from train.data.sources import items; print(*items('PHOTOS'), sep='\\n')"

A source is a folder of any depth that holds images, plain tar shards (as WebDataset writes them)
or CIFAR-10's python batches; an fsspec address such as s3://photos that holds images or shards; or
`hf:NAME`, a data set of the Hugging Face hub. The label is the
name of the folder that an image lies in; a top folder (or hub split) called train, val or test says
its side. An `index.csv` at the top gives `label` and `split` by `name` (the path without suffix),
and wins over both.
"""

import codecs
import csv
import io
import os
import pickle
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from colorize.engine.address import AddressError, Place, Remote, is_file, listed, opened, place
from train.data.cache import DataError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".avif"}
SHARD = ".tar"
HUB = "hf:"
SIDES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class FileSlice:
    """A part of a file, so that a worker reads the bytes itself; `size` -1 is all of it."""

    path: Path
    start: int = 0
    size: int = -1

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)


@dataclass(frozen=True)
class SourceItem:
    """One image of a source, not yet read."""

    name: str
    content: FileSlice | Remote | bytes | np.ndarray | DataError  # array: (H, W, 3) uint8 pixels
    label: str = ""
    split: str = ""  # "" or "train": the content decides


def items(source: str | Path, index: Place | None = None) -> Iterator[SourceItem]:
    """Every image of `source`; with `index`, only those that this table names."""
    if is_hub(source):
        yield from _hub(str(source))
        return
    where = place(str(source))
    if isinstance(where, Path) and not where.is_dir():
        raise DataError(f"{where} is not a folder. Give a folder of images or tar shards.")
    table = _read_table(index or where / "index.csv", needed=index is not None)
    found = _remote(where) if isinstance(where, Remote) else _walk(where, where)
    for item in found:
        key = str(PurePosixPath(item.name).with_suffix(""))
        if key in table:
            label, split = table[key]
            yield SourceItem(item.name, item.content, label or item.label, split or item.split)
        elif index is None:
            yield item


def is_hub(source: str | Place) -> bool:
    """hf:NAME is a data set; hf://datasets/… an address as any other."""
    return str(source).startswith(HUB) and not str(source).startswith("hf://")


def count_items(source: str | Path, index: Place | None = None) -> int | None:
    """How many items `source` has, without reading the images; None where that would fetch it."""
    if is_hub(source):
        return sum(len(table) for table in _hub_tables(str(source)).values())
    where = place(str(source))
    if isinstance(where, Remote) and any(x.suffix.lower() == SHARD for x in listed(where)):
        return None
    return sum(1 for _ in items(source, index))


def _walk(folder: Path, root: Path) -> Iterator[SourceItem]:
    """Depth first, by name, so that the order is the same on every machine."""
    if (folder / "batches.meta").is_file():
        yield from _cifar(folder)
        return
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError as error:
        yield SourceItem(str(folder), DataError(f"cannot be listed ({error.strerror})"))
        return
    for name, is_folder in found:
        path = folder / name
        if is_folder:
            if not _loops(path):
                yield from _walk(path, root)
        elif path.suffix.lower() not in {SHARD, *SUFFIXES}:
            continue
        elif not path.is_file():  # which would keep us waiting, or never end
            name = path.relative_to(root).as_posix()
            yield SourceItem(name, DataError("it is a pipe, a device or a broken link"))
        elif path.suffix.lower() == SHARD:
            yield from _shard(path)
        else:
            yield _named(path.relative_to(root).as_posix(), FileSlice(path))


def _loops(path: Path) -> bool:
    """Whether a linked folder leads back to one that it lies in."""
    return path.is_symlink() and path.parent.resolve().is_relative_to(path.resolve())


def _named(name: str, content: FileSlice | Remote | bytes) -> SourceItem:
    """An item whose label and side are what its folders say."""
    folders = PurePosixPath(name).parts[:-1]
    split = SIDES.get(folders[0].lower(), "") if folders else ""
    label = folders[-1] if len(folders) > bool(split) else ""
    return SourceItem(name, content, label, split)


def _shard(path: Path) -> Iterator[SourceItem]:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile remembers every member: memory without bound
                if member.isfile() and PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                    yield _named(member.name, FileSlice(path, member.offset_data, member.size))
    except (tarfile.TarError, OSError) as error:
        yield SourceItem(path.name, DataError(f"not a whole, plain tar file ({error})"))


def _remote(root: Remote) -> Iterator[SourceItem]:
    """By name; images are fetched by the workers, shards here, from front to end."""
    for address in listed(root):
        if address.suffix.lower() == SHARD:
            yield from _remote_shard(address)
        elif address.suffix.lower() in SUFFIXES:
            yield _named(address.relative_to(root).as_posix(), address)


def _remote_shard(address: Remote) -> Iterator[SourceItem]:
    try:
        with opened(address) as file, tarfile.open(fileobj=file, mode="r|") as tar:
            for member in tar:
                tar.members.clear()  # type: ignore[attr-defined]
                if member.isfile() and PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                    content = tar.extractfile(member)
                    yield _named(member.name, content.read() if content else b"")
    except (tarfile.TarError, OSError, AddressError) as error:
        yield SourceItem(address.name, DataError(f"not a whole, plain tar file ({error})"))


def _read_table(path: Place, needed: bool) -> dict[str, tuple[str, str]]:
    """name -> (label, split). Equal pairs are one object: the table of 100,000 rows stays small."""
    if not (is_file(path) if isinstance(path, Remote) else path.is_file()):
        if needed:
            raise DataError(f"There is no table {path}.")
        return {}
    pairs: dict[tuple[str, str], tuple[str, str]] = {}
    table = {}
    opening = opened(path) if isinstance(path, Remote) else path.open("rb")
    with opening as binary, io.TextIOWrapper(binary, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if "name" not in (rows.fieldnames or ()):
            raise DataError(f"The table {path} needs a column 'name'; it has {rows.fieldnames}.")
        for row in rows:
            pair = (row.get("label") or "", row.get("split") or "")
            table[row["name"]] = pairs.setdefault(pair, pair)
    return table


# CIFAR-10 as its home page offers it: pickles, read without running what they may contain.

_CIFAR_NAMES = {
    "_reconstruct": np.empty(0).__reduce__()[0],
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "encode": codecs.encode,
}


class _Arrays(pickle.Unpickler):
    """Reads plain values and numpy arrays; refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        if module.split(".")[0] in ("numpy", "_codecs") and name in _CIFAR_NAMES:
            return _CIFAR_NAMES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _cifar(folder: Path) -> Iterator[SourceItem]:
    classes = [name.decode() for name in _unpickle(folder / "batches.meta")[b"label_names"]]
    batches = sorted(folder.glob("data_batch_*")) + sorted(folder.glob("test_batch"))
    for path in batches:
        batch = _unpickle(path)
        split = "test" if path.name == "test_batch" else "train"
        photos = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        for i, (pixels, label) in enumerate(zip(photos, batch[b"labels"], strict=True)):
            name = f"{path.name}/{i:05}"
            yield SourceItem(name, np.ascontiguousarray(pixels), classes[label], split)


def _unpickle(path: Path) -> dict[bytes, Any]:
    try:
        batch: dict[bytes, Any] = _Arrays(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    except (pickle.UnpicklingError, EOFError) as error:
        raise DataError(f"{path} is not a batch of CIFAR-10 ({error}).") from error
    return batch


# Hugging Face data sets.


def _hub(source: str) -> Iterator[SourceItem]:
    for split, table in _hub_tables(source).items():
        kinds = {column: type(kind).__name__ for column, kind in table.features.items()}
        image = next((column for column, kind in kinds.items() if kind == "Image"), None)
        label = next((column for column, kind in kinds.items() if kind == "ClassLabel"), None)
        if image is None:
            raise DataError(f"{source} has no column of images; its columns are {kinds}.")
        titles = table.features[label].names if label else []
        files = table.cast_column(image, type(table.features[image])(decode=False))
        for i, row in enumerate(files):
            number = row[label] if label else None
            title = titles[number] if number is not None and number >= 0 else ""
            side = SIDES.get(split, split)
            yield SourceItem(f"{split}/{i:08}", _hub_content(row[image]), title, side)


def _hub_content(cell: dict[str, Any] | None) -> FileSlice | bytes | DataError:
    if cell and cell["bytes"]:
        return bytes(cell["bytes"])
    if cell and cell["path"]:
        return FileSlice(Path(cell["path"]))
    return DataError("the row has no image")


def _hub_tables(source: str) -> dict[str, Any]:
    try:
        import datasets
    except ImportError as error:
        raise DataError(f"{source} needs the package 'datasets': pip install datasets") from error
    name = source.removeprefix(HUB)
    try:
        tables: dict[str, Any] = datasets.load_dataset(name)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise DataError(f"The data set {name!r} cannot be loaded: {error}") from error
    return tables
