from collections.abc import Callable

import pytest
import torch

from colorize.colorizer import Colorizer
from colorize.config import ModelConfig, from_flat
from colorize.model import Model
from tests.helpers.models import KINDS, UNETS


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """make_model("grid"): a tiny model with random weights and, by default, strong colours."""

    def make(kind: str = "hull", strength: float = 30.0, **changes) -> Model:
        torch.manual_seed(0)
        described = {"name": kind, "short_side": 32, **KINDS[kind], **changes}
        if described.get("network", "unet") in UNETS:
            described.setdefault("network_options", {"widths": [16, 32], "depths": [1, 1]})
        model = Model(from_flat(ModelConfig, described)).eval()
        last = [m for m in model.network.modules() if hasattr(m, "weight") and m.weight.ndim > 1]
        with torch.no_grad():
            last[-1].weight.mul_(strength)
        return model

    return make


@pytest.fixture
def colorizer(make_model) -> Colorizer:
    return Colorizer(make_model(), device="cpu")
