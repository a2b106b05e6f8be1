"""Calibration: tilt a model's bins until its average colour on known photos is the true one.

    python -m train calibrate RUN/best.safetensors --data CACHE --output tilted.safetensors

Rare colours that weigh more pull the average away from the truth, mostly to the warm. Of all
distributions whose mean a, mean b and mean chroma are the true ones, that nearest the model's (by
Kullback-Leibler) multiplies each bin by exp(k . (a, b, chroma) / 100): three numbers k, found by
Newton's method on photos held out from training, and added to the bias of the last layer.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from colorize.device import Compute, pick
from colorize.model import Model, ModelError
from train.data.cache import Cache
from train.loop import Photos, held_crops
from train.objective import see

CROP = 128  # pixels of a photo, and so many spots of it
SPOTS = 64
PHOTOS = 512
STEPS = 10  # of Newton; four or so are needed
HALVINGS = 8  # of a step that leads no nearer
CLOSE = 0.01  # of the averages, in units of Lab


@dataclass(frozen=True)
class Calibrated:
    """What a tilt does to the averages of a, b and chroma, in units of Lab."""

    tilt: list[float]  # k, for a, b and chroma
    wanted: list[float]
    before: list[float]
    after: list[float]


def calibrate(
    path: Path, data: Path, output: Path, share: float = 1.0, device: str = "auto"
) -> Calibrated:
    """Write the model of `path`, tilted by held-out photos of the cache `data`, to `output`.

    `share` is how far to go: at 1 the averages become the true ones, at 0 nothing changes.
    """
    model, photos = Model.load(path), Photos.of(Cache.open(data), PHOTOS)
    if model.bins is None or model.bins.centres.ndim != 2 or not hasattr(model.network, "head"):
        raise ModelError(
            f"{path} holds {model.config.name!r}, which has no one distribution over colours to "
            "calibrate. Give a model with bins of ab: hull, grid or palette."
        )
    logits, ab = spots(model, photos, pick(device))
    found = solve(logits, moments(ab), model.bins.centres, model.config.temperature, share)
    with torch.no_grad():
        model.network.head.bias += leaning(model.bins.centres, torch.tensor(found.tilt))
    about = model.config.about | {"calibration": {"data": data.name, **asdict(found)}}
    model.config = replace(model.config, about=about)
    model.save(output)
    return found


@torch.inference_mode()
def spots(model: Model, photos: Photos, compute: Compute) -> tuple[Tensor, Tensor]:
    """Logits (N, Q) and true ab (N, 2) at random spots of the held photos."""
    model = model.to(compute.device, memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(0)
    luma = model.config.about.get("recipe", {}).get("luma", False)
    logits, truth = [], []
    for batch in held_crops(photos, CROP):
        view = see(batch.pixels.to(compute.device), luma)
        with compute.autocast():
            answer = model(view.lightness).float()
        ab = interpolate(view.ab, size=answer.shape[2:])  # single pixels, of full chroma
        chosen = torch.randperm(answer[0, 0].numel(), generator=generator)[:SPOTS]
        for kept, whole in ((logits, answer), (truth, ab)):
            kept.append(whole.flatten(2)[:, :, chosen].transpose(1, 2).flatten(0, 1).cpu())
    return torch.cat(logits), torch.cat(truth)


def solve(
    logits: Tensor, truth: Tensor, centres: Tensor, temperature: float, share: float = 1.0
) -> Calibrated:
    """The tilt under which the averages of the decoded colours go that far to the true ones."""
    centres = centres.cpu().float()

    def averages(tilt: Tensor) -> Tensor:
        p = torch.softmax((logits + leaning(centres, tilt)) / max(temperature, 0.05), dim=1)
        return moments(p @ centres)

    tilt = torch.zeros(3)
    before = after = averages(tilt)
    wanted = before + share * (truth - before)
    for _ in range(STEPS):
        slope = torch.autograd.functional.jacobian(averages, tilt)  # (3, 3)
        step = torch.linalg.lstsq(slope, wanted - after).solution
        for _ in range(HALVINGS):
            if (averages(tilt + step) - wanted).norm() < (after - wanted).norm():
                break
            step = step / 2
        tilt = tilt + step
        after = averages(tilt)
    if not (after - wanted).norm() <= CLOSE:
        raise ModelError(
            f"No tilt gives this model the averages {wanted.tolist()} of a, b and chroma; the "
            f"nearest are {after.tolist()}. Train it for longer, or take a smaller --share."
        )
    numbers = ([round(float(x), 4) for x in row] for row in (tilt, wanted, before, after))
    return Calibrated(*numbers)


def leaning(centres: Tensor, tilt: Tensor) -> Tensor:
    """(Q,): what the tilt adds to the logit of each bin."""
    return torch.cat((centres, centres.norm(dim=1, keepdim=True)), dim=1) @ (tilt / 100)


def moments(ab: Tensor) -> Tensor:
    """(N, 2) -> the averages of a, b and chroma."""
    return torch.cat((ab.mean(0), ab.norm(dim=1).mean()[None]))


def text(found: Calibrated) -> str:
    rows = (("wanted", found.wanted), ("before", found.before), ("after", found.after))
    lines = [f"{name:8}" + "".join(f"{value:8.2f}" for value in row) for name, row in rows]
    return "\n".join([f"{'':8}{'a':>8}{'b':>8}{'chroma':>8}", *lines])
