"""The cache: prepared photos in one memory-mapped file, made by `prepare`, read by the loop.

    python -m train prepare PHOTOS --output CACHE
    python -c "from train.data.cache import Cache; print(Cache.open('CACHE'))"

A cache is a folder of four files (and `skipped.csv`, the images left out with the reason):
`pixels.bin`, 8-bit RGB, one photo after the other, row by row; `index.npy`, one ENTRY a photo;
`names.bin`, the names in UTF-8, one after the other; `meta.json`, the version, the names of the
classes and of the splits, and the settings that it was made with. All but the last are mapped, not
read, so 100,000 photos cost no more memory than 1,000.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

VERSION = 1
NO_LABEL = -1
ENTRY = np.dtype(
    [
        ("start", "<i8"),  # first byte in pixels.bin
        ("height", "<i4"),
        ("width", "<i4"),
        ("label", "<i4"),  # place in `classes`, or NO_LABEL
        ("split", "<i4"),  # place in `splits`
        ("name", "<i8"),  # first byte in names.bin
        ("name_end", "<i8"),
        ("hash", "V16"),  # BLAKE2b of the image file's bytes
    ]
)


class DataError(ValueError):
    """Data that cannot be used; the text is a sentence for people."""


@dataclass(frozen=True, eq=False)
class Cache:
    """Photos of a cache by number, without holding them in memory."""

    folder: Path
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    settings: dict[str, object]
    index: np.ndarray  # (n,) of ENTRY, mapped
    pixels: np.ndarray  # (bytes,) uint8, mapped
    letters: np.ndarray  # (bytes,) uint8, mapped

    @classmethod
    def open(cls, folder: str | Path) -> "Cache":
        folder = Path(folder)
        meta = _read_meta(folder)
        try:
            cache = cls(
                folder,
                tuple(meta["classes"]),
                tuple(meta["splits"]),
                meta["settings"],
                np.load(folder / "index.npy", mmap_mode="r"),
                np.memmap(folder / "pixels.bin", np.uint8, mode="r"),
                np.memmap(folder / "names.bin", np.uint8, mode="r"),
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"The cache {folder} is damaged ({error}). {_remedy(folder)}"
            ) from error
        cache._check()
        return cache

    def __reduce__(self) -> tuple[object, ...]:
        """Another process maps the files anew: the photos never travel."""
        return Cache.open, (self.folder,)

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(self.split(name))} {name}" for name in self.splits)
        return f"Cache({str(self.folder)!r}: {len(self)} photos; {sizes})"

    def photo(self, i: int) -> np.ndarray:
        """The pixels of photo `i`: (H, W, 3) uint8, read-only."""
        entry = self.index[i]
        shape = int(entry["height"]), int(entry["width"]), 3
        start = int(entry["start"])
        return self.pixels[start : start + shape[0] * shape[1] * 3].reshape(shape)

    def name(self, i: int) -> str:
        entry = self.index[i]
        return bytes(self.letters[entry["name"] : entry["name_end"]]).decode(
            errors="surrogateescape"
        )

    @cached_property
    def labels(self) -> np.ndarray:
        """(n,) int64: the place in `classes` of each photo's label, or NO_LABEL."""
        return self.index["label"].astype(np.int64)

    def split(self, name: str) -> np.ndarray:
        """The numbers of the photos on side `name`, ascending: (k,) int64."""
        if name not in self.splits:
            known = ", ".join(self.splits)
            raise DataError(f"The cache {self.folder} has no split {name!r}. It has: {known}.")
        return np.flatnonzero(self.index["split"] == self.splits.index(name))

    def _check(self) -> None:
        if self.index.dtype != ENTRY or not len(self.index):
            raise DataError(
                f"The cache {self.folder} is damaged: index.npy. {_remedy(self.folder)}"
            )
        last = self.index[-1]
        end = int(last["start"]) + int(last["height"]) * int(last["width"]) * 3
        if end != len(self.pixels) or last["name_end"] != len(self.letters):
            raise DataError(
                f"The cache {self.folder} is damaged: its index ends at byte {end} of the pixels "
                f"and {last['name_end']} of the names, which have {len(self.pixels)} and "
                f"{len(self.letters)}. {_remedy(self.folder)}"
            )


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "meta.json"
    if not path.is_file():
        raise DataError(
            f"{folder} is not a cache: it has no meta.json. "
            f"Make one: python -m train prepare PHOTOS --output {folder}"
        )
    try:
        meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error}). {_remedy(folder)}") from error
    version = meta.get("version") if isinstance(meta, dict) else None
    if version != VERSION:
        raise DataError(
            f"The cache {folder} has format version {version}; this program reads {VERSION}. "
            f"{_remedy(folder)}"
        )
    return meta


def _remedy(folder: Path) -> str:
    return f"Delete it and make it anew: python -m train prepare PHOTOS --output {folder}"
