"""The Study and Results pages: each is one component, and one function that it may ask.

    with demo.route("Study", "study"):
        study_page(venue, links=[("Results", "results")])
    with demo.route("Results", "results"):
        results_page(venue, Lock(os.environ.get("SURVEY_SECRET", "")))
    demo.launch(head=ALONE)

What is shown and when is in assets/: study/trial.* and study/screens.js lead a participant from
consent to debrief, results/results.* show the results. What they may know is decided in
survey/web/participant_api.py and survey/web/results_api.py. Nothing of a study is in a page, so
nothing of it is in /config.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import gradio as gr

from survey.web.operator_access import Lock
from survey.web.participant_api import JSON, Calls
from survey.web.results_api import Desk
from survey.web.study_host import Venue

ASSETS = Path(__file__).parent / "assets"
ELSEWHERE = {
    "refused": "elsewhere",
    "sentence": "This was asked by another site's page. Please open the study's own.",
}
ALONE = """<script>
if (/\\/study\\/?$/.test(location.pathname)) document.documentElement.classList.add("alone");
</script><style>.alone .nav-holder { display: none }</style>
"""  # for the app's head: from the first frame, nothing on /study leads to results or models


def study_page(venue: Venue, links: Sequence[tuple[str, str]] = ()) -> None:
    """Fill the app's current page. `links` (words, address) are given after the debrief only."""
    gr.Navbar(visible="hidden", main_page_name=False)
    _component("study", "trial", ["trial.js", "screens.js"], Calls(venue, links).answer)


def results_page(venue: Venue, lock: Lock) -> None:
    """Fill the app's current page."""
    _component("results", "results", ["results.js"], Desk(venue, lock).answer)


def _component(
    elem_id: str, name: str, scripts: list[str], answer: Callable[[object, str], Awaitable[JSON]]
) -> None:
    # A coroutine: Gradio runs it in none of its 40 threads.
    async def ask(call: JSON, request: gr.Request) -> JSON:
        if is_foreign(request.headers.get("sec-fetch-site")):
            return ELSEWHERE
        return await answer(call, request.client.host)

    gr.HTML(
        html_template=_read(elem_id, f"{name}.html"),
        css_template=_read(elem_id, f"{name}.css"),
        js_on_load="".join(_read(elem_id, script) for script in scripts),
        apply_default_css=False,
        server_functions=[ask],
        elem_id=elem_id,
    )


def is_foreign(site: str | None) -> bool:
    """Does a browser say that a page of another site asks? That page's visitors know nothing of it,
    and their addresses are not the asker's. Programs, and browsers on plain http, say nothing."""
    return site not in (None, "same-origin", "none")


def _read(page: str, file: str) -> str:
    return (ASSETS / page / file).read_text(encoding="utf-8")
