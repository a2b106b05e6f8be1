"""Warm start: take from another model every weight that fits, and begin the last layer well.

python -m train fit rebalanced --init RUN/best.safetensors --data CACHE --output RUN2
"""

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from colorize.config import ModelError, read_config
from colorize.model import Model, weights_file

RIDGE = 1e-6  # of the features' mean square, added to each
NEAR = 7.0  # ab units between colours that mean the same


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


@torch.no_grad()
def solve_head(model: Model, lessons: Iterable[tuple[Tensor, Tensor]]) -> None:
    """The last layer of a model that says ab, by least squares over what the layers before say.

    Each lesson is lightness (N, 1, H, W) and the true answer (N, 2, h, w) to it. A last layer that
    begins at random takes longer to learn than a short run lasts, and spoils the layers before it.
    """
    head = model.network.get_submodule("head")
    seen: list[Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    within: Tensor | float = 0.0  # (W + 1, W + 1): sums of products of the features, and of 1
    across: Tensor | float = 0.0  # (W + 1, 2): and of those with the truth
    for lightness, truth in lessons:
        model(lightness)
        x, y = (t.movedim(1, -1).flatten(0, 2).double() for t in (seen.pop(), truth))
        x = torch.cat((x, x.new_ones(len(x), 1)), dim=1)
        within, across = within + x.T @ x, across + x.T @ y
    hook.remove()
    assert isinstance(within, Tensor) and isinstance(across, Tensor), "there was a lesson"
    ridge = RIDGE * within.diagonal().mean() * torch.eye(len(within)).to(within)
    found = torch.linalg.solve(within + ridge, across).T  # (2, W + 1)
    head.get_parameter("weight").copy_(found[:, :-1, None, None])
    head.get_parameter("bias").copy_(found[:, -1])


@torch.no_grad()
def translate_head(model: Model, path: Path) -> bool:
    """Begin a model of other colours with the rows of the colours of `path` near each of its own.

    Returns whether both have one colour a row.
    """
    other = Model.load(path)
    if not all(m.bins and m.bins.size == len(m.bins.centres) for m in (model, other)):
        return False
    assert model.bins and other.bins
    far = torch.cdist(model.bins.centres.cpu(), other.bins.centres)  # (K, Q)
    near = torch.softmax(far.square() / (-2 * NEAR**2), dim=1)
    for name in ("head.weight", "head.bias"):
        ours, theirs = (m.network.get_parameter(name) for m in (model, other))
        ours.copy_((near @ theirs.flatten(1)).view_as(ours) if theirs.ndim > 1 else near @ theirs)
    return True
