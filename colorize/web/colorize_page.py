"""The Colorize page: one photo on the stage and the visitor's hand on it, several photos as a ZIP.

    python app.py

The page only wires: the work is done in studio.py and zip_archive.py; the sections of pins and of a
look inside have files of their own.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image, ImageOps

from colorize.samples import samples
from colorize.settings import Settings
from colorize.web.handlers import (
    CLICK,
    HEAVY,
    LATEST,
    LIGHT,
    LONG,
    PUBLIC,
    cached_copy,
    new_folder,
    page_settings,
    told,
    whole_number,
    with_settings,
)
from colorize.web.hints_section import HintsHandlers, hints_section
from colorize.web.look_inside import LookInside, look_inside_section
from colorize.web.studio import Studio
from colorize.web.theme import WORDS
from colorize.web.widgets import Choice, Hints, PhotoUpload, Samples, Stage, data_url
from colorize.web.zip_archive import save_zip

TITLE = """<div class="title"><h1>Colour for black-and-white photos</h1>
<p>Give a photo: a small neural network proposes its colours and leaves its light untouched.
Nothing is kept: photos are deleted within a day.</p></div>"""
SEVERAL = """<div class="section"><h2>Several photos</h2>
<p>They are coloured one after another with the model and the settings above, at their full size,
and come back as one ZIP.</p></div>"""
DROP = WORDS["image.drop_to_upload"]
FORMATS = [("as it came", ""), ("PNG", "PNG"), ("JPEG", "JPEG")]
BOLD = "Low: the likeliest colour, bold. High: the average of all, cautious."
GREY = "0 is grey, 1 is as the model says."
ONE_COLOUR = "This model states one colour only: there is nothing to weigh."
HINTS_LEFT_OUT = "The colours you gave to spots hold for the photo on the stage alone."
MOST = 100  # photos in one ZIP: the others wait for it


class ColorizeHandlers(LookInside):
    """What happens at the buttons. A photo is the path of its upload, None if there is none."""

    def model_choice(self) -> Choice:
        """The models to choose from."""
        models = self.studio.models
        return Choice(options=[{"name": n, "sentence": models[n].sentence} for n in models])

    @told
    def welcome(self) -> tuple[str, str]:
        """A sample for the stage, and the model that is chosen at first."""
        return cached_copy(samples()[0].path), self.studio.default

    def show_photo(
        self, path: str | None, model: str | None, temperature: float | None, saturation: float
    ) -> dict[str, object] | None:
        """The stage for another photo, on which there are no pins yet."""
        return self.show(path, model, temperature, saturation, "")

    @told
    @with_settings
    def show(self, path: str | None, settings: Settings) -> dict[str, object] | None:
        """The stage for another photo or model."""
        if not path:
            return None
        preview = self.studio.preview(path, settings.model)
        own, before = preview.look.photo.pixels, replace(settings, saturation=0.0, hints=())
        grey = own if preview.gray else self.studio.paint_preview(path, before)
        return {
            "photo": path,
            "before": data_url(grey),
            "after": data_url(self.studio.paint_preview(path, settings)),
            "original": None if preview.gray else data_url(own),
            "width": preview.width,
            "height": preview.height,
            "words": Path(path).stem,
            "facts": f"{preview.width} × {preview.height} pixels. "
            f"The network took {preview.look.seconds['network']:.2f} s.",
        }

    @told
    @with_settings
    def paint(self, path: str | None, settings: Settings) -> dict[str, str] | None:
        """The stage with other colours: no network pass, and nothing sent that is there already."""
        if not path:
            return None
        return {"photo": path, "after": data_url(self.studio.paint_preview(path, settings))}

    def temperature_slider(self, model: str) -> gr.Slider:
        """Temperature is of no use to a model without alternatives."""
        config = self.studio.models.get(model)
        weighs = config is None or config.bins.kind is not None
        return gr.Slider(interactive=weighs, info=BOLD if weighs else ONE_COLOUR)

    @told
    def download(
        self,
        photo: str | None,
        model: str | None = None,
        temperature: float = 0.7,
        saturation: float = 1.0,
        format: str = "",
        hints: str = "",
        reference: str | None = None,
        strength: float = 1.0,
    ) -> str:
        """Colour a photo at its full size.

        `model` is a name from the page, the default if empty; `temperature` is 0 for the likeliest
        colours to 1 for the average of all; `saturation` is 0 for grey, 1 as the model says, to 2;
        `format` is PNG, JPEG or empty for the photo's own; `hints` is a JSON list of
        {"x": 0..1, "y": 0..1, "color": "#rrggbb" or null} in shares of the upright photo, or empty;
        `reference` is a photo whose colours are carried over, or none, and `strength` how far: 0
        not at all, 1 all the way. Returns the file.
        """
        if not photo:
            raise gr.Error("There is no photo yet: give one first.", print_exception=False)
        wish = page_settings(model or self.studio.default, temperature, saturation, hints)
        settings = replace(wish, reference=reference, strength=strength)
        return str(self.studio.save(photo, settings, format, new_folder()))

    @told
    @with_settings
    def bundle(
        self,
        paths: list[str] | None,
        settings: Settings,
        format: str,
        reference: str | None,
        strength: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (how Gradio wants it)
    ) -> tuple[str, str]:
        """The ZIP, and what became of the photos."""
        if not paths:
            raise gr.Error("There are no photos yet: give some first.", print_exception=False)
        if len(paths) > MOST:
            raise ValueError(f"These are {len(paths)} photos; one ZIP takes {MOST}. Give fewer.")
        left_out = HINTS_LEFT_OUT if settings.hints else ""
        chosen = replace(settings, model=settings.model or self.studio.default, hints=())
        settings = replace(chosen, reference=reference, strength=strength)
        archive = new_folder() / "photos-colorized.zip"
        waiting = progress.tqdm(paths, desc="Colouring", unit="photos")
        problems = save_zip(self.studio, waiting, settings, format, archive)
        done = len(paths) - len(problems)
        if not done:
            raise gr.Error(" ".join(problems), print_exception=False)
        words = [f"{done} of {len(paths)} photos are in the ZIP.", left_out, *problems]
        return str(archive), " ".join(filter(None, words))


def colorize_page(demo: gr.Blocks, studio: Studio) -> None:
    """Fill the current page of the app."""
    handlers = ColorizeHandlers(studio)
    gr.HTML(TITLE)
    with gr.Row(elem_id="bench"):
        with gr.Column(elem_id="side"):
            photo = photo_input()
            model = Choice(elem_id="model", label="Model")
        with gr.Column(elem_id="work"):
            stage = Stage(elem_id="stage")
            hints = Hints("", elem_id="hints", label="Hints")
            temperature, saturation, format, button, link = controls()
    settings = [model, temperature, saturation, hints]
    photo.change(handlers.show_photo, [photo, model, temperature, saturation], stage, **HEAVY)
    model.input(handlers.show, [photo, *settings], stage, **HEAVY)
    moved = [temperature.input, saturation.input, hints.input]
    gr.on(moved, handlers.paint, [photo, *settings], stage, **LATEST)
    model.change(handlers.temperature_slider, model, temperature, **LIGHT)
    ready = button.click(
        handlers.download,
        [photo, model, temperature, saturation, format, hints, *unseen_reference()],
        link,
        **PUBLIC,
        api_name="colorize",
    )
    ready.success(None, js=CLICK.format("download-link"))
    reference = hints_section(HintsHandlers(studio), stage, hints, [photo, *settings])
    look_inside_section(handlers, [photo, *settings], stage)
    zip_section(handlers, [*settings, format, *reference])
    offered = demo.load(handlers.model_choice, None, model, **LIGHT)
    offered.then(handlers.welcome, None, [photo, model], **LIGHT)


def unseen_reference() -> tuple[PhotoUpload, gr.Slider]:
    """What programs send with a photo; on the page a reference has become hints."""
    reference = PhotoUpload(visible=False, label="Reference photo")
    return reference, gr.Slider(0, 1, 1, visible=False, label="Strength of the reference")


def photo_input() -> PhotoUpload:
    """Where a photo comes in, and the samples beside it."""
    with gr.Column(elem_classes="intake"):
        photo = PhotoUpload(label="Your photo", elem_id="photo", buttons=[], placeholder=DROP)
        row = Samples(thumbnails(), elem_id="samples")
    row.choose(choose_sample, None, photo, api_visibility="private")
    return photo


def controls() -> tuple[gr.Slider, gr.Slider, gr.Radio, gr.Button, gr.DownloadButton]:
    """Under the stage: two sliders, and the way home."""
    with gr.Row(elem_id="tune"):
        temperature = gr.Slider(
            0, 1, 0.7, step=0.01, label="Temperature", info=BOLD, elem_id="temperature"
        )
        saturation = gr.Slider(
            0, 2, 1, step=0.01, label="Saturation", info=GREY, elem_id="saturation"
        )
        with gr.Column(elem_id="take"):
            button = gr.Button("Download", variant="primary", elem_id="download")
            format = gr.Radio(FORMATS, value="", label="Format", elem_id="format")
            link = gr.DownloadButton(visible="hidden", elem_id="download-link")
    return temperature, saturation, format, button, link


def zip_section(handlers: ColorizeHandlers, settings: Sequence[gr.Component]) -> None:
    """Many photos in, one ZIP out."""
    gr.HTML(SEVERAL)
    files = gr.File(
        label="Photos", file_count="multiple", file_types=["image"], elem_id="several", height=180
    )
    button = gr.Button("Colour them all", elem_id="bundle")
    note = gr.Markdown(elem_id="bundle-note")
    link = gr.DownloadButton(visible="hidden", elem_id="bundle-link")
    ready = button.click(handlers.bundle, [files, *settings], [link, note], **LONG)
    ready.success(None, js=CLICK.format("bundle-link"))


@told
def choose_sample(event: gr.EventData) -> str:
    known, place = samples(), whole_number(event, "place")
    if not 0 <= place < len(known):
        raise ValueError(f"There is no sample {place}; there are {len(known)}, from 0 on.")
    return cached_copy(known[place].path)


@cache
def thumbnails() -> list[dict[str, str]]:
    """The samples as small squares without colour, as they will be seen by the model."""
    pictures = []
    for sample in samples():
        with Image.open(sample.path) as image:
            square = ImageOps.fit(image.convert("L"), (128, 128), Image.Resampling.BOX)
        pixels = np.asarray(square.convert("RGB"))
        pictures.append({"words": sample.words, "picture": data_url(pixels)})
    return pictures
