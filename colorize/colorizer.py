"""Colorizer: photos in, photos out. The one pipeline of command line, app, study and evaluation.

    from colorize import Colorizer
    Colorizer.load("rebalanced")("old.jpg").save("new.png")

A photo is looked at once (`look`): the network is shown a small `Input` and its answer is kept, for
the `Look` to be rendered with any `Settings`. Only `run` needs the model's device; all else is done
on the CPU.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar, Unpack

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorize.config import ModelError
from colorize.device import Compute, pick_device
from colorize.hints.reference import Reference, open_reference, reference_of
from colorize.lab import rgb_to_lightness
from colorize.look import Colored, Input, Look
from colorize.model import Model
from colorize.paint import Painter
from colorize.photo import Photo, open_photo, shrink
from colorize.settings import DEFAULTS, Changes, Settings

MULTIPLE = 32  # the network's sizes: below, its borders would be padded
LONGEST = 2048  # of the small lightness, for panoramas
Source = Photo | str | Path | bytes
Item = TypeVar("Item")
Result = TypeVar("Result")
Network = Callable[[Input], Tensor]  # its answer (N, C, h', w') float32 on the CPU


class Colorizer:
    """A model on a device, ready for photos."""

    def __init__(self, model: Model, device: str = "auto", short_side: int | None = None) -> None:
        self.compute: Compute = pick_device(device)
        try:
            self.model = self.compute.take(model.eval())
        except torch.OutOfMemoryError as error:
            raise self.compute.no_memory(error) from error
        self.short_side = short_side or model.config.input.short_side
        self.painter = Painter()
        self._reference: tuple[str, Reference] | None = None  # the last one, by its name

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
        self, source: Source, settings: Settings = DEFAULTS, **changes: Unpack[Changes]
    ) -> Colored:
        return self.look(source).render(settings, **changes)

    def look(self, source: Source, network: Network | None = None) -> Look:
        """Open a photo and let the model look at it once; `network` may run it elsewhere."""
        return self._look_at([_open(source)], network)[0]

    def look_all(self, sources: Sequence[Source]) -> list[Look]:
        """Look at several photos; those of one size go through the network together."""
        return self._look_at([_open(source) for source in sources])

    def map(
        self,
        sources: Iterable[Source],
        settings: Settings = DEFAULTS,
        batch: int = 4,
        **changes: Unpack[Changes],
    ) -> Iterator[Colored]:
        """Colorize any number of photos in order and in constant memory, `batch` at a time."""
        opened = prefetch(_open, sources, batch)
        while some := list(islice(opened, batch)):
            for look in self._look_at(some):
                yield look.render(settings, **changes)

    def _look_at(
        self, opened: list[tuple[Photo, float]], network: Network | None = None
    ) -> list[Look]:
        """Looks at photos that took so many seconds to read."""
        shown = [self.prepare(photo) for photo, _ in opened]
        started = time.perf_counter()
        outputs = answers(shown, network or self.run)
        seconds = (time.perf_counter() - started) / len(shown)
        lend = partial(self.reference, network=network)
        return [
            Look(photo, self.model, self.painter, x, out, {"read": read, "network": seconds}, lend)
            for (photo, read), x, out in zip(opened, shown, outputs, strict=True)
        ]

    def reference(
        self, path: str, content: bytes | None = None, network: Network | None = None
    ) -> Reference:
        """A reference photo as the model sees it, kept until another one is asked for.

        Where the file at `path` may be out of reach, its content is given before.
        """
        kept = self._reference
        if kept is None or kept[0] != path:
            photo = shrink(open_reference(content or path))
            kept = path, reference_of(self.look(photo, network))
            self._reference = kept
        return kept[1]

    def forget(self) -> None:
        """Let go of the reference photo."""
        self._reference = None

    def working_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what the network sees: aspect kept, multiples of 32."""
        if square := self.model.config.input.square:
            return square, square
        scale = min(self.short_side / min(height, width), LONGEST / max(height, width))

        def rounded(side: int) -> int:
            return max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE)

        return rounded(height), rounded(width)

    def prepare(self, photo: Photo) -> Input:
        """What the network is shown of a photo."""
        height, width = self.working_size(photo.height, photo.width)
        image = Image.fromarray(photo.pixels)
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        rgb = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
        return Input(rgb_to_lightness(rgb))

    @torch.inference_mode()
    def run(self, shown: Input) -> Tensor:
        """The network's answer, in halves of the batch where the memory does not suffice."""
        try:
            lightness = shown.lightness.to(self.compute.device, memory_format=torch.channels_last)
            with self.compute.autocast():
                return self._sound(self.model(lightness).float().cpu())
        except torch.OutOfMemoryError as error:
            if len(shown.lightness) == 1:
                raise self.compute.no_memory(error) from error
        return torch.cat([self.run(half) for half in shown.halves()])

    def _sound(self, output: Tensor) -> Tensor:
        """Weights that a disk spoiled answer with infinities; those cannot be painted."""
        if output.isfinite().all():
            return output
        raise ModelError(
            f"The model {self.name!r} answers with what is no number: its weights are damaged. "
            "Copy or train them again."
        )


def answers(shown: Sequence[Input], network: Network) -> list[Tensor]:
    """The network's answer to each input; those of one size are shown to it together."""
    outputs: dict[int, Tensor] = {}
    for size in {one.lightness.shape for one in shown}:
        places = [i for i, one in enumerate(shown) if one.lightness.shape == size]
        answer = network(Input.batch([shown[i] for i in places]))
        outputs.update(zip(places, answer.chunk(len(places)), strict=True))
    return [outputs[i] for i in range(len(shown))]


def prefetch(
    work: Callable[[Item], Result], items: Iterable[Item], count: int = 2
) -> Iterator[Result]:
    """work(item) for each item, in order; a thread is at most `count` items ahead."""
    with ThreadPoolExecutor(1) as thread:
        coming: deque[Future[Result]] = deque()
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
