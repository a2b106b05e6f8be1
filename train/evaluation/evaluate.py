"""Evaluation: models and photos to a table, with baselines, intervals and paired differences.

    python -m train evaluate rebalanced regression --data PHOTOS --json table.json --pages pages
    python -m train evaluate RUN/best.safetensors --data CACHE --limit 150 --temperature 0.2,0.38
    python -m train evaluate rebalanced --data PHOTOS --aged    # what age costs, photo by photo

The full picture is compared, at the photo's short side of 256. The metrics are defined in
metrics.py; intervals and differences are over photos, see bootstrap.py.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from colorize import Colorizer, zoo
from colorize.files import write_whole
from colorize.lab import pixels_to_lab
from train.data.cache import Cache
from train.data.workers import Workers
from train.evaluation import gallery
from train.evaluation.baselines import LightnessTable
from train.evaluation.bootstrap import (
    MetricParts,
    MetricSums,
    difference,
    draw_weights,
    parts_of,
    resampled_values,
    summary,
)
from train.evaluation.guesses import (
    BATCH,
    SHORT_SIDE,
    TABLE_PHOTOS,
    EvaluationPhotos,
    Guessers,
    evaluation_photos,
)
from train.evaluation.metrics import METRICS

BASELINES = ("gray", "mean-by-lightness", "original")
COLUMNS = (
    ("psnr", "ssim", "delta_e", "ab_rmse", "auc_raw", "auc_balanced"),
    ("colorfulness", "colorfulness_gap", "chroma_ratio", "blotch", "cast_a", "cast_b"),
    ("bin_accuracy", "bin_accuracy_balanced", "pair_accuracy", "keras_accuracy"),
)


@dataclass(frozen=True)
class EvaluationSettings:
    """What is to be evaluated; the options of `python -m train evaluate`."""

    models: Sequence[str]
    data: Path
    split: str | None = None  # only this side of the data
    limit: int | None = None  # photos, spread evenly over the data
    train: Path | None = None  # a cache for mean-by-lightness; without it, leave one out
    temperature: Sequence[float] | None = None  # None: each model's own
    short_side: int | None = None  # pixels that the networks are shown
    aged: bool = False  # as models see the photos, and as old prints
    device: str = "auto"
    workers: int = 1  # processes that share the photos
    seed: int = 0  # of the intervals
    pages: Path | None = None  # pictures go here


def evaluate(question: EvaluationSettings) -> dict[str, object]:
    """The report: values, intervals and paired differences of all rows, ready for JSON."""
    models = {
        row_name(name): Colorizer.load(name, question.device, question.short_side)
        for name in question.models
    }
    with evaluation_photos(question.data, question.split, question.limit) as photos:
        table = lightness_table(photos, question.train)
        alone = question.train is None
        guessers = Guessers(models, question.temperature, table, alone, question.aged)
        sums = sum_metrics(photos, guessers, question.workers)
        if question.pages:
            write_pictures(photos, guessers, sums, question.pages)
    return {
        "data": question.data.name,
        "short_side": SHORT_SIDE,
        "mean_by_lightness": question.train.name if question.train else "leave-one-out",
        "trivial": trivial_accuracies(sums),
        **compare(sums, question.seed),
    }


def row_name(name: str) -> str:
    """A shipped name as it is; of a file RUN/best.safetensors, RUN/best."""
    return "/".join(Path(name.removesuffix(".safetensors")).parts[-2:])


def lightness_table(photos: EvaluationPhotos, train: Path | None) -> LightnessTable:
    """The colours of each lightness in the training photos of a cache, or in `photos`."""
    if train is not None:
        cache = Cache.open(train)
        photos = EvaluationPhotos(cache, cache.split("train")[:TABLE_PHOTOS])
    table = LightnessTable.empty()
    for i in tqdm(range(len(photos)), "lightness", unit=" photos", leave=False):
        table = table.plus(LightnessTable.of(pixels_to_lab(photos.photo(i).pixels)))
    return table


def sum_metrics(
    photos: EvaluationPhotos, guessers: Guessers, workers: int = 1
) -> dict[str, MetricSums]:
    """row -> the parts of its metrics, photo by photo."""
    parts: dict[str, MetricParts] = {}
    judge = Judge(photos, guessers, max(1, torch.get_num_threads() // workers))
    with tqdm(total=len(photos), desc="evaluating", unit=" photos") as bar:
        for group in judged(judge, workers):
            for found in group:
                for row, of_photo in found.items():
                    parts.setdefault(row, MetricParts()).add_parts(of_photo)
                bar.update()
    return {row: found.sums() for row, found in parts.items()}


Rows = dict[str, dict[str, np.ndarray]]  # row -> metric -> (2, K), of one photo


@dataclass(frozen=True)
class Judge:
    """Looks at a group of photos, the same ones whoever does it; travels to the workers."""

    photos: EvaluationPhotos
    guessers: Guessers
    threads: int

    def __call__(self, start: int) -> list[Rows]:
        torch.set_num_threads(self.threads)
        return [
            {row: parts_of(guess) for row, guess in found.items()}
            for found in self.guessers.guesses(self.photos.group(start))
        ]


def judged(judge: Judge, workers: int) -> Iterator[list[Rows]]:
    """The groups of all photos, in order."""
    starts = range(0, len(judge.photos), BATCH)
    if workers <= 1:
        yield from map(judge, starts)
        return
    with Workers(workers, judge) as team:
        yield from team.map(starts)


def compare(rows: dict[str, MetricSums], seed: int) -> dict[str, object]:
    """Every row's values and intervals; models minus gray, and models minus each other."""
    n = rows["gray"]["psnr"].shape[1]
    weights = draw_weights(n, seed)
    spreads = {row: resampled_values(sums, weights) for row, sums in rows.items()}
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


