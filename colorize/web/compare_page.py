"""The Compare page: one photo through every chosen model, side by side.

    python app.py        # then /compare

It wires only: the numbers, the table and the picture to share are made in panels.py.
"""

from io import BytesIO

import gradio as gr

from colorize.files import write_whole
from colorize.samples import samples
from colorize.web.colorize_page import photo_input
from colorize.web.handlers import (
    CLICK,
    HEAVY,
    LIGHT,
    cached_copy,
    error_message,
    new_folder,
    told,
)
from colorize.web.panels import Panel, first_panel, measures_table, model_panel, poster
from colorize.web.studio import Studio
from colorize.web.widgets import Wall, data_url

TITLE = """<div class="title"><h1>The same photo, differently coloured</h1>
<p>Choose a photo and the models to compare. If it has colours of its own, the models do not see
them; they come back as the original.</p></div>"""
NUMBERS = """<div class="section"><h2>In numbers</h2>
<p>Colourfulness: 0 is grey, about 30 moderate, above 60 strong. Distance from the original: the
mean CIEDE2000 difference; 2 is just visible, 10 clearly another colour. Seconds: one pass of the
network on this computer.</p></div>"""
FETCHED = "By Zhang et al. Fetched from their server when first chosen: 129 MB and 137 MB."
FIRST = ("rebalanced", "classification", "regression")  # they differ in the loss only


class CompareHandlers:
    """What happens on the page. A photo is the path of its upload, None if there is none."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def model_choices(self) -> tuple[gr.CheckboxGroup, gr.CheckboxGroup]:
        """The models to choose from, ours and the published ones."""
        from colorize.zoo import PEERS  # torch: the first page need not wait for it

        names = list(self.studio.models)
        ours = gr.CheckboxGroup(choices=names, value=[name for name in FIRST if name in names])
        return ours, gr.CheckboxGroup(choices=list(PEERS))

    def welcome(self) -> str:
        """A sample that has colours of its own."""
        return cached_copy(samples()[1].path)

    @told
    def compare(
        self,
        path: str | None,
        names: list[str],
        peers: list[str],
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (how Gradio wants it)
    ) -> tuple[list[dict[str, str | None]], str]:
        """The wall and the table."""
        if not path:
            return [], ""
        panels = self.panels(path, progress.tqdm(each_once(names, peers), desc="Colouring"))
        return [_shown(panel) for panel in panels], NUMBERS + measures_table(panels)

    @told
    def share(self, path: str | None, names: list[str], peers: list[str]) -> str:
        """The file of one picture with all panels."""
        if not path or not names + peers:
            raise gr.Error("There is nothing to share yet: choose a photo and a model.")
        target = new_folder() / "comparison.png"
        panels = self.panels(path, each_once(names, peers))
        picture = BytesIO()
        poster(panels, "The same photo, differently coloured").save(picture, "PNG")
        write_whole(target, picture.getvalue())
        return str(target)

    def panels(self, path: str, names: list[str]) -> list[Panel]:
        """The photo as it came, then every model, or why it could not."""
        panels = [first_panel(path)]
        for name in names:
            try:
                panels.append(model_panel(self.studio, path, name))
            except Exception as error:  # a model that cannot be fetched, read or run
                panels.append(Panel(name, "", problem=error_message(error)))
        return panels


def compare_page(demo: gr.Blocks, studio: Studio) -> None:
    """Fill the current page of the app."""
    handlers = CompareHandlers(studio)
    gr.HTML(TITLE)
    with gr.Row(elem_id="choose"):
        with gr.Column(scale=2):
            photo = photo_input()
        with gr.Column(scale=3):
            names = gr.CheckboxGroup([], label="Models", elem_id="models")
            peers = gr.CheckboxGroup([], label="Published models", info=FETCHED, elem_id="peers")
            button = gr.Button("Download as one picture", elem_id="share")
            link = gr.DownloadButton(visible="hidden", elem_id="share-link")
    wall = Wall(elem_id="wall")
    numbers = gr.HTML(elem_id="numbers", apply_default_css=False)
    chosen = [photo, names, peers]
    changed = [photo.change, names.input, peers.input]
    gr.on(changed, handlers.compare, chosen, [wall, numbers], **HEAVY, trigger_mode="always_last")
    ready = button.click(handlers.share, chosen, link, **HEAVY)
    ready.success(None, js=CLICK.format("share-link"))
    offered = demo.load(handlers.model_choices, None, [names, peers], **LIGHT)
    offered.then(handlers.welcome, None, photo, **LIGHT)


def each_once(names: list[str], peers: list[str]) -> list[str]:
    """A page names no model twice; a program could, ten thousand times."""
    return list(dict.fromkeys([*names, *peers]))


def _shown(panel: Panel) -> dict[str, str | None]:
    """What the wall needs of a panel."""
    return {
        "name": panel.name,
        "sentence": panel.sentence,
        "numbers": panel.numbers,
        "picture": None if panel.pixels is None else data_url(panel.pixels),
        "problem": panel.problem,
    }
