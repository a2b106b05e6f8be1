"""Other people's pages around and beside the study's: hostile links, frames, scripts."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from survey.web.pages import ASSETS
from tests.helpers.served_study import Hall

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=hacked=1><script>hacked=1</script>\"'`${hacked=1}{{hacked=1}}"
NAMES = (
    "PROLIFIC_PID",
    "__theme",
    "view",
    "q",
    "__proto__[hacked]",
    "constructor.prototype.hacked",
)
FORGED = """([url, id]) => fetch(`${url}/gradio_api/component_server/`, {
    method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" },
    body: JSON.stringify({ component_id: id, fn_name: "ask", session_hash: "x",
                           data: { ask: "begin", consent: true, panel_id: "forged" } }),
}).then(() => true)"""


@pytest.fixture(scope="module")
def hall(tiny_weights, tmp_path_factory) -> Iterator[Hall]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        hall = Hall(tmp_path_factory.mktemp("strangers") / "study", "single")
        yield hall
        hall.close()


@pytest.fixture
def page(browser) -> Iterator:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    yield page
    context.close()


@pytest.mark.parametrize("path", ["/", "/compare", "/study", "/results"])
def test_a_link_runs_nothing(page, hall, path):
    query = "&".join(f"{quote(name)}={quote(EVIL)}" for name in NAMES)
    page.goto(f"{hall.url}{path}?{query}#{quote(EVIL)}")
    page.wait_for_selector("h1:visible")
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("({}).hacked") is None
    if path == "/study":
        page.locator("button[value=yes]").click()
        page.wait_for_selector("section[data-name=vision]:not([hidden])")
        assert EVIL in hall.panel_ids()  # as it was written


def test_another_sites_page_may_frame_the_study_but_not_answer_in_it(page, hall):
    """As a Space is shown on huggingface.co: in a frame of another site."""
    elsewhere = hall.url.replace("127.0.0.1", "localhost")
    page.goto(f"{elsewhere}/healthz")
    before = hall.participants()
    components = httpx.get(f"{hall.url}/config").json()["components"]
    (study,) = (c["id"] for c in components if c["props"].get("elem_id") == "study")
    assert page.evaluate(FORGED, [hall.url, study])
    assert hall.participants() == before
    page.set_content(
        f'<iframe src="{hall.url}/study?PROLIFIC_PID=framed" width="900" height="700"></iframe>'
    )
    frame = page.frame_locator("iframe")
    frame.locator("button[value=yes]").click()
    frame.locator("section[data-name=vision] button").first.click()
    frame.locator("section[data-name=how] button").wait_for()
    assert hall.participants() == before + 1


def test_a_report_can_be_taken_home_and_runs_nothing(page):
    """Were something in it ever not escaped."""
    template = (ASSETS / "results" / "results.html").read_text()
    (sandbox,) = re.findall(r'<iframe [^>]*sandbox="([^"]*)"', template)
    inside = "<a download=a.csv href=data:text/csv,1,2>a</a><script>parent.hacked=1</script>"
    page.set_content(f'<iframe sandbox="{sandbox}" srcdoc="{inside}"></iframe>')
    with page.expect_download() as download:
        page.frame_locator("iframe").locator("a").click()
    assert Path(download.value.path()).read_text() == "1,2"
    assert page.evaluate("typeof hacked") == "undefined"
