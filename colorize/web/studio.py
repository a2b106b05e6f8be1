"""The studio: models loaded once and the photos they have looked at, for pages and programs.

    python -c "from colorize.web.studio import Studio; print(*Studio().models)"

The network sees a photo once. What it answered is kept together with the photo at the size of a
screen, so that sliders and questions about a pixel cost no further pass; for a download the file
is read again at its full size.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from colorize.files import MARK, bare_name
from colorize.photo import SUFFIXES, Photo, is_gray, open_photo, save_photo, shrink
from colorize.settings import Settings

if TYPE_CHECKING:  # torch: the first page need not wait for it
    from torch import Tensor

    from colorize.colorizer import Colorizer
    from colorize.config import ModelConfig
    from colorize.look import Colored, Input, Look
    from colorize.web.suggestions import Loan, Swatch, Version

    Network = Callable[[str, Input], Tensor]  # a pass of the model of that name

KEPT = 48  # previews in memory, at most about 10 MB each
PAINTED = 16  # painted screens in memory, at most about 6 MB each
Value = TypeVar("Value")


@dataclass(frozen=True)
class Preview:
    """A photo that a model has looked at, at the size of a screen, and what its file was like."""

    look: Look
    width: int  # of the file, upright
    height: int
    gray: bool  # it came without colours of its own


class Recent(Generic[Value]):
    """The last few results of long work."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()  # held for looking up alone, never for the work

    def get(self, key: Hashable, work: Callable[[], Value]) -> Value:
        """What the work gave for this key, and if it is not known any more, gives now."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = work()
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return value

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


class Studio:
    """Loads each model once, on first use, and remembers the last looks.

    `network(name, input)` is where a model's passes run, if not in this process: only what is small
    goes in and comes out, and no lock is held meanwhile.
    """

    def __init__(self, device: str = "auto", network: Network | None = None) -> None:
        self.device = device
        self.network = network or self.run
        self._loaded: dict[str, Colorizer] = {}
        self._loading = threading.Lock()
        self._previews = Recent[Preview](KEPT)
        self._painted = Recent[np.ndarray](PAINTED)

    @cached_property
    def models(self) -> dict[str, ModelConfig]:
        """The shipped models whose files are whole, the default first."""
        from colorize import zoo
        from colorize.config import ModelError

        configs = {}
        for name in zoo.shipped():
            try:
                configs[name] = zoo.read_shipped(name)
            except ModelError as error:
                print(f"The model {name} is left out. {error}", flush=True)
        return configs

    @property
    def default(self) -> str:
        """The model that is used when none is named."""
        from colorize.config import ModelError

        if not self.models:
            raise ModelError(
                "There are no models in colorize/weights: train one, or copy one there."
            )
        return next(iter(self.models))

    def colorizer(self, name: str) -> Colorizer:
        """A shipped model, or a peer that is fetched if it is not here yet; never another file."""
        with self._loading:  # two visitors at once must not load it twice
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def _load(self, name: str) -> Colorizer:
        from colorize import zoo
        from colorize.colorizer import Colorizer
        from colorize.config import ModelError

        known = [*zoo.shipped(), *zoo.PEERS]
        if name not in known:
            raise ModelError(f"There is no model {name!r}; choose one of {', '.join(known)}.")
        return Colorizer.load(name, self.device)

    def run(self, name: str, shown: Input) -> Tensor:
        """A loaded model's pass in this process."""
        return self._loaded[name].run(shown)

    def preview(self, path: str, name: str, network: Network | None = None) -> Preview:
        """The photo as a model has seen it, looked at once; in `network`, if not in the usual."""

        def look() -> Preview:
            photo, colorizer = open_photo(path), self.colorizer(name)
            seen = colorizer.look(photo, partial(network or self.network, name))
            small = shrink(photo)
            return Preview(replace(seen, photo=small), photo.width, photo.height, is_gray(small))

        return self._previews.get((path, name), look)

    def paint_preview(self, path: str, settings: Settings) -> np.ndarray:
        """The photo painted at the size of a screen, (H, W, 3) uint8."""

        def paint() -> np.ndarray:
            return self.preview(path, settings.model).look.render(settings).pixels

        return self._painted.get((path, settings), paint)

    def paint(self, photo: Photo, name: str) -> np.ndarray:
        """A photo in a model's colours, (H, W, 3) uint8, by this process; nothing is remembered."""
        return self.colorizer(name).look(photo, partial(self.run, name)).render().pixels

    def colorize(self, path: str, settings: Settings) -> Colored:
        """The photo at its full size."""
        preview = self.preview(path, settings.model)
        return replace(preview.look, photo=open_photo(path)).render(settings)

    def swatches(self, path: str, settings: Settings, x: float, y: float) -> list[Swatch]:
        """The colours that the model held possible at a spot, in shares of width and height."""
        from colorize.web import suggestions
        from colorize.web.belief import belief_at

        preview, painted = self.preview(path, settings.model), self.paint_preview(path, settings)
        column, row = int(x * preview.width), int(y * preview.height)
        return suggestions.swatches(belief_at(preview, painted, column, row))

    def shown_colors(self, path: str, settings: Settings) -> list[str | None]:
        """What each hint's spot shows of its colour, "#rrggbb"; None where it says "as it is"."""
        from colorize.hints.pins import shown_colors

        look = self.preview(path, settings.model).look
        return shown_colors(settings.hints, look.shown.lightness)

    def alternatives(self, path: str, settings: Settings) -> list[Version]:
        """Up to three clearly different versions of the photo; fewer where the model is sure."""
        from colorize.web import suggestions

        return suggestions.versions(self.preview(path, settings.model).look, settings)

    def borrow(self, path: str, settings: Settings) -> Loan:
        """What the settings' reference photo lends to a photo, and from where."""
        from colorize.web import suggestions

        return suggestions.loan(self.preview(path, settings.model).look, settings)

    def save(self, path: str, settings: Settings, format: str | None, folder: Path) -> Path:
        """Colour a photo at its full size and write it into `folder`, as it came if no `format`."""
        photo = self.colorize(path, settings).photo
        return save_photo(photo, folder / download_name(path, format or photo.kept_format))

    def warm_up(self, path: str) -> None:
        """Load the default model and show it a photo here, before anybody waits for it."""
        try:
            print(f"Photos are coloured on: {self.colorizer(self.default).why}.", flush=True)
            self.preview(path, self.default, self.run)  # no GPU is lent before somebody asks
        except ValueError as error:  # a visitor will be told the same; the other pages work
            print(error, flush=True)

    def forget(self) -> None:
        """Let go of every photo; the models stay."""
        self._previews.clear()
        self._painted.clear()
        for colorizer in self._loaded.values():
            colorizer.forget()


def download_name(path: str, format: str) -> str:
    """castle.tif -> castle-colorized.png"""
    return f"{Path(bare_name(path)).stem or 'photo'}{MARK}{SUFFIXES[format]}"
