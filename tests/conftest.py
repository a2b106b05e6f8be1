from collections.abc import Iterator
from pathlib import Path

import pytest

TINY = {  # what a test of the pages needs to choose from; weights are random
    "rebalanced": {},
    "regression": {"bins": None},
    "classification": {"temperature": 0.5},
}


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory) -> Path:
    """A folder like colorize/weights with three tiny models of strong, random colours."""
    import torch

    from colorize.model import Model, ModelConfig

    folder = tmp_path_factory.mktemp("weights")
    for seed, (name, changes) in enumerate(TINY.items()):
        torch.manual_seed(seed)
        options = {"widths": [16, 32], "depths": [1, 1]}
        config = ModelConfig(name, network_options=options, short_side=64, **changes)
        model = Model(config)
        last = [m for m in model.network.modules() if hasattr(m, "weight") and m.weight.ndim > 1]
        with torch.no_grad():
            last[-1].weight.mul_(30)
        model.save(folder / f"{name}.safetensors")
    return folder


@pytest.fixture
def zoo_of_tiny_models(tiny_weights: Path, monkeypatch) -> Iterator[Path]:
    """The tiny models in place of the shipped ones."""
    from colorize import zoo

    monkeypatch.setattr(zoo, "WEIGHTS", tiny_weights)
    yield tiny_weights
