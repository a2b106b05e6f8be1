"""What colour costs: our models against Zhang et al.'s pipeline and against doing nothing at all.

    python -m colorize bench
    python -m colorize bench --json --rounds 9

Everything that is compared takes turns within one run, so that a busy machine is busy for all.
eccv16 is the published network with random weights in the steps of its authors' demo: Lab by
scikit-image, the network at 256x256 in float32, its ab enlarged bilinearly. Figures are medians.
"""

import argparse
import base64
import io
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from colorize import zoo
from colorize.bench.photos import camera_jpeg, grainy, jpeg_of
from colorize.bench.timing import in_turns
from colorize.colorizer import Colorizer
from colorize.config import ModelConfig
from colorize.folder import colorize_all, plan
from colorize.hints.file import parse_hints, write_text
from colorize.hints.hint import Hint
from colorize.look import Input
from colorize.model import Model
from colorize.networks.zhang import Zhang
from colorize.photo import SCREEN, encode_photo, shrink

SIDE = 256  # pixels that the networks alone are shown, or the only size that they take
FOLDER = 200  # small photos
HINTS = 5  # on the screen of one photo
BLOCKS = 5  # of the folder, each timed for itself
UNTRAINED = ModelConfig(name="untrained")  # where no model is shipped: for the figures only


def main(words: list[str]) -> int:
    p = argparse.ArgumentParser(
        prog="python -m colorize bench",
        description=__doc__.split("\n")[0],
        epilog="What hints bring is measured by --hints --data DIR [--half first|second] [--model "
        "NAME] [--limit N] [--json]; all of it: python -m colorize bench --hints --help",
    )
    p.add_argument("--json", action="store_true", help="print one JSON object")
    p.add_argument("--rounds", type=int, default=5, help="turns for each competitor (default 5)")
    p.add_argument("--device", default="auto", help="ours: auto, cpu, cuda or mps")
    options = p.parse_args(words)
    if options.rounds < 1:
        raise ValueError(f"{options.rounds} rounds were asked for; it takes at least 1.")
    figures = measure(load_all(options.device), options.rounds)
    print(json.dumps(figures) if options.json else as_text(figures))
    return 0


def load_all(device: str) -> dict[str, Colorizer]:
    """The shipped models, or one without training."""
    return {name: load(name, device) for name in zoo.shipped() or [UNTRAINED.name]}


def load(name: str, device: str) -> Colorizer:
    model = Model(UNTRAINED) if name == UNTRAINED.name else zoo.load(name)
    return Colorizer(model, device)


@torch.inference_mode()
def measure(models: dict[str, Colorizer], rounds: int) -> dict[str, Any]:
    """All figures; names and units as in the README."""
    first = next(iter(models))
    zhang = Zhang().eval()
    usual, gray = camera_jpeg(), camera_jpeg(gray=True)
    whole = medians(
        {
            "floor": lambda: floor(usual),
            "gray floor": lambda: floor(gray),
            "eccv16": lambda: eccv16(usual, zhang),
            "gray": lambda: ours(gray, models[first]),
            **{name: partial(ours, usual, model) for name, model in models.items()},
            "redecode": redecode(models[first], usual),
            "hint": hint(models[first], usual),
        },
        rounds,
    )
    networks = medians(network_passes(models, zhang), 5 * rounds)
    return {
        "floor_s": whole["floor"],
        "ours_s": {name: whole[name] for name in models},
        "eccv16_s": whole["eccv16"],
        "gray_floor_s": whole["gray floor"],
        "gray_ours_s": whole["gray"],
        "network_ms": {name: 1e3 * networks[name] for name in models},
        "eccv16_network_fp32_ms": 1e3 * networks["eccv16 fp32"],
        "eccv16_network_bf16_ms": 1e3 * networks["eccv16 bf16"],
        "redecode_s": whole["redecode"],
        "hint_s": whole["hint"],
        "folder_photos_per_s": folder(models[first]),
        "peak_mb": peak_mb(usual, first, str(models[first].compute.device)),
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "device": models[first].why,
    }


