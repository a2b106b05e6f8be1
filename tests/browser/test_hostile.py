"""A study whose every text is hostile, wherever people see it: nothing in it runs."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from survey import manifest
from survey.report.export import export
from survey.report.html import report
from survey.study import Study
from tests.helpers.made_up_votes import poll
from tests.helpers.served_study import Hall, Visitor
from tests.helpers.study import make_study

pytestmark = pytest.mark.browser
SECRET = "open sesame"
RUN = "top.canary=1"
SCRIPT = f"""'"><img src=x onerror={RUN}><svg onload={RUN}>${{{RUN}}}{{{{{RUN}}}}}<script>{RUN}"""
ABROAD = "alert(1),fetch('//canary.invalid')"
TEXT = f"=HYPERLINK(1)\r\n{SCRIPT},{ABROAD}</script></style></iframe><img src=//canary.invalid>"
FORMULAS = ("=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1")
MODELS = (SCRIPT, *FORMULAS)


def hostile_study(folder: Path, **settings) -> Study:
    """Hostile texts everywhere, and votes already there."""
    texts = dict.fromkeys(("title", "question", "consent", "panel"), TEXT)
    study = make_study(folder, photos=14, **settings | texts | {"models": MODELS})
    photos = manifest.load(folder, study)
    for photo, start in zip(photos, [*FORMULAS, *[""] * len(photos)], strict=False):
        photo["name"] = f"{start}{photo['id']} {SCRIPT}"
    study = manifest.freeze(folder, study, photos, [])
    poll(folder, dict.fromkeys(MODELS, 0.4) | {"real": 0.6}, 8)
    return study


@pytest.fixture(scope="module")
def hall(tiny_weights, tmp_path_factory) -> Iterator[Hall]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setattr("tests.helpers.served_study.make_study", hostile_study)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        patch.setenv("SURVEY_SECRET", SECRET)
        hall = Hall(tmp_path_factory.mktemp("hostile") / "study", "single", catch=0.0)
        yield hall
        hall.close()


@pytest.fixture
def witness(browser) -> Iterator:
    """witness(page): it is listened to from now on; at the end nothing may have run in any."""
    ran, pages = [], []

    def listen(page):
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page.on(
            "request", lambda request: "//canary" in request.url[:15] and ran.append(request.url)
        )
        pages.append(page)
        return page

    def listening():
        return listen(browser.new_context(accept_downloads=True).new_page())

    listening.to = listen
    yield listening
    for page in pages:
        frames = [frame.evaluate("[window.canary, top.canary]") for frame in page.frames]
        page.context.close()
        assert all(canary == [None, None] for canary in frames)
    assert ran == []


def test_the_bait_would_be_seen(browser):
    page = browser.new_page()
    page.set_content(f"<body>{SCRIPT}</script>")
    assert page.evaluate("top.canary") == 1
    page.close()


def test_a_participant_reads_it_all_and_nothing_runs(browser, hall, witness):
    query = f"?{quote(TEXT, safe='')}={quote(SCRIPT[:128], safe='')}&x={quote(TEXT, safe='')}"
    visitor = Visitor(browser, hall.url, query, user_agent="<script>alert(1)</script>")
    page = witness.to(visitor.page)
    assert visitor.screen() == "consent"
    shown = page.locator("[data-text=title]").first.text_content()
    assert shown == TEXT  # to the letter
    visitor.until("end")
    assert page.evaluate("document.title").startswith("=HYPERLINK(1)")
    assert hall.panel_ids() >= {SCRIPT[:128]}
    assert not visitor.trouble


def test_the_operator_sees_report_and_facts_and_nothing_runs(hall, witness, tmp_path):
    page = witness()
    page.goto(f"{hall.url}/results?x={quote(TEXT, safe='')}")
    page.locator("summary").click()
    page.locator("input[type=password]").fill(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_selector("#results iframe:visible")
    assert SCRIPT in page.frame_locator("#results iframe").locator("body").inner_text()
    with page.expect_download() as waiting:
        page.locator("button[value=export]").click()
    waiting.value.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as files:
        files.extract("results/report.html", tmp_path)
    page = witness()
    page.goto((tmp_path / "results" / "report.html").as_uri())
    assert SCRIPT in page.locator("body").inner_text()


def test_no_cell_of_an_export_is_a_formula_and_numbers_are_numbers(hall, tmp_path):
    folder = hall.study_folder
    with zipfile.ZipFile(export(folder, tmp_path / "export.zip")) as files:
        sheets = {n: files.read(n).decode() for n in files.namelist() if n.endswith(".csv")}
        assert json.loads(files.read("study.json"))["study"]["title"] == TEXT
    texts = set()
    for text in sheets.values():
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                    float(cell)  # or this is no number
                texts.add(cell)
    assert {f"'{start}" for start in FORMULAS} <= texts  # the models', to be read
    assert report(folder) == report(tmp_path / "export.zip")
