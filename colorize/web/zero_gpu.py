"""A GPU that a Hugging Face Space is lent for each pass (ZeroGPU).

    SPACES_ZERO_GPU=true python app.py        # on such a Space alone

Only the thread that imported `spaces` can move a model to such a GPU, so all are moved at start.
They answer in lent calls, each in a forked process; anywhere else they would answer zeros, without
an error. So nothing but the one function of `lend_gpu` touches them, and all else is done by the
studio's own models on the CPU. No lock is held in a lent call: the fork would inherit it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
from gradio.context import LocalContext

if TYPE_CHECKING:
    from torch import Tensor

    from colorize.colorizer import Colorizer
    from colorize.look import Input
    from colorize.web.studio import Network, Studio

Pass = Callable[[str, np.ndarray], np.ndarray]  # a model's name, lightness (N, 1, h, w) -> answer
SECONDS = 5  # asked for each pass, of which a moved model needs far less
REFUSED = "No GPU was free just now, so this was coloured on the CPU: slower, but the same colours."
log = logging.getLogger(__name__)


def load_all() -> dict[str, Colorizer]:
    """Every model that is here, on the GPU that will be lent; by the main thread, before launch."""
    from colorize import zoo
    from colorize.colorizer import Colorizer
    from colorize.config import ModelError

    models = {}
    for name in [*zoo.shipped(), *zoo.fetched()]:
        try:
            models[name] = Colorizer.load(name, "cuda")
        except ModelError as error:  # the studio leaves it out as well, and says so
            log.info("%s", error)
    return models


def lend_gpu(models: Mapping[str, Colorizer]) -> Pass:
    """One pass in a process that has the GPU; arrays travel by value, tensors as open files."""
    import spaces
    import torch

    from colorize.look import Input

    @spaces.GPU(duration=SECONDS)  # type: ignore[untyped-decorator]
    def run(name: str, lightness: np.ndarray) -> np.ndarray:
        return models[name].run(Input(torch.from_numpy(lightness))).numpy()

    lent: Pass = run
    return lent


def with_fallback(models: Mapping[str, Colorizer], lent: Pass, here: Network) -> Network:
    """Passes on the lent GPU; `here`, on the CPU, where it is refused or has not the model."""
    import torch

    refused: deque[str] = deque(maxlen=100)  # visitors' events; the rest of a ZIP asks in vain

    def answer(name: str, shown: Input) -> Tensor:
        event = LocalContext.event_id.get(None)
        if name not in models or event in refused:  # a peer that was fetched after the start
            return here(name, shown)
        try:
            return torch.from_numpy(lent(name, shown.lightness.numpy()))
        except Exception as error:  # quota, queue, a worker that died: the visitor has a photo
            log.warning("The lent GPU did not answer (%s: %s).", type(error).__name__, error)
            gr.Warning(REFUSED)
            if event:
                refused.append(event)
            return here(name, shown)

    return answer


def lent_studio() -> Studio:
    """A studio on the CPU whose passes are run by a lent GPU."""
    from colorize.web.studio import Studio

    studio, models = Studio(), load_all()
    studio.network = with_fallback(models, lend_gpu(models), studio.run)
    return studio
