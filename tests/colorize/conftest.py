from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize.colorizer import Colorizer
from colorize.model import Model, ModelConfig

KINDS = {  # every kind of model there is, as small as it goes
    "hull": {},
    "regression": {"bins": None},
    "grid": {"bins": "grid", "bins_options": {"n": 5}},
    "palette": {
        "bins": "palette",
        "bins_options": {"colors": [[220, 40, 30], [20, 90, 200], [90, 90, 90], [60, 160, 40]]},
    },
    "channels": {"bins": "channels", "network": "unet-pair"},
    "autoencoder": {"bins": None, "network": "autoencoder", "ab_scale": 128.0},
    "palette-net": {
        "bins": "palette",
        "bins_options": {"colors": [[200, 30, 30], [30, 30, 200], [90, 90, 90]]},
        "network": "palette-net",
        "network_options": {"side": 12},
        "source": "gray",
        "mean": 0.0,
        "scale": 1.0,
        "square": 12,
    },
    "zhang": {"network": "zhang"},
    "siggraph17": {"bins": None, "network": "siggraph17", "square": 32},
}
UNETS = ("unet", "unet-pair")


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """make_model("grid"): a tiny model with random weights and, by default, strong colours."""

    def make(kind: str = "hull", strength: float = 30.0, **changes) -> Model:
        torch.manual_seed(0)
        described = {"name": kind, "short_side": 32, **KINDS[kind], **changes}
        if described.get("network", "unet") in UNETS:
            described.setdefault("network_options", {"widths": [16, 32], "depths": [1, 1]})
        model = Model(ModelConfig(**described)).eval()
        last = [m for m in model.network.modules() if hasattr(m, "weight") and m.weight.ndim > 1]
        with torch.no_grad():
            last[-1].weight.mul_(strength)
        return model

    return make


@pytest.fixture
def colorizer(make_model) -> Colorizer:
    return Colorizer(make_model(), device="cpu")


def speckled(height: int, width: int, seed: int = 0, gray: bool = False) -> np.ndarray:
    """(height, width, 3) uint8: soft shapes and grain over the whole range of lightness."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(7 * x * (c + 1) + 5 * y + c) for c in range(1 if gray else 3)]
    values = 128 + 120 * np.stack(waves, -1) + random.normal(0, 12, (height, width, 1))
    return np.broadcast_to(values, (height, width, 3)).clip(0, 255).astype(np.uint8)


def pixels_of(path: Path) -> np.ndarray:
    """(H, W, 3) uint8: what Pillow reads there."""
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))
