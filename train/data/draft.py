"""A draft: a cache while it is being made, safe against being killed at any moment.

The pixels are appended to `pixels.bin`, then one line to `journal.jsonl` for every image taken or
skipped, in the order of the source. What the journal does not tell has not happened: on the next
start the pixels are cut back to its last whole line, and the source is followed from there. The
folder is called CACHE.part until it is complete, then renamed.
"""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from colorize.files import NO_SPACE
from train.data.cache import ENTRY, NO_LABEL, VERSION, DataError
from train.data.sources import SourceItem


@dataclass(frozen=True)
class JournalLine:
    """What became of one image of the source."""

    name: str
    height: int = 0
    width: int = 0
    label: str = ""
    split: str = ""
    hash: str = ""
    problem: str = ""  # why it was skipped; "" if it was taken

    @property
    def size(self) -> int:
        return self.height * self.width * 3


class Draft:
    """Appends photos to CACHE.part; `finish` makes it CACHE."""

    def __init__(self, output: Path, settings: dict[str, object]) -> None:
        self.output = output
        self.settings = settings
        self.folder = output.with_name(output.name + ".part")
        with self._disk():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._check_settings()
            self.done, self.size = self._recover()
            self._pixels = (self.folder / "pixels.bin").open("ab")
            self._journal = (self.folder / "journal.jsonl").open("a", encoding="ascii")

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def rest(self, items: Iterator[SourceItem]) -> Iterator[SourceItem]:
        """The items not yet in the journal; those in it must be the first ones, unchanged."""
        for line in self.lines():
            item = next(items, None)
            if item is None or item.name != line.name:
                raise DataError(
                    f"The photos have changed since {self.folder} was begun: {line.name!r} is not "
                    f"where it was. Delete {self.folder} to begin anew."
                )
        return items

    def add(self, chunk: list[tuple[JournalLine, bytes]]) -> None:
        with self._disk():
            for _, pixels in chunk:
                self._pixels.write(pixels)
            self._pixels.flush()  # before the journal tells of it
            self._journal.writelines(json.dumps(vars(line)) + "\n" for line, _ in chunk)
            self._journal.flush()
        self.done += len(chunk)
        self.size += sum(line.size for line, _ in chunk)
        if os.fstat(self._pixels.fileno()).st_size != self.size:
            raise DataError(
                f"Another process is writing to {self.folder} too. "
                "End one of the two, delete the folder, and run the command again."
            )

    def lines(self) -> Iterator[JournalLine]:
        with (self.folder / "journal.jsonl").open(encoding="ascii") as journal:
            for text in journal:
                yield JournalLine(**json.loads(text))

    def finish(self) -> None:
        """Writes the index, and gives the folder its name: the last step, and an atomic one."""
        self._close()
        with self._disk():
            classes, splits, count = self._survey()
            self._write_index(classes, splits, count)
            self._write_skipped()
            meta = {
                "version": VERSION,
                "classes": classes,
                "splits": splits,
                "settings": self.settings,
            }
            _write_json(self.folder / "meta.json", meta)
            for path in self.folder.iterdir():
                _sync(path)
            self.folder.rename(self.output)
            (self.output / "journal.jsonl").unlink()
            (self.output / "settings.json").unlink()

    def discard(self) -> None:
        self._close()
        shutil.rmtree(self.folder)

    def _close(self) -> None:
        with self._disk(), closing(self._pixels), closing(self._journal):
            pass  # leaving closes both, even if the first finds the disk full

    def _survey(self) -> tuple[list[str], list[str], int]:
        classes, splits, count = set(), set(), 0
        for line in self.lines():
            if not line.problem:
                classes.add(line.label)
                splits.add(line.split)
                count += 1
        return sorted(classes - {""}), sorted(splits), count

    def _write_index(self, classes: list[str], splits: list[str], count: int) -> None:
        label_ids = {"": NO_LABEL} | {name: i for i, name in enumerate(classes)}
        taken = (line for line in self.lines() if not line.problem)
        start = 0
        # Written, not mapped: a full disk is then an error to report, not a dead process.
        with (
            (self.folder / "index.npy").open("wb") as index,
            (self.folder / "names.bin").open("wb") as names,
        ):
            head = {"descr": ENTRY.descr, "fortran_order": False, "shape": (count,)}
            np.lib.format.write_array_header_1_0(index, head)
            for line in taken:
                name_start = names.tell()
                names.write(line.name.encode(errors="surrogateescape"))
                place = (start, line.height, line.width, label_ids[line.label])
                digest = np.void(bytes.fromhex(line.hash))
                side = splits.index(line.split)
                entry = np.array((*place, side, name_start, names.tell(), digest), ENTRY)
                index.write(entry.tobytes())
                start += line.size

    def _write_skipped(self) -> None:
        path = self.folder / "skipped.csv"
        with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            table = csv.writer(file)
            table.writerow(("name", "reason"))
            table.writerows((line.name, line.problem) for line in self.lines() if line.problem)

    def _check_settings(self) -> None:
        path = self.folder / "settings.json"
        if not path.exists():
            _write_json(path, self.settings)
            return
        begun = json.loads(path.read_text(encoding="utf-8"))
        if begun != self.settings:
            raise DataError(
                f"{self.folder} was begun with {settings_difference(begun, self.settings)}. "
                "Use the same settings to go on, or delete it to begin anew."
            )

    def _recover(self) -> tuple[int, int]:
        """Cuts both files back to the last whole line: (lines, bytes of pixels) that count."""
        pixels, journal = self.folder / "pixels.bin", self.folder / "journal.jsonl"
        pixels.touch()
        journal.touch()
        done, size, end = 0, 0, 0
        with journal.open("rb") as lines:
            for text in lines:
                grown = size + JournalLine(**json.loads(text)).size if text.endswith(b"\n") else 0
                if not text.endswith(b"\n") or grown > pixels.stat().st_size:
                    break
                done, size, end = done + 1, grown, end + len(text)
        os.truncate(journal, end)
        os.truncate(pixels, size)
        return done, size

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            raise DataError(
                f"No space is left on the disk of {self.folder}, after {self.done} images. "
                "Make room and run the same command again: it goes on from there."
            ) from error


def settings_difference(old: dict[str, object], new: dict[str, object]) -> str:
    """The settings that differ, as `short_side=160 (now 128)`."""
    keys = [key for key in old | new if old.get(key) != new.get(key)]
    return ", ".join(f"{key}={old.get(key)!r} (now {new.get(key)!r})" for key in keys)


def _write_json(path: Path, content: dict[str, object]) -> None:
    text = json.dumps(content, indent=2) + "\n"  # ASCII: a folder's name may be no UTF-8
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
