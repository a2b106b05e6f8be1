"""The Study and Results pages: each is one component, and one function that it may ask.

    with demo.route("Study", "study"):
        study_page(host, links=[("Results", "results")])
    with demo.route("Results", "results"):
        results_page(host, OperatorLock(os.environ.get("SURVEY_SECRET", "")))
    demo.launch(head=ALONE)

What is shown and when is in assets/: study/trial.* and study/screens.js lead a participant from
consent to debrief, results/results.* show the results. What they may know is decided in
survey/web/participant_api.py and survey/web/results_api.py. Nothing of a study is in a page, so
nothing of it is in /config.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.components import Navbar

from survey.language.wording import LANGUAGES, wording
from survey.web.operator_access import OperatorLock
from survey.web.participant_api import Answer, ParticipantApi, asked_by_own_pages
from survey.web.results_api import ResultsApi
from survey.web.study_host import StudyHost

ASSETS = Path(__file__).parent / "assets"
ALONE = """<script>
if (/\\/study(-[\\w-]+)?\\/?$/.test(location.pathname))
  document.documentElement.classList.add("alone");
</script><style>.alone .nav-holder { display: none }</style>
"""  # for the app's head: from the first frame, nothing on /study leads to results or models


def study_page(host: StudyHost, links: Sequence[tuple[str, str]] = ()) -> None:
    """Fill the app's current page. `links` (words, address) are given after the debrief only."""
    # There, but not seen: Gradio's page knows this word, its annotation does not.
    Navbar(visible="hidden", main_page_name=False)  # type: ignore[arg-type]
    scripts = ["words.js", "trial.js", "questions.js", "screens.js"]
    words = {name: wording(name) for name in LANGUAGES}
    answer = ParticipantApi(host, links).answer
    _component("study", "trial", scripts, answer, WORDS=words)


def results_page(host: StudyHost, lock: OperatorLock) -> None:
    """Fill the app's current page."""
    _component("results", "results", ["results.js"], ResultsApi(host, lock).answer)


def _component(
    elem_id: str, name: str, scripts: list[str], answer: Answer, **constants: object
) -> None:
    """A page of assets; constants are there for its scripts."""
    given = [f"const {name} = {json.dumps(value)};\n" for name, value in constants.items()]
    gr.HTML(
        html_template=_read(elem_id, f"{name}.html"),
        css_template=_read(elem_id, f"{name}.css"),
        js_on_load="".join([*given, *(_read(elem_id, script) for script in scripts)]),
        apply_default_css=False,
        server_functions=[asked_by_own_pages(answer)],
        elem_id=elem_id,
    )


def _read(page: str, file: str) -> str:
    return (ASSETS / page / file).read_text(encoding="utf-8")
