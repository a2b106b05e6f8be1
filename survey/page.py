"""The Study page: one component that leads a participant from consent to debrief.

    with app.route("Study", "study", show_in_navbar=False):
        study_page(venue)

What it shows and when is in survey/trial.html, trial.css, trial.js (one timed trial) and screens.js
(the order of things); what it may know, in survey/calls.py. Nothing of the study is in the page
itself, so nothing of it is in /config. This file imports gradio.
"""

from pathlib import Path

import gradio as gr

from survey.calls import JSON, Calls
from survey.venue import Venue

HERE = Path(__file__).parent


def study_page(venue: Venue, *, farewell: JSON | None = None) -> None:
    """Fill the current page of the app. `farewell` is told after the debrief, not before:
    {"farewell": "what this was about", "links": [["Results", "/results"]]}."""
    calls = Calls(venue, farewell=farewell)

    async def ask(call: JSON) -> JSON:  # a coroutine: Gradio runs it in none of its threads
        return await calls.answer(call)

    gr.Navbar(visible="hidden", main_page_name=False)
    gr.HTML(
        html_template=_read("trial.html"),
        css_template=_read("trial.css"),
        js_on_load=_read("trial.js") + _read("screens.js"),
        apply_default_css=False,
        server_functions=[ask],
        elem_id="study",
    )


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