def trivial_accuracies(rows: dict[str, MetricSums]) -> dict[str, float]:
    """The accuracies, in percent, of always giving the most common answer."""
    cells = rows["original"]["bin_accuracy_balanced"][1].sum(0)  # true pixels of each cell
    red, pixels = rows["gray"]["keras_accuracy"].sum(1)[:, 0]  # grey is right where a >= b
    return {
        "bin_accuracy": round(100 * float(cells.max() / cells.sum()), 5),
        "keras_accuracy": round(float(max(red, 100 * pixels - red) / pixels), 5),
    }


def write_pictures(
    photos: EvaluationPhotos, guessers: Guessers, rows: dict[str, MetricSums], folder: Path
) -> None:
    """The pages of best, median and worst photos, by CIEDE2000."""
    shown = [row for row in rows if row not in BASELINES] or ["mean-by-lightness"]
    errors = {row: np.divide(*rows[row]["delta_e"])[:, 0] for row in shown}
    guesses = lru_cache(lambda i: next(guessers.guesses([photos.photo(i)])))
    gallery.write_gallery(folder, errors, guesses)


def write_json(content: dict[str, object], path: Path) -> None:
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def record_in_models(report: dict[str, Any], models: Sequence[str]) -> None:
    """Write each model's row into the JSON beside its weights; peers have none."""
    rows = {row["model"]: row for row in report["rows"]}
    for name in (n for n in models if n not in zoo.PEERS):
        path = zoo.find_weights(name).with_suffix(".json")
        described = json.loads(path.read_text(encoding="utf-8"))
        described["about"]["evaluation"] = {"data": report["data"], **rows[row_name(name)]}
        write_json(described, path)


def as_text(report: dict[str, Any]) -> str:
    """The report for people: the rows in three tables, and the differences."""
    lines = [
        f"{report['n']} photos of {report['data']} at short side {report['short_side']}; "
        f"95 % intervals over photos; mean-by-lightness: {report['mean_by_lightness']}.",
        "Always the most common answer: "
        + ", ".join(f"{name} {value:.2f}" for name, value in report["trivial"].items()),
    ]
    for columns in COLUMNS:
        lines += ["", *metric_table("model", report["rows"], columns)]
    if report["differences"]:
        named = [d | {"model": f"{d['model']} - {d['minus']}"} for d in report["differences"]]
        lines += ["", *metric_table("difference", named, COLUMNS[0])]
    return "\n".join(lines)


def metric_table(title: str, rows: list[dict[str, Any]], columns: Sequence[str]) -> list[str]:
    """Aligned lines: a title over the models' names, then value [low, high] of each metric."""
    cells = [[title, *columns]]
    for row in rows:
        low_high = row["intervals"]
        cells.append(
            [row["model"], *(cell(row[c], low_high[c], METRICS[c].digits) for c in columns)]
        )
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def cell(value: float | None, interval: Sequence[float | None], digits: int) -> str:
    low, high = interval
    if None in (value, low, high):
        return "-"
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
