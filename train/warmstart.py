"""Warm start: take from another model every weight that fits, all but the last layer.

python -m train fit rebalanced --init RUN/best.safetensors --data CACHE --output RUN2
"""

from pathlib import Path

import torch
from torch import Tensor

from colorize.config import ModelError, read_config
from colorize.model import Model, weights_file


def take_trunk(model: Model, path: Path) -> list[str]:
    """Copy the weights of `path` that fit by name and shape; returns the names left as they were.

    Fewer than half of the weights fitting means another network, which is refused.
    """
    other = Model.load(path)
    theirs, ours = other.network.state_dict(), model.network.state_dict()
    fitting = {k: v for k, v in theirs.items() if k in ours and ours[k].shape == v.shape}
    if 2 * sum(v.numel() for v in fitting.values()) < sum(v.numel() for v in ours.values()):
        raise ModelError(
            f"{path} holds a {other.config.network.kind!r}, of which too little fits the network "
            f"{model.config.network.kind!r}. Start from a model of the same network and widths."
        )
    model.network.load_state_dict(ours | fitting)
    return sorted(ours.keys() - fitting.keys())


@torch.no_grad()
def adjust_head(model: Model, path: Path, weights: Tensor) -> bool:
    """Start a rebalanced model where the plain one of `path` ends; returns whether it was one.

    Where the plain loss is best at p, the loss weighed by w of the true bin is best at p w, up to
    a factor: log w, added to the head's bias, is there at once and not after many steps.
    """
    other = read_config(weights_file(path).with_suffix(".json"))
    if other.bins != model.config.bins or other.about.get("recipe", {}).get("rebalance", True):
        return False
    bias = model.network.get_parameter("head.bias")
    bias.add_(weights.log().to(bias))
    return True


def origin(path: Path) -> str | None:
    """Whose weights the model of `path` began with, where its JSON says so: it holds on."""
    found: str | None = read_config(weights_file(path).with_suffix(".json")).about.get("origin")
    return found
