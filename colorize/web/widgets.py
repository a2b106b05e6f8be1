"""The parts of the pages that Gradio does not have: each a template and a script in the
assets of its page.

    python -c "from colorize.web.widgets import Stage; print(Stage().html_template)"

A widget's `value` is plain data, with pictures as data addresses: those leave no file behind and
nothing to share by link. What a widget shows and which events it sends is written at the top of its
script.
"""

import base64
import io
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import ImageData
from PIL import Image

from colorize.web.theme import ASSETS

QUALITY = 90  # of the JPEG, with chroma at full resolution: colour is what one came to see


class PhotoUpload(gr.Image):
    """An upload that hands on the file as it came: `colorize.photo` reads it, with its own words.

    The stock component would decode it first, and damage or refuse some photos on the way.
    """

    is_template = True  # the stock component in the browser

    def preprocess(self, payload: ImageData | None) -> str | None:
        return payload.path if payload else None


class Widget(gr.HTML):
    """HTML and JavaScript of our own, by the name of the class."""

    folder = "colorize"  # of assets/, where its files lie
    earlier: tuple[str, ...] = ()  # scripts that come before its own

    def __init__(self, value: object = None, **options: Any) -> None:
        folder, name = ASSETS / self.folder, type(self).__name__.lower()
        scripts = [(folder / f"{one}.js").read_text() for one in (*self.earlier, name)]
        options.setdefault("html_template", (folder / f"{name}.html").read_text())
        options.setdefault("js_on_load", "".join(scripts))
        options.setdefault("apply_default_css", False)
        super().__init__(value, **options)


class Stage(Widget):
    """The photo before and after, with a divider that mouse, finger and keyboard can move, and
    spots that they can choose."""

    earlier = ("spotter",)


class Hints(Widget):
    """Pins on the stage and their list; its value is the JSON text of a file of hints. Events
    `input`, `ask` and `chosen` (of a file)."""

    earlier = ("history", "pins", "question")

    def api_info(self) -> dict[str, Any]:
        words = 'A JSON list of {"x", "y", "color"} in shares of the upright photo, or empty.'
        return {"type": "string", "additional_description": words}

    def preprocess(self, payload: object) -> str:
        if payload is None or isinstance(payload, str):
            return payload or ""
        raise gr.Error("Hints are a JSON text.", print_exception=False)

    def example_payload(self) -> str:
        return ""


class Versions(Widget):
    """Other versions of the photo, offered as hints; event `show`."""


class Borrowed(Widget):
    """What a reference photo lent, on both photos, offered as hints."""


class Samples(Widget):
    """A row of sample photos; event `choose`."""


class Choice(Widget):
    """One model out of several, each with its sentence; its value is the name."""

    def api_info(self) -> dict[str, Any]:
        words = "A model's name as on the page; the default model if empty."
        return {"type": "string", "additional_description": words}

    def __init__(
        self,
        value: str | None = None,
        options: list[dict[str, str]] | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(value, options=options or [], **rest)

    def preprocess(self, payload: object) -> str | None:
        if payload is None or isinstance(payload, str):
            return payload
        raise gr.Error("A model is chosen by its name.", print_exception=False)

    def example_payload(self) -> str:
        return ""  # the default; the page's description names no model


class Probe(Widget):
    """The photo in colour, to be asked about a pixel; event `pick`."""


class Wall(Widget):
    """Photos side by side; zoom and position are theirs together."""

    folder = "compare"


def data_url(pixels: np.ndarray) -> str:
    """(H, W, 3) uint8 -> a `data:` address that an `<img>` can show."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return "data:image/jpeg;base64," + base64.b64encode(encoded.getvalue()).decode()
