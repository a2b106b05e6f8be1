"""Colorizer: photos in, photos out. The one pipeline of command line, app, study and evaluation.

    from colorize import Colorizer
    Colorizer.load("rebalanced")("old.jpg").save("new.png")

A photo is looked at once (`look`): the network sees a small lightness and its answer is kept. The
`Look` can then be rendered at any temperature and saturation, and asked what the model believed.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorize.agreement import agree
from colorize.bins import Channels
from colorize.device import Compute, pick
from colorize.lab import rgb_to_lightness
from colorize.model import Model, ModelError
from colorize.paint import Painter
from colorize.photo import Photo, open_photo, save_photo
from colorize.upsample import guide

MULTIPLE = 32  # the network's sizes: below, its borders would be padded
LONGEST = 2048  # of the small lightness, for panoramas
MOST_SATURATION = 4.0
Source = Photo | str | Path | bytes
Item, Result = TypeVar("Item"), TypeVar("Result")


@dataclass(frozen=True)
class Colored:
    """A photo in colour, and what it took."""

    photo: Photo
    ab: Tensor  # (2, h, w): the small colours it was painted from
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def pixels(self) -> np.ndarray:
        return self.photo.pixels

    def save(self, path: str | Path) -> Path:
        return save_photo(self.photo, path)


@dataclass(frozen=True)
class Look:
    """What a model thinks of one photo; rendering it again costs no network pass."""

    photo: Photo  # as it came, in its own colours
    model: Model
    painter: Painter
    lightness: Tensor  # (1, 1, h, w): what the network saw
    output: Tensor  # (1, C, h', w') float32 on the CPU
    seconds: dict[str, float]

    def ab(self, temperature: float | None = None) -> Tensor:
        """(2, h', w'): the small colours at a temperature (the model's own if None)."""
        ab = self.model.decode(self.output, temperature)
        if strength := self.model.config.agreement:
            ab = agree(ab, self.lightness, self.model.beliefs(self.output), strength)
        return ab[0]

    def render(self, temperature: float | None = None, saturation: float = 1.0) -> Colored:
        """Paint the photo. For a smaller one: replace(look, photo=smaller).render()."""
        if not 0 <= saturation <= MOST_SATURATION:
            raise ValueError(
                f"A saturation of {saturation} was given; it must lie between 0 (grey) and "
                f"{MOST_SATURATION:g}. 1 leaves the model's colours as they are."
            )
        started = time.perf_counter()
        ab = self.ab(temperature)
        lines = guide(self.lightness, ab[None])
        painted = self.painter.paint(self.photo.pixels, lines, saturation)
        seconds = {**self.seconds, "colour": time.perf_counter() - started}
        return Colored(replace(self.photo, pixels=painted), ab, seconds)

    @property
    def centres(self) -> Tensor | None:
        """(Q, 2): the colours that `belief` is about; None for regression."""
        if self.model.bins is None:
            return None
        centres = self.model.bins.centres.cpu()
        return torch.cartesian_prod(centres, centres) if centres.ndim == 1 else centres

    def belief(self, x: int, y: int) -> Tensor | None:
        """(Q,): how likely each colour is at pixel (x, y) of the photo; None for regression."""
        if self.model.bins is None:
            return None
        height, width = self.output.shape[2:]
        row = min(height - 1, max(0, y * height // self.photo.height))
        column = min(width - 1, max(0, x * width // self.photo.width))
        logits = self.output[0, :, row, column]
        if isinstance(self.model.bins, Channels):
            a, b = (torch.softmax(half, 0) for half in logits.chunk(2))
            return torch.outer(a, b).flatten()
        return torch.softmax(logits, 0)

    @cached_property
    def entropy(self) -> Tensor | None:
        """(h', w') in nats: where the model is unsure; None for regression."""
        entropy = self.model.entropy(self.output)
        return None if entropy is None else entropy[0]


class Colorizer:
    """A model on a device, ready for photos."""

    def __init__(self, model: Model, device: str = "auto", short_side: int | None = None) -> None:
        self.compute: Compute = pick(device)
        try:
            self.model = model.eval().to(self.compute.device, memory_format=torch.channels_last)
        except torch.OutOfMemoryError as error:
            raise self.compute.no_memory(error) from error
        self.short_side = short_side or model.config.short_side
        self.painter = Painter()

    @classmethod
    def load(
        cls, name: str | Path, device: str = "auto", short_side: int | None = None
    ) -> "Colorizer":
        """A shipped model, a public peer, or a file, by name."""
        from colorize.zoo import load

        return cls(load(name), device, short_side)

    @property
    def name(self) -> str:
        return self.model.config.name

    @property
    def why(self) -> str:
        return self.compute.why

    def __call__(
        self, source: Source, temperature: float | None = None, saturation: float = 1.0
    ) -> Colored:
        return self.look(source).render(temperature, saturation)

    def look(self, source: Source) -> Look:
        """Open a photo and let the model look at it once."""
        return self.look_all([source])[0]

    def look_all(self, sources: list[Source]) -> list[Look]:
        """Look at several photos; those of one size go through the network together."""
        return self._look_at([_open(source) for source in sources])

    def _look_at(self, opened: list[tuple[Photo, float]]) -> list[Look]:
        """Looks at photos that took so many seconds to read."""
        small = [self._small_lightness(photo) for photo, _ in opened]
        started = time.perf_counter()
        outputs: list[Tensor | None] = [None] * len(small)
        for size in {tuple(x.shape) for x in small}:
            places = [i for i, x in enumerate(small) if tuple(x.shape) == size]
            answers = self.run(torch.cat([small[i] for i in places]))
            for i, answer in zip(places, answers.split(1), strict=True):
                outputs[i] = answer
        network = (time.perf_counter() - started) / len(small)
        return [
            Look(photo, self.model, self.painter, x, out, {"read": read, "network": network})
            for (photo, read), x, out in zip(opened, small, outputs, strict=True)
        ]

    def map(
        self,
        sources: Iterable[Source],
        temperature: float | None = None,
        saturation: float = 1.0,
        batch: int = 4,
    ) -> Iterator[Colored]:
        """Colorize any number of photos in order and in constant memory, `batch` at a time."""
        opened = ahead(_open, sources, batch)
        while some := list(islice(opened, batch)):
            for look in self._look_at(some):
                yield look.render(temperature, saturation)

    def working_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what the network sees: aspect kept, multiples of 32."""
        if self.model.config.square:
            return self.model.config.square, self.model.config.square
        scale = min(self.short_side / min(height, width), LONGEST / max(height, width))
        rounded = (round(side * scale / MULTIPLE) * MULTIPLE for side in (height, width))
        return tuple(max(MULTIPLE, side) for side in rounded)

    def _small_lightness(self, photo: Photo) -> Tensor:
        """(1, 1, h, w) float32 on the CPU."""
        height, width = self.working_size(photo.height, photo.width)
        image = Image.fromarray(photo.pixels)
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        rgb = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
        return rgb_to_lightness(rgb)

    @torch.inference_mode()
    def run(self, lightness: Tensor) -> Tensor:
        """The network's answer, in halves of the batch where the memory does not suffice."""
        try:
            shown = lightness.to(self.compute.device, memory_format=torch.channels_last)
            with self.compute.autocast():
                return self._sound(self.model(shown).float().cpu())
        except torch.OutOfMemoryError as error:
            if len(lightness) == 1:
                raise self.compute.no_memory(error) from error
        half = len(lightness) // 2
        return torch.cat((self.run(lightness[:half]), self.run(lightness[half:])))

    def _sound(self, output: Tensor) -> Tensor:
        """Weights that a disk spoiled answer with infinities; those cannot be painted."""
        if output.isfinite().all():
            return output
        raise ModelError(
            f"The model {self.name!r} answers with what is no number: its weights are damaged. "
            "Copy or train them again."
        )


def ahead(
    work: Callable[[Item], Result], items: Iterable[Item], count: int = 2
) -> Iterator[Result]:
    """work(item) for each item, in order; a thread is at most `count` items ahead."""
    with ThreadPoolExecutor(1) as thread:
        coming: deque = deque()
        for item in items:
            coming.append(thread.submit(work, item))
            if len(coming) > count:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _open(source: Source) -> tuple[Photo, float]:
    started = time.perf_counter()
    photo = source if isinstance(source, Photo) else open_photo(source)
    return photo, time.perf_counter() - started
