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

from colorize.config import ModelError
from colorize.device import Compute, pick_device
from colorize.model import Model
from train.data.cache import Cache
from train.loop import TrainingPhotos, validation_crops
from train.target import make_examples

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
    model, photos = Model.load(path), TrainingPhotos.of(Cache.open(data), PHOTOS)
    bins, head = model.bins, getattr(model.network, "head", None)
    if bins is None or bins.size != len(bins.centres) or head is None:  # one logit a colour
        raise ModelError(
            f"{path} holds {model.config.name!r}, which has no one distribution over colours to "
            "calibrate. Give a model with bins of ab: hull, grid or palette."
        )
    logits, ab = spots(model, photos, pick_device(device))
    found = solve_tilt(logits, moments(ab), bins.centres, model.config.temperature, share)
    with torch.no_grad():
        head.bias += tilt_logits(bins.centres, torch.tensor(found.tilt))
    about = model.config.about | {"calibration": {"data": data.name, **asdict(found)}}
    model.config = replace(model.config, about=about)
    model.save(output)
    return found


@torch.inference_mode()
def spots(model: Model, photos: TrainingPhotos, compute: Compute) -> tuple[Tensor, Tensor]:
    """Logits (N, Q) and true ab (N, 2) at random spots of the held photos."""
    compute.take(model)
    generator = torch.Generator().manual_seed(0)
    luma = model.config.about.get("recipe", {}).get("luma", False)
    logits: list[Tensor] = []
    truth: list[Tensor] = []
    for batch in validation_crops(photos, CROP):
        examples = make_examples(batch.pixels.to(compute.device), luma)
        with compute.autocast():
            answer = model(examples.lightness).float()
        ab = interpolate(examples.ab, size=answer.shape[2:])  # single pixels, of full chroma
        chosen = torch.randperm(answer[0, 0].numel(), generator=generator)[:SPOTS]
        for kept, whole in ((logits, answer), (truth, ab)):
            kept.append(whole.flatten(2)[:, :, chosen].transpose(1, 2).flatten(0, 1).cpu())
    return torch.cat(logits), torch.cat(truth)


def solve_tilt(
    logits: Tensor, truth: Tensor, centres: Tensor, temperature: float, share: float = 1.0
) -> Calibrated:
    """The tilt under which the averages of the decoded colours go that far to the true ones."""
    centres = centres.cpu().float()

    def averages(tilt: Tensor) -> Tensor:
        p = torch.softmax((logits + tilt_logits(centres, tilt)) / max(temperature, 0.05), dim=1)
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


def tilt_logits(centres: Tensor, tilt: Tensor) -> Tensor:
    """(Q,): what the tilt adds to the logit of each bin."""
    return torch.cat((centres, centres.norm(dim=1, keepdim=True)), dim=1) @ (tilt / 100)


def moments(ab: Tensor) -> Tensor:
    """(N, 2) -> the averages of a, b and chroma."""
    return torch.cat((ab.mean(0), ab.norm(dim=1).mean()[None]))


def as_text(found: Calibrated) -> str:
    rows = (("wanted", found.wanted), ("before", found.before), ("after", found.after))
    lines = [f"{name:8}" + "".join(f"{value:8.2f}" for value in row) for name, row in rows]
    return "\n".join([f"{'':8}{'a':>8}{'b':>8}{'chroma':>8}", *lines])
