"""What hints gain: simulated users correct photos whose true colours are known.

    python -m colorize bench --hints --data PHOTOS
    python -m colorize bench --hints --data PHOTOS --half second --json

PHOTOS is a folder of colour photos or of tar shards. The constants of steer.py were chosen on the
first half of `eval-dev` (its photos 1, 3, 5, …), so its second half is the honest measure.
"""

import argparse
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from colorize.agreement import decode_in_agreement
from colorize.bench.propagation import levin, screened_poisson
from colorize.bench.users import click, places
from colorize.colorizer import Colorizer
from colorize.hints.kriging import weights
from colorize.hints.likeness import Unlikeness, pick
from colorize.hints.pins import Pins
from colorize.hints.steer import WIDE, believe, complete, distances, reach
from colorize.lab import pixels_to_lab
from colorize.look import Input
from colorize.paint import Painter
from colorize.photo import PhotoError, is_gray, open_photo
from colorize.upsample import fit_lines

COUNTS = (1, 2, 5, 10, 20, 50)
SHORT_SIDE = 160  # pixels, of the photo that is judged
SEEN = 2.3  # CIE76: a difference that is just noticed
ROUNDING = 1 / 12  # mean squared error of 8 bits
RESAMPLINGS = 2_000  # of the photos, for the intervals


@dataclass(frozen=True)
class Case:
    """One photo, what a model says of it, and its truth."""

    colorizer: Colorizer
    pixels: np.ndarray  # (H, W, 3) uint8: the truth, as small as the network sees it
    lightness: Tensor  # (1, 1, H, W)
    truth: Tensor  # (1, 2, H, W): ab
    output: Tensor
    own: Tensor  # (1, 2, h, w): ab without hints


@dataclass(frozen=True)
class Known:
    """What several ways need of a case and its pins."""

    apart: Unlikeness
    wide: Tensor  # (1, M, K): weights

    @classmethod
    def of(cls, one: Case, pins: Pins) -> "Known":
        apart = distances(one.colorizer.model, one.output, one.lightness, one.own, pins)
        return cls(apart, weights(WIDE, apart, pins) * reach(one.own, pins)[:, None])


Way = Callable[[Case, Pins, Known], Tensor]
Figures = dict[str, Any]  # as `--json` prints them


def main(words: list[str]) -> int:
    p = argparse.ArgumentParser(
        prog="python -m colorize bench --hints", description=__doc__.split("\n")[0]
    )
    p.add_argument("--hints", action="store_true", help="this measurement")
    p.add_argument("--data", required=True, type=Path, metavar="DIR", help="colour photos")
    p.add_argument("--half", choices=("both", "first", "second"), default="both")
    p.add_argument("--model", default="rebalanced", help="a name from `models`")
    p.add_argument("--seed", type=int, default=0, help="of the users' places")
    p.add_argument("--limit", type=int, help="at most so many photos")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--json", action="store_true", help="print one JSON object")
    options = p.parse_args(words)
    colorizer = Colorizer.load(options.model, options.device, SHORT_SIDE)
    start, step = {"both": (0, 1), "first": (0, 2), "second": (1, 2)}[options.half]
    stop = None if options.limit is None else start + step * options.limit
    cases = (case(colorizer, file) for file in islice(files(options.data), start, stop, step))
    figures = measure((one for one in cases if one is not None), options.seed)
    print(json.dumps(figures) if options.json else table(figures))
    return 0


def files(folder: Path) -> Iterator[bytes]:
    """The photos of a folder, or those in its tar shards, in order of their names."""
    if not folder.is_dir():
        raise ValueError(f"--data {folder} is not a folder. Give one of photos or of tar shards.")
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".tar":
            with tarfile.open(path) as shard:
                for member in shard:
                    if content := shard.extractfile(member):
                        yield content.read()
        elif path.is_file() and path.suffix != ".csv":
            yield path.read_bytes()


def case(colorizer: Colorizer, file: bytes) -> Case | None:
    """None for what is no photo in colour: nothing is to be learned from it."""
    try:
        photo = open_photo(file)
    except PhotoError:
        return None
    if is_gray(photo):
        return None
    height, width = colorizer.working_size(photo.height, photo.width)
    image = Image.fromarray(photo.pixels).resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.array(image)
    lab = pixels_to_lab(pixels)[None]
    output = colorizer.run(Input(lab[:, :1]))
    own = decode_in_agreement(colorizer.model, output, lab[:, :1])
    return Case(colorizer, pixels, lab[:, :1], lab[:, 1:], output, own)


def tilt(one: Case, pins: Pins, known: Known) -> Tensor:
    """The first step of steer.py alone."""
    model = one.colorizer.model
    tilted = believe(model, one.output, pins, known.wide)
    return decode_in_agreement(model, tilted, one.lightness)


def kriging(one: Case, pins: Pins, known: Known) -> Tensor:
    """Without the first step."""
    return complete(one.own, known.apart, pins, known.wide)


def both(one: Case, pins: Pins, known: Known) -> Tensor:
    """What the program does."""
    return complete(tilt(one, pins, known), known.apart, pins, known.wide)


