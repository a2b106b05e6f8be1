"""The studio: models loaded once and the photos they have looked at, for pages and programs.

    python -c "from colorize.web.studio import Studio; print(*Studio().models())"

The network sees a photo once. What it answered is kept together with the photo at the size of a
screen, so that sliders and questions about a pixel cost no further pass; for a download the file
is read again at its full size.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from colorize.photo import Photo, is_gray, open_photo

if TYPE_CHECKING:
    from colorize.colorizer import Colored, Colorizer, Look
    from colorize.model import ModelConfig

SCREEN = 1440  # pixels of the longer side of what is shown
KEPT = 48  # sights in memory, at most about 10 MB each
VIEWS = 16  # painted screens in memory, at most about 6 MB each


@dataclass(frozen=True)
class Sight:
    """A photo as one model sees it, at the size of a screen, and what its file was like."""

    look: "Look"
    width: int  # of the file, upright
    height: int
    gray: bool  # it came without colours of its own


class Studio:
    """Loads each model once, on first use, and remembers the last looks."""

    def __init__(self, device: str = "auto") -> None:
        self.device = device
        self.models: Callable[[], dict[str, ModelConfig]] = lru_cache(1)(self._models)
        self.sight: Callable[[str, str], Sight] = lru_cache(KEPT)(self._sight)
        self.view: Callable[..., np.ndarray] = lru_cache(VIEWS)(self._view)
        self._load = lru_cache(None)(self._load_now)
        self._loading = threading.Lock()
        self._pass = lend_gpu(self._pass)

    @property
    def default(self) -> str:
        """The model that is used when none is named."""
        from colorize.model import ModelError

        names = list(self.models())
        if not names:
            raise ModelError(
                "There are no models in colorize/weights: train one, or copy one there."
            )
        return names[0]

    def colorizer(self, name: str) -> "Colorizer":
        """A shipped model, or a peer that is fetched if it is not here yet; never another file."""
        with self._loading:  # two visitors at once must not load it twice
            return self._load(name)

    def colour(
        self, path: str, name: str, temperature: float | None = None, saturation: float = 1.0
    ) -> "Colored":
        """The photo at its full size."""
        full = replace(self.sight(path, name).look, photo=open_photo(path))
        return full.render(temperature, saturation)

    def warm(self, path: str) -> None:
        """Load the default model and show it a photo, before anybody waits for it."""
        try:
            self.sight(path, self.default)
        except ValueError as error:  # a visitor will be told the same; the other pages work
            print(error, flush=True)

    def forget(self) -> None:
        """Let go of every photo; the models stay."""
        self.sight.cache_clear()
        self.view.cache_clear()

    def _models(self) -> "dict[str, ModelConfig]":
        """The shipped models whose files are whole, the default first."""
        from colorize import zoo
        from colorize.model import ModelError

        configs = {}
        for name in zoo.shipped():
            try:
                configs[name] = zoo.read(name)
            except ModelError as error:
                print(f"The model {name} is left out. {error}", flush=True)
        return configs

    def _load_now(self, name: str) -> "Colorizer":
        from colorize import zoo
        from colorize.colorizer import Colorizer
        from colorize.model import ModelError

        known = [*zoo.shipped(), *zoo.PEERS]
        if name not in known:
            raise ModelError(f"There is no model {name!r}; choose one of {', '.join(known)}.")
        return Colorizer.load(name, self.device)

    def _sight(self, path: str, name: str) -> Sight:
        from colorize.colorizer import Look

        photo, colorizer = open_photo(path), self.colorizer(name)
        small = shrink(photo, SCREEN)
        look = Look(small, colorizer.model, colorizer.painter, *self._pass(name, photo))
        return Sight(look, photo.width, photo.height, is_gray(small))

    def _view(self, path: str, name: str, temperature: float, saturation: float) -> np.ndarray:
        """The photo painted at the size of a screen, (H, W, 3) uint8."""
        return self.sight(path, name).look.render(temperature, saturation).pixels

    def _pass(self, name: str, photo: Photo) -> tuple:
        """Only tensors travel back from a lent GPU's process, not the model."""
        look = self.colorizer(name).look(photo)
        return look.lightness, look.output, look.seconds


def shrink(photo: Photo, side: int) -> Photo:
    """The photo with its longer side at most `side` pixels."""
    if max(photo.width, photo.height) <= side:
        return photo
    image = Image.fromarray(photo.pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return replace(photo, pixels=np.array(image))


def lend_gpu(work: Callable) -> Callable:
    """On a ZeroGPU Space, `work` with a GPU lent for each call; anywhere else `work` itself."""
    if not os.environ.get("SPACES_ZERO_GPU"):
        return work
    import spaces

    return spaces.GPU(duration=15)(work)
