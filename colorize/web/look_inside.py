"""A look inside, on the Colorize page: what the model believed of a spot, and maps of the photo.

    python app.py

It wires only: the work is done in belief.py and belief_charts.py.
"""

from collections.abc import Sequence

import gradio as gr

from colorize.settings import Settings
from colorize.web.handlers import LATEST, told, whole_number, with_settings
from colorize.web.studio import Studio
from colorize.web.widgets import Probe, Stage, data_url

LOOK_INSIDE = """<div class="section"><h2>A look inside</h2>
<p>For every spot the model weighs many colours. Click the photo to see what it held possible
there.</p></div>"""


class LookInside:
    """What happens at the probe. A photo is the path of its upload, None if there is none."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @told
    @with_settings
    def look_inside(
        self, path: str | None, settings: Settings
    ) -> tuple[dict[str, object] | None, str]:
        """Probe and maps for what is on the stage; the spot to ask first is the most vivid."""
        if not path:
            return None, ""
        from colorize.web.belief import most_vivid
        from colorize.web.belief_charts import maps  # torch: the first page need not wait for it

        preview = self.studio.preview(path, settings.model)
        painted = self.studio.paint_preview(path, settings)
        x, y = most_vivid(painted)
        probe = {
            "photo": path,
            "picture": data_url(painted),
            "width": preview.width,
            "height": preview.height,
            "x": int(x * preview.width),
            "y": int(y * preview.height),
        }
        return probe, maps(painted, preview.look.entropy)

    @told
    @with_settings
    def ask(self, path: str, settings: Settings, event: gr.EventData) -> str:
        """The chart of one pixel."""
        from colorize.web.belief import belief_at
        from colorize.web.belief_charts import belief_chart

        painted = self.studio.paint_preview(path, settings)
        x, y = whole_number(event, "x"), whole_number(event, "y")
        preview = self.studio.preview(path, settings.model)
        return belief_chart(belief_at(preview, painted, x, y))


def look_inside_section(handlers: LookInside, shown: Sequence[gr.Component], stage: Stage) -> None:
    """The probe and the maps follow the stage; the chart follows the probe."""
    with gr.Column(elem_id="look"):
        gr.HTML(LOOK_INSIDE)
        with gr.Row(elem_id="inside"):
            probe = Probe(elem_id="probe")
            chart = gr.HTML(elem_id="belief", apply_default_css=False)
        planes = gr.HTML(elem_id="maps", apply_default_css=False)
    stage.change(handlers.look_inside, shown, [probe, planes], **LATEST)
    probe.pick(handlers.ask, shown, chart, **LATEST)
