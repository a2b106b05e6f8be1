"""The training room's command line.

    python -m train prepare PHOTOS --output CACHE
    python -m train fit rebalanced --data CACHE --output RUN --minutes 60
    python -m train evaluate rebalanced RUN/best.safetensors --data CACHE
    python -m train recipes
    python -m train bench

Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
"""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from train.recipes import Recipe, RecipeError, find, table


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m train", description=__doc__.splitlines()[0])
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_prepare(commands.add_parser("prepare", help="photos -> a cache that training reads"))
    add_fit(commands.add_parser("fit", help="a recipe and a cache -> a model"))
    commands.add_parser("recipes", help="the recipes, as a table")
    commands.add_parser("evaluate", help="models and photos -> a table", add_help=False)
    commands.add_parser("bench", help="images per second of every recipe", add_help=False)
    return top


def add_prepare(p: argparse.ArgumentParser) -> None:
    p.add_argument("source", help="folder of images, folder of tar shards, or hf:NAME")
    p.add_argument("--output", required=True, type=Path, metavar="CACHE")
    p.add_argument("--short-side", type=int, default=160, help="pixels; never enlarged")
    p.add_argument("--min-chroma", type=float, default=2.0, help="greyer images are skipped")
    p.add_argument("--index", type=Path, help="CSV that names the photos to take")
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
    group = p.add_argument_group("fields of the recipe that can be changed")
    for f in fields(Recipe):
        kind = {"int": int, "float": float, "str": str, "bool": _yes}.get(str(f.type).split(" ")[0])
        kind = {int: int, float: float, str: str, bool: _yes}.get(f.type, kind)
        if kind and f.name not in ("name", "sentence"):
            group.add_argument(f"--{f.name.replace('_', '-')}", type=kind, dest=f"recipe_{f.name}")


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither yes nor no")
    return text == "yes"


def prepare(options: argparse.Namespace) -> int:
    from train import data

    cache = data.prepare(
        options.source,
        options.output,
        short_side=options.short_side,
        min_chroma=options.min_chroma,
        workers=options.workers,
        splits={"val": options.val},
        limit=options.limit,
        index=options.index,
    )
    print(cache)
    return 0


def fit(options: argparse.Namespace) -> int:
    changes = {
        name.removeprefix("recipe_"): value
        for name, value in vars(options).items()
        if name.startswith("recipe_") and value is not None
    }
    recipe = find(options.recipe, **changes)

    from train import loop

    chosen = {
        f.name: getattr(options, f.name) for f in fields(loop.Run) if hasattr(options, f.name)
    }
    chosen["data"] = prepared(options.data, recipe)
    print(loop.fit(recipe, loop.Run(**chosen)))
    return 0


def prepared(path: Path, recipe: Recipe) -> Path:
    """The cache at `path`, or one made beside a folder of photos."""
    if (path / "meta.json").exists():
        return path
    from train import data

    output = path.with_name(f"{path.name}.cache{max(recipe.crop, 32)}")
    data.prepare(path, output, short_side=max(32, recipe.crop * 5 // 4))
    return output


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] in (["evaluate"], ["bench"]):
        from importlib import import_module

        return import_module(f"train.{words[0]}").main(words[1:])
    options = parser().parse_args(words)
    if options.command == "recipes":
        print(table())
        return 0
    try:
        return {"prepare": prepare, "fit": fit}[options.command](options)
    except (RecipeError, ValueError, RuntimeError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
