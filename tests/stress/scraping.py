"""Throw-away participants who keep everything that they are sent, and answer at random.

    study = noise_study(folder, seed=3)
    seen = scrape(ask, 100)    # `ask(name, **given)` gives {"reply": …}, as the study's door does

What can be learned of it is in tests/stress/inference_attacks.py.
"""

import base64
import hashlib
import io
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from survey.bench.load import TIMING
from survey.build import build
from survey.stimuli import alike, fingerprint, signature
from survey.study import Study

Ask = Callable[..., dict[str, Any]]
CHANNELS = {
    "one": [2, 1, 0],
    "two": [1, 2, 0],
}  # what stands for models: red, green, blue exchanged
PHOTOS = 27


@dataclass
class Trial:
    """What one trial told beside its pixels, and names for what these show."""

    kind: str
    number: int
    photo: int  # which photo, by its lightness
    version: str  # in which colours, by its bytes
    signature: tuple  # length, header and chunks of the file
    keys: frozenset[str]  # of the reply
    nonce: str
    seconds: float  # until the reply came
    sent: int = 0  # the answer that was given, 0 or 1
    told: str = ""  # the truth, where the reply tells it


@dataclass
class Seen:
    """The trials, the score and the token of each participant."""

    trials: list[list[Trial]] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)


def noise_study(folder: Path, seed: int, **settings: object) -> Study:
    """A study of clouds of colour, made by the path by which all studies are made."""
    rng, paths = np.random.default_rng(0), []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(PHOTOS):
        cloud = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        paths.append(folder / f"{number}.png")
        cloud.resize((64, 64), Image.Resampling.BICUBIC).save(paths[-1])
    short = {"practice": 2, "trials": 8, "catch": 0.125, "exposure_ms": None}
    study = Study(title="Clouds", models=tuple(CHANNELS), seed=seed, **short | settings)
    colours = lambda pixels, model: pixels[..., CHANNELS[model]]  # noqa: E731
    return build(paths, folder / "study", study, colours, size=64).study


def scrape(ask: Ask, participants: int) -> Seen:
    """Take part so often."""
    seen, photos, rng = Seen(), Photos(), random.Random(1)
    for _ in range(participants):
        token = ask("begin", consent=True, panel_id="")["reply"]
        ask("colour_vision", token=token, answer="normal")
        seen.trials.append(take_part(ask, token, photos, rng))
        seen.scores.append(ask("debrief", token=token)["reply"]["right"])
        seen.tokens.append(token)
    return seen


def take_part(ask: Ask, token: str, photos: "Photos", rng: random.Random) -> list[Trial]:
    """All trials of one participant."""
    trials: list[Trial] = []
    started = time.perf_counter()
    trial = ask("next_trial", token=token)["reply"]
    while trial:
        noted = note(trial, photos, time.perf_counter() - started)
        noted.sent = rng.randrange(2)
        ask("shown", token=token, nonce=trial["nonce"])
        vote = {"answer": trial["answers"][noted.sent], "timing": TIMING}
        started = time.perf_counter()
        ack = ask("vote", token=token, nonce=trial["nonce"], **vote)["reply"]
        noted.told, trial = ack["truth"] or "", ack["next"]
        trials.append(noted)
    return trials


class Photos:
    """Numbers for photos that look alike without their colours."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._fingers: list[int] = []

    def number(self, png: bytes) -> int:
        if png not in self._numbers:
            finger = fingerprint(lightness(png))
            known = [n for n, other in enumerate(self._fingers) if alike(finger, other)]
            if not known:
                self._fingers.append(finger)
            self._numbers[png] = known[0] if known else len(self._fingers) - 1
        return self._numbers[png]


def lightness(png: bytes) -> np.ndarray:
    """What all versions of a photo have in common, (S, S, 3) uint8."""
    lab = rgb2lab(np.asarray(Image.open(io.BytesIO(png))))
    return np.repeat(lab[..., :1] * 2.55, 3, axis=2).round().astype(np.uint8)


def note(trial: dict[str, Any], photos: Photos, seconds: float) -> Trial:
    (png,) = (base64.b64decode(image) for image in trial["images"])
    return Trial(
        kind=trial["kind"],
        number=trial["number"],
        photo=photos.number(png),
        version=hashlib.sha256(png).hexdigest(),
        signature=signature(png),
        keys=frozenset(trial),
        nonce=trial["nonce"],
        seconds=seconds,
    )