def poisson(one: Case, pins: Pins, known: Known) -> Tensor:
    missing = pins.color - pick(one.own.flatten(2), pins.cells)
    return one.own + _along_lightness(screened_poisson, one, pins, missing)


def levin_alone(one: Case, pins: Pins, known: Known) -> Tensor:
    return _along_lightness(levin, one, pins, pins.color)


def _along_lightness(
    way: Callable[..., np.ndarray], one: Case, pins: Pins, values: Tensor
) -> Tensor:
    light = F.interpolate(one.lightness, size=one.own.shape[2:], mode="area")[0, 0]
    found = way(light.double().numpy(), pins.cells[0].numpy(), values[0].T.double().numpy())
    return torch.from_numpy(found.T.copy()).view_as(one.own).float()


WAYS: dict[str, Way] = {
    "both": both,
    "tilt": tilt,
    "kriging": kriging,
    "poisson": poisson,
    "levin": levin_alone,
}


@torch.inference_mode()
def measure(cases: Iterator[Case], seed: int, ways: dict[str, Way] = WAYS) -> Figures:
    """All figures; "both" is what the program does, and its are the single numbers."""
    gains: dict[str, list[list[float]]] = {name: [] for name in ways}
    reached: dict[str, list[float]] = {name: [] for name in ways}
    painter = Painter()
    for number, one in enumerate(tqdm(cases, unit="photo", disable=None, leave=False)):
        spots = places(COUNTS[-1], seed + number)
        before = psnr(one, one.own, painter)
        pins = [click(one.own, one.truth, spots[:count]) for count in COUNTS]
        known = [Known.of(one, some) for some in pins]
        for name, way in ways.items():
            answers = [way(one, *pair) for pair in zip(pins, known, strict=True)]
            gains[name].append([psnr(one, ab, painter) - before for ab in answers])
            reached[name].append(propagation(answers[0] - one.own, spots[0]))
    found = len(gains["both"])
    if not found:
        raise ValueError("There are no colour photos to measure with; give another --data.")
    return summary({name: np.array(rows) for name, rows in gains.items()}, reached, seed)


def summary(gains: dict[str, np.ndarray], reached: dict[str, list[float]], seed: int) -> Figures:
    count = len(gains["both"])
    drawn = np.random.default_rng(seed).integers(0, count, (RESAMPLINGS, count))
    ways = {
        name: {
            "worse_with_1": float((rows[:, 0] < 0).mean()),
            "reach": float(np.nanmean(reached[name])) if np.isfinite(reached[name]).any() else 0.0,
            "intervals": [interval(rows[:, k][drawn].mean(1)) for k in range(len(COUNTS))],
            "worse_interval": interval((rows[:, 0] < 0)[drawn].mean(1)),
        }
        for name, rows in gains.items()
    }
    return {
        "hints": {
            name: {str(k): float(gain) for k, gain in zip(COUNTS, rows.mean(0), strict=True)}
            for name, rows in gains.items()
        },
        "worse_with_1": ways["both"]["worse_with_1"],
        "reach": ways["both"]["reach"],
        "n": count,
        "ways": ways,
    }


def interval(resampled: np.ndarray) -> list[float]:
    """95 %"""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return [float(low), float(high)]


def psnr(one: Case, ab: Tensor, painter: Painter) -> float:
    """In dB, of the photo painted with ab, as a person would see it."""
    painted = painter.paint(one.pixels, fit_lines(one.lightness, ab))
    error = np.square(painted.astype(np.float32) - one.pixels).mean()
    return float(10 * np.log10(255**2 / max(error, ROUNDING)))


def propagation(change: Tensor, spot: Tensor) -> float:
    """Mean distance from the hint of what it changes visibly, in sides of a square of the photo's
    area (the hint propagation range of iColoriT, 2023); nan where it changes nothing."""
    height, width = change.shape[2:]
    row, column = (change[0].norm(dim=0) > SEEN).nonzero().unbind(1)
    across = (column + 0.5 - spot[0] * width) ** 2 + (row + 0.5 - spot[1] * height) ** 2
    return float(across.sqrt().mean() / (height * width) ** 0.5) if len(row) else float("nan")


def table(f: Figures) -> str:
    """The figures for people."""
    head = "".join(f"{count:>18}" for count in COUNTS)
    lines = [f"Gain in PSNR, dB [95 %], n = {f['n']}", f"{'hints':10}{head}"]
    for name, way in f["ways"].items():
        cells = [
            f"{f['hints'][name][str(count)]:5.2f} [{low:5.2f}, {high:4.2f}]"
            for count, (low, high) in zip(COUNTS, way["intervals"], strict=True)
        ]
        lines.append(f"{name:10}" + "".join(f"{cell:>18}" for cell in cells))
    lines.append(f"{'':10}{'worse with one':>24}{'reach':>8}")
    for name, way in f["ways"].items():
        low, high = (100 * bound for bound in way["worse_interval"])
        worse = f"{100 * way['worse_with_1']:.1f} % [{low:.1f}, {high:.1f}]"
        lines.append(f"{name:10}{worse:>24}{way['reach']:8.2f}")
    return "\n".join(lines)
