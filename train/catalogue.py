"""Recipes: one frozen description for each system of the five papers, and for our own models.

    python -m train recipes                          # this table
    python -m train fit rebalanced --data CACHE --output RUN --mix 0.8 --minutes 60

The loop, the objective and the model read them. Any field can be set on the command line. What each
system reached is in docs/results.md.
"""

import difflib
from typing import Any

from colorize.config import BinsConfig, InputConfig, ModelConfig, NetworkConfig, changed
from train.recipe import FIELDS, Recipe, RecipeError

SMALL = {"patch": 2, "widths": (64, 128, 192), "depths": (1, 2, 2)}  # the U-Net at 32x32 pixels
HALF = {"widths": (32, 64, 128, 192)}  # one of the two U-Nets of `channels`

CLASSIFICATION = Recipe(
    ModelConfig(
        "classification",
        "Picks the likeliest of 313 colours for each spot: safe and natural, a little pale.",
        NetworkConfig("mobile-unet"),
        BinsConfig("hull"),
        InputConfig("gray", mean=0.5, scale=0.5),
        temperature=0.7,  # below, undecided walls flip between colours: see docs/log.md
    ),
    loss="cross-entropy",
    naming=0.2,
    tone=1.2,
    aged=0.3,
    encoder_rate=0.3,  # of what ImageNet taught it
)
REGRESSION = changed(
    CLASSIFICATION,
    name="regression",
    sentence="Predicts the average colour: never far off, often too brown.",
    bins=None,
    loss="l2",
)
REBALANCED = changed(
    CLASSIFICATION,
    name="rebalanced",
    sentence="Gives rare colours their due: vivid, and bold where it is wrong.",
    agreement=1.0,  # bold colours differ within one wall: see docs/log.md
    rebalance=True,
    mix=0.8,  # Zhang's 0.5 costs more truth than it brings colour: see docs/log.md
)
CHANNELS = Recipe(
    ModelConfig(
        "channels",
        "Two models, one for green-red and one for blue-yellow, ten steps each.",
        NetworkConfig("unet-pair", HALF),
        BinsConfig("channels", {"n": 10}),
    ),
    loss="channels",
    rebalance=True,
)
PALETTE = changed(
    CLASSIFICATION,
    name="palette",
    sentence="Paints with a fixed set of colours found in the training photos.",
    bins="palette",
    bins_options={"count": 32, "space": "ab"},
    temperature=0.5,
    soft=False,
)
CARTOON = Recipe(
    ModelConfig(
        "cartoon",
        "The third paper's small dense network and its 32 colours, for one cartoon figure.",
        NetworkConfig("palette-net", {"side": 32}),
        BinsConfig("palette", {"count": 32, "space": "rgb"}),
        InputConfig("gray", mean=0.0, scale=1.0, square=32),
        temperature=0.0,
    ),
    loss="cross-entropy",
    soft=False,
    luma=True,
    crop=32,
    least=1.0,
    aspect=1.0,
    steps=3_000,
    optimizer="adadelta",
    rate=1.0,
    decay=0.0,
    warmup=0,
    cosine=False,
    average=0.0,
    pad=True,
    held=0.3,
)
AUTOENCODER = Recipe(
    ModelConfig(
        "autoencoder",
        "A small encoder and decoder that learned from landscapes alone.",
        NetworkConfig("autoencoder"),
        BinsConfig(None),
        InputConfig(mean=0.0, short_side=256),
        ab_scale=128.0,
    ),
    crop=160,
    batch=16,
    optimizer="adamax",
    rate=1e-3,
    decay=0.0,
)
ZHANG = Recipe(
    ModelConfig(
        "zhang",
        "Zhang et al.'s network of 2016, trained here.",
        NetworkConfig("zhang"),
        BinsConfig("hull"),
        InputConfig(short_side=256),
    ),
    loss="cross-entropy",
    rebalance=True,
    crop=176,
    least=0.8,
    batch=40,
    rate=3e-5,
    decay=1e-3,
)
ZHANG_L2 = changed(
    ZHANG,
    name="zhang-l2",
    sentence="Zhang et al.'s network under the squared error.",
    bins=None,
    loss="l2",
    rebalance=False,
)
CIFAR = Recipe(
    ModelConfig(
        "cifar-classification",
        "The second paper's classification into a 20 x 20 grid, on CIFAR-10.",
        NetworkConfig(options=SMALL),
        BinsConfig("grid", {"n": 20}),
        InputConfig(short_side=32),
    ),
    loss="cross-entropy",
    crop=32,
    least=1.0,
    aspect=1.0,
    batch=64,
    steps=6_000,
    rate=2e-3,
    warmup=100,
    naming=0.2,
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        REGRESSION,
        CLASSIFICATION,
        REBALANCED,
        CHANNELS,
        PALETTE,
        CARTOON,
        changed(
            CARTOON,
            name="cartoon-distance",
            sentence="The same under the paper's first loss, which fails.",
            loss="palette-distance",
        ),
        AUTOENCODER,
        changed(
            REGRESSION,
            name="focal",
            sentence="The average colour, learned mostly from what is still wrong.",
            loss="focal",
        ),
        changed(
            CLASSIFICATION,
            name="focal-exact",
            sentence="Classification that spends itself on what it finds hard.",
            loss="focal-exact",
        ),
        changed(
            REGRESSION,
            name="block",
            sentence="The average colour, kept even over areas of one lightness.",
            loss="block",
        ),
        ZHANG,
        ZHANG_L2,
        CIFAR,
        changed(
            CIFAR,
            name="cifar-regression",
            sentence="The second paper's regression, on CIFAR-10.",
            bins=None,
            bins_options={},
            loss="l2",
        ),
        changed(
            CIFAR,
            name="cifar-rebalanced",
            sentence="The second paper's classification with colour rebalancing, on CIFAR-10.",
            rebalance=True,
        ),
    )
}


def find_recipe(name: str, **changes: Any) -> Recipe:
    """The recipe of that name with some fields changed; the nearest name if there is none."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.0)
        raise RecipeError(
            f"There is no recipe {name!r}; the nearest is {near[0]!r}. "
            "See them all: python -m train recipes"
        )
    if unknown := sorted(changes.keys() - FIELDS.keys()):
        raise RecipeError(f"A recipe has no field {unknown[0]!r}; it has {', '.join(FIELDS)}.")
    return changed(RECIPES[name], **changes)


def as_text() -> str:
    """The recipes for people: name, network, bins, loss, sentence."""
    rows = [("recipe", "network", "bins", "loss", "in one sentence")]
    for recipe in RECIPES.values():
        model = recipe.model
        options = " ".join(str(v) for v in model.bins.options.values())
        bins = f"{model.bins.kind or '-'} {options}".strip()
        loss = recipe.loss + (" rebalanced" if recipe.rebalance else "")
        rows.append((recipe.name, model.network.kind, bins, loss, model.sentence))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row[:4], widths, strict=True)) + "  " + row[4]
        for row in rows
    )
