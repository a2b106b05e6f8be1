"""The photos of an evaluation, and what every model and baseline makes of each.

    python -m train evaluate rebalanced --data PHOTOS

Every model goes through `colorize.Colorizer`, as a user's photo would; a network looks at a photo
once, however many temperatures are compared. With `--aged` it looks again, at the photo as an old
print: what it then thinks is painted on the photo itself and has a row of its own, so that a row
minus its aged one is what age costs, and nothing else.
"""

import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from colorize import Colorizer
from colorize.lab import lightness_to_gray, pixels_to_lab
from colorize.look import Look
from colorize.photo import Photo
from train.data.cache import Cache, DataError
from train.data.degrade import age
from train.data.intake import limit_short_side
from train.data.prepare import prepare
from train.evaluation.baselines import LightnessTable, gray, mean_by_lightness, original
from train.evaluation.metrics import Guess, Truth

SHORT_SIDE = 256  # pixels of the photos that are compared, or their own if they are smaller
SMALLEST = 11  # pixels a side that SSIM needs
TABLE_PHOTOS = 2_000  # of a training set, for mean-by-lightness
BATCH = 8  # photos that a network is shown together, where their sizes agree


@dataclass(frozen=True)
class EvaluationPhotos:
    """The photos of a cache that take part, at their short side of 256 or their own."""

    cache: Cache
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def photo(self, i: int) -> Photo:
        number = int(self.numbers[i])
        pixels = limit_short_side(self.cache.photo(number), SHORT_SIDE)
        return Photo(np.array(pixels), self.cache.name(number))

    def group(self, start: int) -> list[Photo]:
        return [self.photo(i) for i in range(start, min(start + BATCH, len(self)))]


@contextmanager
def evaluation_photos(
    data: Path, split: str | None = None, limit: int | None = None
) -> Iterator[EvaluationPhotos]:
    """The photos of a cache; or of a folder, through a cache that is thrown away afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        if (data / "meta.json").exists():
            cache = Cache.open(data)
        else:
            cache = prepare(data, Path(scratch) / "cache", short_side=SHORT_SIDE, min_chroma=0.0)
        numbers = np.arange(len(cache)) if split is None else cache.split(split)
        sides = np.minimum(cache.index["height"], cache.index["width"])
        numbers = numbers[sides[numbers] >= SMALLEST]
        if not len(numbers):
            raise DataError(f"{data} has no photo of at least {SMALLEST} pixels a side.")
        if limit is not None and limit < len(numbers):
            numbers = numbers[np.linspace(0, len(numbers) - 1, max(1, limit)).astype(int)]
        yield EvaluationPhotos(cache, numbers)


class Guessers:
    """The baselines and the models that are compared, and their guesses of any photo."""

    def __init__(
        self,
        models: dict[str, Colorizer],
        temperatures: Sequence[float] | None,
        table: LightnessTable,
        leave_out: bool,
        aged: bool = False,
    ) -> None:
        self.models, self.temperatures = models, temperatures
        self.table, self.leave_out = table, leave_out  # whether the table knows the photos too
        self.aged = aged

    def guesses(self, photos: list[Photo]) -> Iterator[dict[str, Guess]]:
        """For each photo: name of the row -> guess."""
        looks = self._looks(photos)
        for i, photo in enumerate(photos):
            truth = Truth(photo.pixels)
            table = self.table
            if self.leave_out:
                table = table.minus(LightnessTable.of(truth.lab))
            found = {
                "gray": gray(truth),
                "mean-by-lightness": mean_by_lightness(truth, table),
                "original": original(truth),
            }
            for name, of_model in looks.items():
                for row, temperature in self._temperatures(name, of_model[i]):
                    colored = of_model[i].render(temperature=temperature)
                    found[row] = Guess(truth, colored.pixels, colored.ab)
            yield found

    def _looks(self, photos: list[Photo]) -> dict[str, list[Look]]:
        """Every model's name -> what it thinks of each photo, new and, if asked for, old."""
        looks = {}
        for name, model in self.models.items():
            looks[name] = model.look_all(photos)
            if self.aged:
                old = model.look_all([old_print(photo) for photo in photos])
                looks[f"{name} aged"] = [
                    replace(then, photo=now.photo, shown=now.shown)
                    for then, now in zip(old, looks[name], strict=True)
                ]
        return looks

    def _temperatures(self, name: str, look: Look) -> list[tuple[str, float | None]]:
        if self.temperatures is None or look.model.bins is None:
            return [(name, None)]
        if len(self.temperatures) == 1:
            return [(name, self.temperatures[0])]
        return [(f"{name} T={t:g}", t) for t in self.temperatures]


def old_print(photo: Photo) -> Photo:
    """The photo in grey, and old: in which way follows from its name, whatever the others are."""
    lightness = pixels_to_lab(photo.pixels)[None, :1]
    aged = lightness_to_gray(age(lightness, zlib.crc32(photo.name.encode())))[0, 0]
    shade = (255 * aged).round().to(torch.uint8)
    return replace(photo, pixels=np.ascontiguousarray(shade[..., None].expand(-1, -1, 3).numpy()))
