"""An open board on disk, with pictures that anyone can tell apart, and people who vote."""

from pathlib import Path

import numpy as np
from PIL import Image

from colorize.photo import Photo
from survey.board.lineup import name_of
from survey.board.pictures import Pictures, Shown
from survey.board.protocol import BoardProtocol, OpenPair
from survey.board.store import BoardStore
from tests.helpers.image_files import encoded
from tests.helpers.study import Clock

MODELS = ["plain@00000001", "regression@00000002", "vivid@00000003"]
TINTS = {"plain": 0, "regression": 60, "vivid": 120}  # added to red
HOUR = 3600.0


def paint(photo: Photo, name: str) -> np.ndarray:
    """Every model has a tint of its own."""
    pixels = photo.pixels.astype(int)
    pixels[..., 0] += TINTS[name]
    return pixels.clip(0, 255).astype(np.uint8)


def photos(folder: Path, number: int = 2) -> dict[str, Shown]:
    """Grey photos, each of one lightness."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for n in range(number):
        path = folder / f"{n}.png"
        Image.new("RGB", (24, 16), (40 + n, 40 + n, 40 + n)).save(path)
        found[path.name] = Shown(f"Photo {n}", path)
    return found


def jpeg(shade: int = 90) -> bytes:
    """A visitor's photo."""
    return encoded(Image.new("RGB", (32, 20), (shade, shade, shade)), "JPEG")


class BoardOf:
    """A board in a folder; `reopened` after a restart."""

    def __init__(self, folder: Path, clock: Clock, models=tuple(MODELS), number: int = 2) -> None:
        self.folder, self.clock = folder, clock
        self.store = BoardStore(folder, durable=False)
        by_name = lambda photo, model: paint(photo, name_of(model))  # noqa: E731
        self.pictures = Pictures(photos(folder / "shown", number), by_name, clock)
        self.protocol = BoardProtocol(self.store, list(models), self.pictures, clock)

    def votes(self) -> list[dict]:
        return [dict(row) for row in self.store.transact(lambda ledger: ledger.votes())]

    def vote(self, token: str, answer: str = "first", **given) -> OpenPair:
        """Look at the next pair and vote on it."""
        pair = self.protocol.next_pair(token)
        self.clock.pass_(2)
        return self.protocol.vote(token, pair.nonce, answer, 1500.0, **given)

    def reopened(self, models=tuple(MODELS)) -> "BoardOf":
        self.close()
        return BoardOf(self.folder, self.clock, models)

    def close(self) -> None:
        self.pictures.close()
        self.store.close()
