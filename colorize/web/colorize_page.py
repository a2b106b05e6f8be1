"""The Colorize page: one photo on the stage, a look inside the model, several photos as a ZIP.

    python app.py

The page only wires: the work is done in studio.py, belief.py, belief_charts.py and downloads.py.
"""

from functools import cache
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image, ImageOps

from colorize.samples import samples
from colorize.web.data_url import embed
from colorize.web.downloads import bundle, deliver
from colorize.web.handlers import (
    CLICK,
    HEAVY,
    LATEST,
    LIGHT,
    LONG,
    cached,
    new_folder,
    spoken,
    whole,
)
from colorize.web.studio import Studio
from colorize.web.theme import WORDS
from colorize.web.widgets import Choice, Photo, Probe, Samples, Stage

TITLE = """<div class="title"><h1>Colour for black-and-white photos</h1>
<p>Give a photo: a small neural network proposes its colours and leaves its light untouched.
Nothing is kept: photos are deleted within a day.</p></div>"""
INSIDE = """<div class="section"><h2>A look inside</h2>
<p>For every spot the model weighs many colours. Click the photo to see what it held possible
there.</p></div>"""
SEVERAL = """<div class="section"><h2>Several photos</h2>
<p>They are coloured one after another with the model and the settings above, at their full size,
and come back as one ZIP.</p></div>"""
DROP = WORDS["image.drop_to_upload"]
FORMATS = [("as it came", ""), ("PNG", "PNG"), ("JPEG", "JPEG")]
BOLD = "Low: the likeliest colour, bold. High: the average of all, cautious."
GREY = "0 is grey, 1 is as the model says."
ONE_COLOUR = "This model states one colour only: there is nothing to weigh."
MOST = 100  # photos in one ZIP: the others wait for it


