"""The photos of a board in the colours of its models, painted when first wanted, kept in memory.

    pictures = Pictures(board_photos("studies/board"), paint)    # paint(photo, name) -> pixels
    pictures.version("chelsea.png", "regression")                # a JPEG
    own = pictures.bring("3f0c…", jpeg, key)                     # a visitor's own photo
    pictures.put_away("3f0c…")

A visitor's photo is his alone: it is found by his token, is never written to a disk, and is let go
within the hour, or when he says so.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from colorize.files import bare_name
from colorize.folder import PHOTOS
from colorize.photo import Photo, encode_photo, open_photo, shrink
from colorize.samples import samples

Paint = Callable[[Photo, str], np.ndarray]  # a photo, a model's name -> (H, W, 3) uint8
FOLDER = "photos"  # the operator's own, in the board's folder
SIDE = 640  # pixels of the longer side
MOST_PIXELS = 4_000_000  # of what a visitor sends; our page sends a million
KEPT = 512  # versions in memory, at most about 200 kB each
MOST_OWN = 100  # visitors' photos at once; the oldest goes first
LIVES_S, SWEEP_S = 3500.0, 60.0  # together within the hour
OWN = "own "  # before the hash of a visitor's photo


@dataclass(frozen=True)
class Shown:
    """A photo that everybody may see."""

    words: str  # what is to be seen
    path: Path


@dataclass
class Own:
    """A visitor's photo, and its versions so far."""

    name: str  # OWN and a keyed hash
    photo: Photo
    until: float  # by time.monotonic
    versions: dict[str, bytes] = field(default_factory=dict)


def board_photos(folder: str | Path) -> dict[str, Shown]:
    """The samples, and what the operator laid into the board's folder, by their file names."""
    laid = sorted(p for p in Path(folder, FOLDER).glob("*") if p.suffix.lower() in PHOTOS)
    shown = {sample.file: Shown(sample.words, sample.path) for sample in samples()}
    return shown | {bare_name(path.name): Shown("A photo", path) for path in laid}


class Pictures:
    """What can be shown, and to whom."""

    def __init__(
        self,
        shown: Mapping[str, Shown],
        paint: Paint,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shown = shown
        self._paint = paint
        self._clock = clock
        self._versions: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._own: dict[str, Own] = {}  # by the visitor's token, the oldest first
        self._lock = threading.Lock()  # held for looking up alone, never for painting
        self._end = threading.Event()
        threading.Thread(target=self._keep_clear, name="board-photos", daemon=True).start()

    def version(self, photo: str, model: str) -> bytes:
        """A photo that everybody may see, in this model's colours."""
        key = photo, model
        if (found := self.known(*key)) is None:
            found = self._painted(shrink(open_photo(self.shown[photo].path), SIDE), model)
            with self._lock:
                self._versions[key] = found
                if len(self._versions) > KEPT:
                    self._versions.popitem(last=False)
        return found

    def known(self, photo: str, model: str) -> bytes | None:
        """The same, if it was painted before."""
        with self._lock:
            if (photo, model) in self._versions:
                self._versions.move_to_end((photo, model))
            return self._versions.get((photo, model))

    def bring(self, token: str, image: bytes, key: bytes) -> Own:
        """Take a visitor's photo in place of the one he had; refuses what is no photo."""
        photo = shrink(open_photo(image, name="Your photo", max_pixels=MOST_PIXELS), SIDE)
        name = OWN + hmac.digest(key, photo.pixels.tobytes(), "sha256").hex()[:32]
        own = Own(name, Photo(photo.pixels), self._clock() + LIVES_S)
        with self._lock:
            self._own.pop(token, None)
            self._own[token] = own
            while len(self._own) > MOST_OWN:
                del self._own[next(iter(self._own))]
        return own

    def own(self, token: str) -> Own | None:
        """This visitor's photo, if he brought one within the hour."""
        self.sweep()
        with self._lock:
            return self._own.get(token)

    def own_version(self, own: Own, model: str) -> bytes:
        """A visitor's photo in this model's colours; for that visitor alone."""
        if model not in own.versions:
            own.versions[model] = self._painted(own.photo, model)
        return own.versions[model]

    def put_away(self, token: str) -> None:
        with self._lock:
            self._own.pop(token, None)

    def sweep(self) -> None:
        """Let go of visitors' photos whose time is over."""
        with self._lock:
            now = self._clock()
            for token in [t for t, own in self._own.items() if own.until <= now]:
                del self._own[token]

    def close(self) -> None:
        self._end.set()
        with self._lock:
            self._own.clear()

    def _painted(self, photo: Photo, model: str) -> bytes:
        return encode_photo(Photo(self._paint(photo, model)), "JPEG")

    def _keep_clear(self) -> None:
        while not self._end.wait(SWEEP_S):
            self.sweep()
