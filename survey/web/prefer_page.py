"""The Prefer page, and the board on the Results page: each is one component, and one function.

    with demo.route("Prefer", "prefer"):
        prefer_page(host)
    with demo.route("Results", "results"):
        board_section(host)

What is shown and when is in assets/prefer/ and assets/board/. What may be known is decided in
survey/web/prefer_api.py. No model's name and no photo is in a page, so none is in /config.
"""

import gradio as gr

from survey.web.board_host import BoardHost
from survey.web.pages import ASSETS
from survey.web.participant_api import Answer, asked_by_own_pages
from survey.web.prefer_api import BoardApi, PreferApi


def prefer_page(host: BoardHost) -> None:
    """Fill the app's current page."""
    _component("prefer", PreferApi(host).answer)


def board_section(host: BoardHost) -> None:
    """Add the board to the app's current page."""
    _component("board", BoardApi(host).answer)


def _component(name: str, answer: Answer) -> None:
    part = ASSETS / name / name
    gr.HTML(
        html_template=part.with_suffix(".html").read_text(encoding="utf-8"),
        css_template=part.with_suffix(".css").read_text(encoding="utf-8"),
        js_on_load=part.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        server_functions=[asked_by_own_pages(answer)],
        elem_id=name,
    )
