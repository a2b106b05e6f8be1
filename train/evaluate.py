"""Evaluation: models and photos to a table, with baselines, intervals and paired differences.

    python -m train evaluate rebalanced regression --data PHOTOS --json table.json --pages pages
    python -m train evaluate RUN/best.safetensors --data CACHE --limit 150 --temperature 0.2,0.38

Every model goes through `colorize.Colorizer`, as a user's photo would, and its full picture is
compared at the photo's short side of 256. The metrics are defined in train/metrics.py.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from tqdm import tqdm

from colorize import Colorizer
from colorize.photo import Photo
from train.baselines import LightnessTable, gray, mean_by_lightness, original
from train.bootstrap import Ledger, Sums, difference, draws, spread, summary
from train.cache import Cache, DataError
from train.data import prepare
from train.intake import shrink
from train.metrics import METRICS, Guess, Truth, to_lab

SHORT_SIDE = 256
SMALLEST = 11  # pixels a side that SSIM needs
TABLE_PHOTOS = 2_000  # of a training set, for mean-by-lightness
BASELINES = ("gray", "mean-by-lightness", "original")
COLUMNS = (
    ("psnr", "ssim", "delta_e", "ab_rmse", "auc_raw", "auc_balanced"),
    ("colorfulness", "colorfulness_gap", "chroma_ratio", "cast_a", "cast_b"),
    ("bin_accuracy", "bin_accuracy_balanced", "pair_accuracy", "keras_accuracy"),
)
BATCH = 8  # photos that a network is shown together, where their sizes agree


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m train evaluate", description="Models and photos -> a table."
    )
    p.add_argument("models", nargs="*", metavar="NAME_OR_FILE", help="none: the baselines alone")
    p.add_argument("--data", required=True, type=Path, help="a cache, or a folder of photos")
    p.add_argument("--split", help="only this side of the data (train, val, test)")
    p.add_argument("--limit", type=int, help="so many photos, spread evenly over the data")
    p.add_argument("--train", type=Path, metavar="CACHE", help="photos for mean-by-lightness")
    p.add_argument("--temperature", type=_temperatures, help="one or several: 0.2,0.38,0.6")
    p.add_argument("--short-side", type=int, help="pixels that the networks are shown")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--seed", type=int, default=0, help="of the intervals")
    p.add_argument("--json", type=Path, metavar="FILE", help="the table for programs")
    p.add_argument("--pages", type=Path, metavar="DIR", help="best, median and worst photos")
    return p


def _temperatures(text: str) -> list[float]:
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = [-1.0]
    if not all(0 <= value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} must be numbers from 0 to 1, as 0.2,0.38")
    return values


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        with album(options.data, options.split, options.limit) as photos:
            return evaluate(photos, options)
    except ValueError as error:
        print(f"train evaluate: {error}", file=sys.stderr)
        return 2


@dataclass(frozen=True)
class Album:
    """The photos of a cache that take part, at their short side of 256 or their own."""

    cache: Cache
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def photo(self, i: int) -> Photo:
        number = int(self.numbers[i])
        pixels = shrink(self.cache.photo(number), SHORT_SIDE)
        return Photo(np.array(pixels), self.cache.name(number))

    def groups(self) -> Iterator[list[Photo]]:
        for start in range(0, len(self), BATCH):
            yield [self.photo(i) for i in range(start, min(start + BATCH, len(self)))]


@contextmanager
def album(data: Path, split: str | None = None, limit: int | None = None) -> Iterator[Album]:
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
        yield Album(cache, numbers)


class Contest:
    """The baselines and the models that are compared, and their guesses of any photo."""

    def __init__(self, photos: Album, options: argparse.Namespace) -> None:
        self.models = {
            label(name): Colorizer.load(name, options.device, options.short_side)
            for name in options.models
        }
        self.temperatures = options.temperature
        self.leave_out = options.train is None
        known = photos
        if options.train is not None:
            cache = Cache.open(options.train)
            known = Album(cache, cache.split("train")[:TABLE_PHOTOS])
        self.table = LightnessTable.empty()
        for group in tqdm(known.groups(), "lightness", -(-len(known) // BATCH), leave=False):
            for photo in group:
                self.table = self.table.plus(LightnessTable.of(to_lab(photo.pixels)))

    def guesses(self, photos: list[Photo]) -> Iterator[dict[str, Guess]]:
        """For each photo: name of the row -> guess."""
        looks = {name: model.look_all(photos) for name, model in self.models.items()}
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
                for row, temperature in self._temperatures(name):
                    colored = of_model[i].render(temperature)
                    found[row] = Guess(truth, colored.pixels, colored.ab)
            yield found

    def _temperatures(self, name: str) -> list[tuple[str, float | None]]:
        if self.temperatures is None or self.models[name].model.bins is None:
            return [(name, None)]
        if len(self.temperatures) == 1:
            return [(name, self.temperatures[0])]
        return [(f"{name} T={t:g}", t) for t in self.temperatures]


def label(name: str) -> str:
    """A shipped name as it is; of a file RUN/best.safetensors, RUN/best."""
    return "/".join(Path(name.removesuffix(".safetensors")).parts[-2:])


def evaluate(photos: Album, options: argparse.Namespace) -> int:
    contest = Contest(photos, options)
    ledgers: dict[str, Ledger] = {}
    with tqdm(total=len(photos), unit=" photos") as bar:
        for group in photos.groups():
            for found in contest.guesses(group):
                for row, guess in found.items():
                    ledgers.setdefault(row, Ledger()).add(guess)
                bar.update()
    report = compare({row: ledger.sums() for row, ledger in ledgers.items()}, options.seed)
    report = {
        "data": options.data.name,
        "short_side": SHORT_SIDE,
        "mean_by_lightness": "leave-one-out" if contest.leave_out else options.train.name,
        **report,
    }
    print(text(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def compare(rows: dict[str, Sums], seed: int) -> dict[str, object]:
    """Values, intervals and paired differences of all rows, ready for JSON."""
    n = len(next(iter(rows.values()))["psnr"][0])
    weights = draws(n, seed)
    spreads = {row: spread(sums, weights) for row, sums in rows.items()}
    models = [row for row in rows if row not in BASELINES]
    pairs = [(row, "gray") for row in models] + list(combinations(models, 2))
    return {
        "n": n,
        "seed": seed,
        "draws": len(weights) - 1,
        "rows": [{"model": row, "n": n, **summary(spreads[row])} for row in rows],
        "differences": [
            {"model": a, "minus": b, "n": n, **summary(difference(spreads[a], spreads[b]))}
            for a, b in pairs
        ],
    }


def text(report: dict) -> str:
    """The report for people: three tables of rows, one of differences."""
    lines = [
        f"{report['n']} photos of {report['data']} at short side {report['short_side']}; "
        f"95 % intervals over photos; mean-by-lightness: {report['mean_by_lightness']}."
    ]
    for columns in COLUMNS:
        cells = [[row["model"], *(_cell(row, c) for c in columns)] for row in report["rows"]]
        lines += ["", *_aligned([["model", *columns], *cells])]
    if report["differences"]:
        cells = [
            [f"{d['model']} - {d['minus']}", *(_cell(d, c) for c in COLUMNS[0])]
            for d in report["differences"]
        ]
        lines += ["", *_aligned([["difference", *COLUMNS[0]], *cells])]
    return "\n".join(lines)


def _cell(row: dict, metric: str) -> str:
    low, high = row["intervals"][metric]
    digits = METRICS[metric].digits
    return f"{row[metric]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
