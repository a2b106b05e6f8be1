from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.catalogue import find_recipe
from train.data.cache import Cache
from train.data.draft import Draft, JournalLine
from train.recipe import Recipe


def colourful(seed: int, height: int = 24, width: int = 32) -> np.ndarray:
    """(height, width, 3) uint8: two gradients over a random tint, far from grey."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * y / height
    blue = 255 * x / width
    green = np.full_like(red, rng.integers(0, 256))
    noise = rng.integers(0, 20, (height, width, 3))
    return np.clip(np.stack([red, green, blue], -1) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def album(tmp_path: Path) -> Callable[..., Path]:
    """album(12): a folder of 12 colourful PNGs, in the class folders `even` and `odd`."""

    def make(count: int, name: str = "photos", **size: int) -> Path:
        for i in range(count):
            path = tmp_path / name / ("odd" if i % 2 else "even") / f"{i:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(colourful(i, **size)).save(path)
        return tmp_path / name

    return make


@pytest.fixture
def colour_photo() -> np.ndarray:
    return colourful(0, 32, 40)


def textured(seed: int, size: int = 48) -> np.ndarray:
    """(size, size, 3) uint8: smooth patches are blue, striped ones orange, at any lightness."""
    random = np.random.default_rng(seed)
    striped = np.kron(random.integers(0, 2, (3, 3)), np.ones((size // 3, size // 3)))
    light = np.kron(random.uniform(80, 160, (3, 3)), np.ones((size // 3, size // 3)))
    light = light + striped * np.where(np.arange(size) % 4 < 2, 25, -25)
    tint = np.where(striped[..., None], (40, 0, -40), (-40, 0, 40))
    return np.clip(light[..., None] + tint, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """A cache of 80 photos whose colours follow from texture, in two classes, a quarter held."""
    folder = tmp_path_factory.mktemp("lessons") / "cache"
    with Draft(folder, {}) as draft:
        for i in range(80):
            pixels = textured(i)
            line = JournalLine(
                f"{i:02}.png",
                *pixels.shape[:2],
                "ab"[i % 2],
                "train" if i % 4 else "val",
                f"{i:032x}",
            )
            draft.add([(line, pixels.tobytes())])
        draft.finish()
    return Cache.open(folder)


@pytest.fixture
def tiny() -> Callable[..., Recipe]:
    """tiny("zhang", steps=2): the recipe at a size that trains in no time."""
    narrow = {"widths": [16, 32], "depths": [1, 1]}
    sizes = {
        "unet": {"network_options": narrow, "crop": 32, "batch": 16},
        "mobile-unet": {  # whose encoder has but one size: see test_loop.py
            "network": "unet",
            "network_options": narrow,
            "crop": 32,
            "batch": 16,
        },
        "unet-pair": {"network_options": narrow, "crop": 32, "batch": 16},
        "palette-net": {"network_options": {"side": 8}, "crop": 8, "square": 8, "batch": 16},
        "autoencoder": {"crop": 32, "batch": 4},
        "zhang": {"crop": 16, "batch": 2},
    }

    def make(name: str, **changes) -> Recipe:
        recipe = find_recipe(name)
        size = dict(sizes[recipe.model.network.kind])
        if "patch" in recipe.model.network.options:
            size |= {"network_options": narrow | {"patch": 1}, "crop": 16}
        if recipe.model.bins.kind == "palette":  # the made-up photos have few colours
            size["bins_options"] = recipe.model.bins.options | {"count": 6}
        return find_recipe(name, **size | {"warmup": 5, "rate": 4e-3, "steps": 3} | changes)

    return make
