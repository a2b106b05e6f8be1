"""The training room's command line.

    python -m train prepare PHOTOS --output CACHE
    python -m train fit rebalanced --data CACHE --output RUN --minutes 60
    python -m train calibrate RUN/best.safetensors --data CACHE --output TILTED
    python -m train evaluate rebalanced RUN/best.safetensors --data CACHE
    python -m train recipes
    python -m train bench

Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from colorize.config import Options
from colorize.engine.address import place
from train import catalogue
from train.catalogue import RECIPES, find_recipe
from train.recipe import FIELDS, Recipe


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m train", description=__doc__.splitlines()[0])
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_prepare(commands.add_parser("prepare", help="photos -> a cache that training reads"))
    add_fit(commands.add_parser("fit", help="a recipe and a cache -> a model"))
    add_calibrate(commands.add_parser("calibrate", help="a model's average colour made true"))
    commands.add_parser("recipes", help="the recipes, as a table")
    add_evaluate(commands.add_parser("evaluate", help="models and photos -> a table"))
    add_bench(commands.add_parser("bench", help="images per second of every recipe"))
    return top


def add_prepare(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "source", help="images or tar shards: a folder, or an address (s3://...); or hf:NAME"
    )
    p.add_argument("--output", required=True, type=Path, metavar="CACHE")
    p.add_argument("--short-side", type=int, default=160, help="pixels; never enlarged")
    p.add_argument("--square", action="store_true", help="pad with white to squares first")
    p.add_argument("--min-chroma", type=float, default=2.0, help="greyer images are skipped")
    p.add_argument("--index", type=place, help="CSV, also at an address: the photos to take")
    p.add_argument("--val", type=float, default=0.05, help="share held out (default 0.05)")
    p.add_argument("--limit", type=int, help="stop after so many images")
    p.add_argument("--workers", type=int, default=2)


def add_fit(p: argparse.ArgumentParser) -> None:
    p.add_argument("recipe", help="see: python -m train recipes")
    p.add_argument("--data", required=True, type=Path, help="a cache, or a folder of photos")
    p.add_argument("--output", required=True, type=Path, metavar="RUN")
    p.add_argument("--minutes", type=float, help="instead of --steps")
    p.add_argument("--resume", action="store_true", help="go on with RUN")
    p.add_argument("--init", type=Path, help="start from the trunk of this model")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--validate-every", type=int, default=500, metavar="STEPS")
    p.add_argument("--save-every", type=float, default=120.0, metavar="SECONDS")
    p.add_argument("--threads", type=int, default=1, help="that cut crops (default 1)")
    group = p.add_argument_group("fields of the recipe that can be changed")
    for name, kind in FIELDS.items():
        if name not in ("name", "sentence"):
            flag, reader = f"--{name.replace('_', '-')}", READERS[kind]
            group.add_argument(flag, type=reader, dest=f"recipe_{name}", default=argparse.SUPPRESS)


def add_calibrate(p: argparse.ArgumentParser) -> None:
    p.add_argument("model", type=Path, help="its weights")
    p.add_argument("--data", required=True, type=Path, help="a cache; its held side is used")
    p.add_argument("--output", required=True, type=Path, metavar="FILE")
    p.add_argument("--share", type=float, default=1.0, help="of the way to go, 0 to 1")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")


def add_evaluate(p: argparse.ArgumentParser) -> None:
    p.add_argument("models", nargs="*", metavar="NAME_OR_FILE", help="none: the baselines alone")
    p.add_argument("--data", required=True, type=Path, help="a cache, or a folder of photos")
    p.add_argument("--split", help="only this side of the data (train, val, test)")
    p.add_argument("--limit", type=int, help="so many photos, spread evenly over the data")
    p.add_argument("--train", type=Path, metavar="CACHE", help="photos for mean-by-lightness")
    p.add_argument("--temperature", type=_temperatures, help="one or several: 0.2,0.38,0.6")
    p.add_argument("--short-side", type=int, help="pixels that the networks are shown")
    p.add_argument("--aged", action="store_true", help="also show them the photos as old prints")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--workers", type=int, default=1, help="processes that share the photos")
    p.add_argument("--seed", type=int, default=0, help="of the intervals")
    p.add_argument("--json", type=Path, metavar="FILE", help="write the table for programs")
    p.add_argument("--pages", type=Path, metavar="DIR", help="best, median and worst photos")
    p.add_argument("--record", action="store_true", help="write each row into its model's JSON")


def add_bench(p: argparse.ArgumentParser) -> None:
    p.add_argument("--recipes", type=lambda text: text.split(","), help="only these, as a,b")
    p.add_argument("--rounds", type=int, default=5, help="of which the median is taken")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--json", action="store_true", help="print one object instead of a table")


def _temperatures(text: str) -> list[float]:
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = [-1.0]
    if not all(0 <= value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} must be numbers from 0 to 1, as 0.2,0.38")
    return values


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _options(text: str) -> Options:
    try:
        options = json.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise argparse.ArgumentTypeError(f'{text!r} is not an object of JSON, as {{"n": 20}}')
    return options


READERS: dict[Any, Callable[[str], Any]] = {  # of the fields of a recipe
    int: int,
    float: float,
    str: str,
    bool: _yes,
    Options: _options,
    str | None: lambda text: None if text == "none" else text,
    int | None: lambda text: None if text == "none" else int(text),
}


def prepare(options: argparse.Namespace) -> int:
    from train.data import prepare

    cache = prepare.prepare(
        options.source,
        options.output,
        short_side=options.short_side,
        min_chroma=options.min_chroma,
        workers=options.workers,
        splits={"val": options.val},
        limit=options.limit,
        index=options.index,
        square=options.square,
    )
    print(cache)
    return 0


def fit(options: argparse.Namespace) -> int:
    given = vars(options)
    prefix = "recipe_"
    changes = {k.removeprefix(prefix): v for k, v in given.items() if k.startswith(prefix)}
    recipe = find_recipe(options.recipe, **changes)
    data = prepared(options.data, options.output, recipe)

    from train import loop

    chosen = {f.name: given[f.name] for f in fields(loop.Run) if f.name in given}
    print(loop.fit(recipe, loop.Run(**chosen | {"data": data})))
    return 0


def prepared(source: Path, run: Path, recipe: Recipe) -> Path:
    """The cache `source`; or, of a folder of photos, RUN/cache, prepared as the recipe wants it."""
    if (source / "meta.json").exists():
        return source
    if "WORLD_SIZE" in os.environ:
        raise ValueError(
            f"{source} is no cache, and several processes cannot prepare it together. First: "
            f"python -m train prepare {source} --output CACHE"
        )
    from train.data import prepare

    short_side = recipe.crop * 5 // 4  # crops of about this side, from windows of most of a photo
    shares = {"val": recipe.held}
    prepare.prepare(source, run / "cache", short_side=short_side, square=recipe.pad, splits=shares)
    return run / "cache"


def calibrate(options: argparse.Namespace) -> int:
    from train import calibrate

    files = options.model, options.data, options.output
    print(calibrate.as_text(calibrate.calibrate(*files, options.share, options.device)))
    return 0


def evaluate(options: argparse.Namespace) -> int:
    if options.record and len(options.temperature or ()) > 1:
        raise ValueError("--record takes one temperature, the one that the model is to be known by")

    from train.evaluation import evaluate

    chosen = {f.name: getattr(options, f.name) for f in fields(evaluate.EvaluationSettings)}
    report = evaluate.evaluate(evaluate.EvaluationSettings(**chosen))
    print(evaluate.as_text(report))
    if options.json:
        evaluate.write_json(report, options.json)
    if options.record:
        evaluate.record_in_models(report, options.models)
    return 0


def bench(options: argparse.Namespace) -> int:
    from train import bench

    recipes = [find_recipe(name) for name in options.recipes or RECIPES]
    report = bench.measure(recipes, options.device, options.rounds)
    print(json.dumps(report) if options.json else bench.as_text(report))
    return 0


def recipes(_: argparse.Namespace) -> int:
    print(catalogue.as_text())
    return 0


COMMANDS = {
    "prepare": prepare,
    "fit": fit,
    "calibrate": calibrate,
    "evaluate": evaluate,
    "recipes": recipes,
    "bench": bench,
}


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](options)
    except (ValueError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
