"""The Study and Results pages: each is one component, and one function that it may ask.

    with demo.route("Study", "study"):
        study_page(host, links=[("Results", "results")])
    with demo.route("Results", "results"):
        results_page(host, OperatorLock(os.environ.get("SURVEY_SECRET", "")))
    demo.launch(head=ALONE)

What is shown and when is in assets/: study/trial.* and study/screens.js lead a participant from
consent to debrief, results/results.* show the results; shared/ is what several pages need. What
they may know is decided in survey/web/participant_api.py and survey/web/results_api.py. Nothing of
a study is in a page, so nothing of it is in /config.
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
    files = ["study/trial.html", "shared/keys.css", "study/trial.css", "shared/images.js"]
    files += [f"study/{script}.js" for script in ("words", "trial", "questions", "screens")]
    words = {name: wording(name) for name in LANGUAGES}
    component("study", files, ParticipantApi(host, links).answer, WORDS=words)


def results_page(host: StudyHost, lock: OperatorLock) -> None:
    """Fill the app's current page."""
    files = ["results/results.html", "results/results.css", "shared/paper.js", "results/results.js"]
    component("results", files, ResultsApi(host, lock).answer)


def component(elem_id: str, files: Sequence[str], answer: Answer, **constants: object) -> None:
    """A page of assets, those of a kind in this order; constants are there for its scripts."""

    def joined(suffix: str) -> str:
        return "".join(
            (ASSETS / f).read_text(encoding="utf-8") for f in files if f.endswith(suffix)
        )

    given = [f"const {name} = {json.dumps(value)};\n" for name, value in constants.items()]
    gr.HTML(
        html_template=joined(".html"),
        css_template=joined(".css"),
        js_on_load="".join([*given, joined(".js")]),
        apply_default_css=False,
        server_functions=[asked_by_own_pages(answer)],
        elem_id=elem_id,
    )