def medians(competitors: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each."""
    return {name: median(values) for name, values in in_turns(competitors, rounds).items()}


def floor(jpeg: bytes) -> bytes:
    """Decode and encode, as every colorizer must."""
    return encoded(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def encoded(image: Image.Image) -> bytes:
    """As `encode_photo` does it."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, subsampling="4:4:4")
    return file.getvalue()


def ours(jpeg: bytes, colorizer: Colorizer) -> bytes:
    return encode_photo(colorizer(jpeg).photo, "JPEG")


@torch.inference_mode()
def eccv16(jpeg: bytes, network: Zhang) -> bytes:
    """The steps of the authors' demo_release.py and util.py, from bytes to bytes."""
    from skimage.color import lab2rgb, rgb2lab

    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    small = np.asarray(Image.fromarray(pixels).resize((256, 256), Image.Resampling.BICUBIC))
    lightness = torch.from_numpy(rgb2lab(pixels)[None, None, ..., 0]).float()
    seen = torch.from_numpy(rgb2lab(small)[None, None, ..., 0]).float()
    centres = torch.zeros(2, 313, 1, 1)
    ab = F.conv2d(torch.softmax(network((seen - 50) / 100), dim=1), centres)
    ab = F.interpolate(ab, scale_factor=4, mode="bilinear") * 110
    ab = F.interpolate(ab, size=lightness.shape[2:], mode="bilinear")
    rgb = lab2rgb(torch.cat((lightness, ab), dim=1)[0].numpy().transpose(1, 2, 0))
    return encoded(Image.fromarray((rgb * 255).round().astype(np.uint8)))


def redecode(colorizer: Colorizer, jpeg: bytes) -> Callable[[], object]:
    """A new temperature for a photo that was looked at, at the size of a screen."""
    look = colorizer.look(jpeg)
    small = replace(look, photo=shrink(look.photo))
    return lambda: small.render(temperature=0.7)


def hint(colorizer: Colorizer, jpeg: bytes) -> Callable[[], object]:
    """One of HINTS hints is moved: from its list to the bytes that the page is sent."""
    look = colorizer.look(jpeg)
    small = replace(look, photo=shrink(look.photo))
    spots = [(0.15 + 0.7 * k / HINTS, 0.2 + 0.6 * (k % 2)) for k in range(HINTS)]
    listed = write_text(Hint(x, y, "#b03020" if x < 0.5 else None) for x, y in spots)

    def moved() -> bytes:
        painted = small.render(hints=parse_hints(listed)).pixels
        file = io.BytesIO()
        Image.fromarray(painted).save(file, "JPEG", quality=90, subsampling="4:4:4")
        return base64.b64encode(file.getvalue())

    return moved


def network_passes(
    models: dict[str, Colorizer], zhang: Zhang
) -> dict[str, Callable[[], torch.Tensor]]:
    """The networks alone, on one square picture."""

    def half() -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answer: torch.Tensor = zhang(torch.zeros(1, 1, SIDE, SIDE))
        return answer

    def alone(colorizer: Colorizer) -> Callable[[], torch.Tensor]:
        side = colorizer.model.config.input.square or SIDE
        return lambda: colorizer.run(Input(torch.full((1, 1, side, side), 50.0)))

    return {
        "eccv16 fp32": lambda: zhang(torch.zeros(1, 1, SIDE, SIDE)),
        "eccv16 bf16": half,
        **{name: alone(colorizer) for name, colorizer in models.items()},
    }


def folder(colorizer: Colorizer) -> float:
    """Small photos a second, files in and files out."""
    with tempfile.TemporaryDirectory() as scratch:
        photos, results = Path(scratch) / "photos", Path(scratch) / "results"
        photos.mkdir()
        for number in range(FOLDER):
            shape = (256, 320) if number % 2 else (320, 256)
            (photos / f"{number:03}.jpg").write_bytes(jpeg_of(grainy(shape, seed=number)))
        ends = [time.perf_counter()]
        for number, job in enumerate(colorize_all(plan([photos], results), colorizer), start=1):
            assert not job.error, job.error
            if number % (FOLDER // BLOCKS) == 0:
                ends.append(time.perf_counter())
    return FOLDER / BLOCKS / median(np.diff(ends))


def peak_mb(jpeg: bytes, name: str, device: str) -> float:
    """Megabytes that one 12-megapixel photo takes above the loaded model, in its own process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(_growth, jpeg, name, device).result()


def _growth(jpeg: bytes, name: str, device: str) -> float:
    colorizer = load(name, device)
    before = _memory("VmRSS:")
    ours(jpeg, colorizer)
    return _memory("VmHWM:") - before


def _memory(line: str) -> float:
    """Megabytes: now (VmRSS) or at the most (VmHWM); nan where there is no /proc."""
    try:
        status = Path("/proc/self/status").read_text().split()
    except OSError:
        return float("nan")
    return int(status[status.index(line) + 1]) / 1e3


def as_text(f: dict[str, Any]) -> str:
    """The figures for people, with the ratios that matter."""
    floor_s, eccv16_s = f["floor_s"], f["eccv16_s"]
    rows = [
        "A 12-megapixel JPEG, bytes to bytes",
        f"  floor (decode, encode)   {floor_s:8.3f} s",
        f"  eccv16's pipeline        {eccv16_s:8.3f} s   {eccv16_s / floor_s:5.1f} x floor",
    ]
    rows += [
        f"  {name:24} {s:8.3f} s   {s / floor_s:5.1f} x floor, {eccv16_s / s:5.1f} x faster"
        for name, s in f["ours_s"].items()
    ]
    share = f["gray_ours_s"] / f["gray_floor_s"]
    again = f["redecode_s"] / next(iter(f["ours_s"].values()))
    rows += [
        f"  in grey                  {f['gray_ours_s']:8.3f} s   {share:5.1f} x its floor",
        f"  a new temperature        {f['redecode_s']:8.3f} s   {again:.2f} of all, at {SCREEN} px",
        f"  a hint set or moved      {f['hint_s']:8.3f} s, one of {HINTS}, to the page's bytes",
        f"  memory above the model   {f['peak_mb']:8.0f} MB",
        "The network alone, 256x256",
    ]
    fp32, bf16 = f["eccv16_network_fp32_ms"], f["eccv16_network_bf16_ms"]
    rows += [
        f"  eccv16 in float32        {fp32:8.1f} ms",
        f"  eccv16 in bfloat16       {bf16:8.1f} ms",
    ]
    rows += [
        f"  {name:24} {ms:8.1f} ms  {fp32 / ms:5.1f} and {bf16 / ms:.1f} x faster"
        for name, ms in f["network_ms"].items()
    ]
    rows += [
        f"A folder of {FOLDER} small photos: {f['folder_photos_per_s']:.1f} photos a second",
        f"Medians of {f['rounds']} rounds; {f['threads']} threads; ours on: {f['device']}.",
    ]
    return "\n".join(rows)