class Desk:
    """What happens at the buttons. A photo is the path of its upload, None if there is none."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def offer(self) -> Choice:
        """The models to choose from."""
        models = self.studio.models()
        return Choice(options=[{"name": n, "sentence": models[n].sentence} for n in models])

    @spoken
    def welcome(self) -> tuple[str, str]:
        """A sample for the stage, and the model that is chosen at first."""
        return cached(samples()[0].path), self.studio.default

    @spoken
    def show(
        self, path: str | None, model: str, temperature: float, saturation: float
    ) -> dict | None:
        """The stage for another photo or model."""
        if not path:
            return None
        sight = self.studio.sight(path, model)
        own = sight.look.photo.pixels
        before = own if sight.gray else self.studio.view(path, model, temperature, 0.0)
        return {
            **self.paint(path, model, temperature, saturation),
            "before": embed(before),
            "original": None if sight.gray else embed(own),
            "width": sight.width,
            "height": sight.height,
            "words": Path(path).stem,
            "facts": f"{sight.width} × {sight.height} pixels. "
            f"The network took {sight.look.seconds['network']:.2f} s.",
        }

    @spoken
    def paint(
        self, path: str | None, model: str, temperature: float, saturation: float
    ) -> dict | None:
        """The stage with other colours: no network pass, and nothing sent that is there already."""
        if not path:
            return None
        return {"after": embed(self.studio.view(path, model, temperature, saturation))}

    def adapt(self, model: str) -> gr.Slider:
        """Temperature is of no use to a model without alternatives."""
        config = self.studio.models().get(model)
        weighs = config is None or config.bins is not None
        return gr.Slider(interactive=weighs, info=BOLD if weighs else ONE_COLOUR)

    @spoken
    def download(
        self,
        photo: str | None,
        model: str | None = None,
        temperature: float = 0.7,
        saturation: float = 1.0,
        format: str = "",
    ) -> str:
        """Colour a photo at its full size.

        `model` is a name from the page, the default if empty; `format` is PNG, JPEG or empty for
        the photo's own. Returns the file.
        """
        if not photo:
            raise gr.Error("There is no photo yet: give one first.", print_exception=False)
        photos = deliver(self.studio, model, temperature, saturation, format, new_folder())
        return str(photos(photo))

    @spoken
    def bundle(
        self,
        paths: list[str] | None,
        model: str,
        temperature: float,
        saturation: float,
        format: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (how Gradio wants it)
    ) -> tuple[str, str]:
        """The ZIP, and what became of the photos."""
        if not paths:
            raise gr.Error("There are no photos yet: give some first.", print_exception=False)
        if len(paths) > MOST:
            raise ValueError(f"These are {len(paths)} photos; one ZIP takes {MOST}. Give fewer.")
        folder = new_folder()
        photos = deliver(self.studio, model, temperature, saturation, format, folder)
        archive = folder / "photos-colorized.zip"
        problems = bundle(progress.tqdm(paths, desc="Colouring", unit="photos"), photos, archive)
        done = len(paths) - len(problems)
        if not done:
            raise gr.Error(" ".join(problems), print_exception=False)
        return str(archive), " ".join([f"{done} of {len(paths)} photos are in the ZIP.", *problems])

    @spoken
    def look_inside(
        self, path: str | None, model: str, temperature: float, saturation: float
    ) -> tuple[dict | None, str]:
        """Probe and maps for what is on the stage; the spot to ask first is the most vivid."""
        if not path:
            return None, ""
        from colorize.web.belief import most_vivid
        from colorize.web.belief_charts import maps  # torch: the first page need not wait for it

        sight = self.studio.sight(path, model)
        painted = self.studio.view(path, model, temperature, saturation)
        x, y = most_vivid(painted)
        probe = {
            "photo": path,
            "picture": embed(painted),
            "width": sight.width,
            "height": sight.height,
            "x": int(x * sight.width),
            "y": int(y * sight.height),
        }
        return probe, maps(painted, sight.look.entropy)

    @spoken
    def ask(
        self, path: str, model: str, temperature: float, saturation: float, event: gr.EventData
    ) -> str:
        """The chart of one pixel."""
        from colorize.web.belief import ask
        from colorize.web.belief_charts import belief_chart

        painted = self.studio.view(path, model, temperature, saturation)
        x, y = whole(event, "x"), whole(event, "y")
        return belief_chart(ask(self.studio.sight(path, model), painted, x, y))


def colorize_page(demo: gr.Blocks, studio: Studio) -> None:
    """Fill the current page of the app."""
    desk = Desk(studio)
    gr.HTML(TITLE)
    with gr.Row(elem_id="bench"):
        with gr.Column(elem_id="side"):
            photo = intake()
            model = Choice(elem_id="model")
        with gr.Column(elem_id="work"):
            stage = Stage(elem_id="stage")
            temperature, saturation, format, button, link = controls()
    settings = [photo, model, temperature, saturation]
    gr.on([photo.change, model.input], desk.show, settings, stage, **HEAVY)
    moved = [temperature.input, saturation.input]
    gr.on(moved, desk.paint, settings, stage, **LATEST)
    model.change(desk.adapt, model, temperature, **LIGHT)
    public = {**HEAVY, "api_name": "colorize", "api_visibility": "public"}
    ready = button.click(desk.download, [*settings, format], link, **public)
    ready.success(None, js=CLICK.format("download-link"))
    inside_section(desk, settings, stage)
    several_section(desk, [*settings[1:], format])
    offered = demo.load(desk.offer, None, model, **LIGHT)
    offered.then(desk.welcome, None, [photo, model], **LIGHT)


def intake() -> Photo:
    """Where a photo comes in, and the samples beside it."""
    with gr.Column(elem_classes="intake"):
        photo = Photo(label="Your photo", elem_id="photo", buttons=[], placeholder=DROP)
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


def inside_section(desk: Desk, settings: list, stage: Stage) -> None:
    """The probe and the maps follow the stage; the chart follows the probe."""
    with gr.Column(elem_id="look"):
        gr.HTML(INSIDE)
        with gr.Row(elem_id="inside"):
            probe = Probe(elem_id="probe")
            chart = gr.HTML(elem_id="belief", apply_default_css=False)
        planes = gr.HTML(elem_id="maps", apply_default_css=False)
    stage.change(desk.look_inside, settings, [probe, planes], **LATEST)
    probe.pick(desk.ask, settings, chart, **LATEST)


def several_section(desk: Desk, settings: list) -> None:
    """Many photos in, one ZIP out."""
    gr.HTML(SEVERAL)
    files = gr.File(
        label="Photos", file_count="multiple", file_types=["image"], elem_id="several", height=180
    )
    button = gr.Button("Colour them all", elem_id="bundle")
    note = gr.Markdown(elem_id="bundle-note")
    link = gr.DownloadButton(visible="hidden", elem_id="bundle-link")
    ready = button.click(desk.bundle, [files, *settings], [link, note], **LONG)
    ready.success(None, js=CLICK.format("bundle-link"))


@spoken
def choose_sample(event: gr.EventData) -> str:
    known, place = samples(), whole(event, "place")
    if not 0 <= place < len(known):
        raise ValueError(f"There is no sample {place}; there are {len(known)}, from 0 on.")
    return cached(known[place].path)


@cache
def thumbnails() -> list[dict]:
    """The samples as small squares without colour, as they will be seen by the model."""
    pictures = []
    for sample in samples():
        with Image.open(sample.path) as image:
            square = ImageOps.fit(image.convert("L"), (128, 128), Image.Resampling.BOX)
        pixels = np.asarray(square.convert("RGB"))
        pictures.append({"words": sample.words, "picture": embed(pixels)})
    return pictures
