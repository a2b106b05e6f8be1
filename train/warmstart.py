"""Warm start: take from another model every weight that fits, all but the last layer.

python -m train fit rebalanced --init RUN/best.safetensors --data CACHE --output RUN2
"""

from pathlib import Path

import torch
from torch import Tensor

from colorize.model import Model, ModelError, read_config, weights_file


def take_trunk(model: Model, path: Path) -> list[str]:
    """Copy the weights of `path` that fit by name and shape; returns the names left as they were.

    Fewer than half of the weights fitting means another network, which is refused.
    """
    other = Model.load(path)
    theirs, ours = other.network.state_dict(), model.network.state_dict()
    fitting = {k: v for k, v in theirs.items() if k in ours and ours[k].shape == v.shape}
    if 2 * sum(v.numel() for v in fitting.values()) < sum(v.numel() for v in ours.values()):
        raise ModelError(
            f"{path} holds a {other.config.network!r}, of which too little fits the network "
            f"{model.config.network!r}. Start from a model of the same network and widths."
        )
    model.network.load_state_dict(ours | fitting)
    return sorted(ours.keys() - fitting.keys())


@torch.no_grad()
def lean(model: Model, path: Path, weights: Tensor) -> bool:
    """Start a rebalanced model where the plain one of `path` ends; returns whether it was one.

    Where the plain loss is best at p, the loss weighed by w of the true bin is best at p w, up to
    a factor: log w, added to the head's bias, is there at once and not after many steps.
    """
    other = read_config(weights_file(path).with_suffix(".json"))
    if other.bins != model.config.bins or other.about.get("recipe", {}).get("rebalance", True):
        return False
    model.network.head.bias += weights.log().to(model.network.head.bias)
    return True
