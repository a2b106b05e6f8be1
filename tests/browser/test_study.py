"""The Study and Results pages in a browser: by key, by touch, reloaded, offline, for everyone."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from survey.store import read_only
from tests.survey.conftest import make_study

pytestmark = pytest.mark.browser
SECRET = "open sesame"
EXPOSURE_MS = 200
SHORT = {"models": ("vivid",), "practice": 1, "trials": 2, "catch": 0.5}
SHORT |= {"exposure_ms": EXPOSURE_MS, "mask_ms": 30}


class Hall:
    """The whole app with a study of this design, and its votes."""

    def __init__(self, folder: Path, design: str) -> None:
        import app
        from colorize.studio import Studio

        panel = "PROLIFIC_PID" if design == "single" else ""
        self.study = make_study(folder, design=design, panel=panel, **SHORT)
        paint(folder / "stimuli")
        self._app = app.build(Studio("cpu"), folder)
        _, url, _ = app.launch(self._app, prevent_thread_lock=True, quiet=True)
        self.url = url.rstrip("/")
        self._votes = read_only(folder / "data" / "votes.db")

    def votes(self) -> list[dict]:
        return list(self._votes.query("SELECT * FROM votes ORDER BY id"))

    def panel_ids(self) -> set[str | None]:
        return {row["panel_id"] for row in self._votes.query("SELECT panel_id FROM participants")}

    def close(self) -> None:
        self._votes.close()
        self._app.close(verbose=False)


def paint(stimuli: Path) -> None:
    """Every image a picture of its own."""
    for seed, file in enumerate(sorted(stimuli.iterdir())):
        noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC).save(file, "PNG")


class Visitor:
    """Somebody in front of the page."""

    def __init__(self, browser, url: str, query="", *, touch=False, **context) -> None:
        size = {"width": 360, "height": 740} if touch else {"width": 1280, "height": 800}
        options = {"viewport": size, "has_touch": touch, "is_mobile": touch}
        self.context = browser.new_context(**options | context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.touch = touch
        self.trouble: list[str] = []
        self.abroad: list[str] = []
        self.asked_to_stay = 0
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", self._leave)
        self.page.on("request", lambda r: r.url.startswith(("http:", "https:")) and
                     not r.url.startswith(url) and self.abroad.append(r.url))  # fmt: skip
        self.page.goto(f"{url}/study{query}")

    def _hear(self, message) -> None:
        if message.type == "error":
            self.trouble.append(message.text)

    def _leave(self, dialog) -> None:
        self.asked_to_stay += 1
        dialog.accept()

    def screen(self) -> str:
        """Wait for a screen that wants something; a trial is one when it can be answered."""
        return self.page.wait_for_function(
            """() => {
                const section = document.querySelector('#study section:not([hidden])');
                if (!section || section.dataset.name === 'wait') return null;
                if (section.dataset.name !== 'trial') return section.dataset.name;
                const open = section.querySelector('button:not([disabled])');
                return open && (open.value === 'go' ? 'feedback' : 'trial');
            }"""
        ).json_value()

    def go(self, selector: str = "section:not([hidden]) button") -> None:
        """Press a button: with a finger, or with the keyboard alone."""
        button = self.page.locator(f"#study {selector}").first
        if self.touch:
            return button.tap()
        for _ in range(6):
            if button.evaluate("node => node === document.activeElement"):
                return self.page.keyboard.press("Enter")
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the Tab key")

    def answer(self, choice: int = 0) -> None:
        if self.touch:
            self.page.locator(".answers button").nth(choice).tap()
        else:
            self.page.keyboard.press(["ArrowLeft", "ArrowRight"][choice])

    def step(self) -> str:
        """Do what the screen wants; gives the screen's name."""
        screen = self.screen()
        if screen == "trial":
            self.answer()
        elif screen == "feedback":
            self.go(".onward button")
        elif screen != "end":
            self.go()
        if screen != "end":  # it is gone when its buttons are, or no longer answer
            self.page.wait_for_function(
                """name => { const at = name === 'trial' ? '.answers' : name === 'feedback'
                       ? '.onward' : `section[data-name=${name}]:not([hidden])`;
                     return !document.querySelector(`#study ${at} button:not([disabled])`); }""",
                arg=screen,
            )
        return screen

    def until(self, wanted: str) -> list[str]:
        """Go on until this screen has been dealt with; gives the screens on the way."""
        way = [self.step()]
        while way[-1] != wanted:
            way.append(self.step())
        return way

    def text(self, name: str) -> str:
        return self.page.locator(f"[data-text={name}]").first.inner_text()

    def links(self) -> list[str]:
        return self.page.locator("a:visible").all_inner_texts()

    def place(self, number: int) -> bool:
        """Wait for this trial to be open."""
        self.page.wait_for_function(
            "n => document.querySelector('.trial .count').textContent.startsWith(`${n} of`)",
            arg=number,
        )
        return self.screen() == "trial"

    def at_first_sight(self, script: str) -> None:
        """Run this in the very frame that shows the next images."""
        self.page.evaluate(
            """script => {
                const trial = document.querySelector('.trial');
                const eye = new MutationObserver(() => {
                    if (trial.dataset.phase !== 'look') return;
                    eye.disconnect();
                    new Function(script)();
                });
                eye.observe(trial, {attributeFilter: ['data-phase']});
            }""",
            script,
        )


@pytest.fixture(scope="module")
def halls(tiny_weights, tmp_path_factory) -> Iterator:
    """Studies by design, each served once."""
    halls: dict[str, Hall] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        patch.setenv("SURVEY_SECRET", SECRET)

        def hall(design: str) -> Hall:
            if design not in halls:
                halls[design] = Hall(tmp_path_factory.mktemp(design) / "study", design)
            return halls[design]

        yield hall
        for hall in halls.values():
            hall.close()


@pytest.fixture
def hall(halls) -> Hall:
    return halls("single")


@pytest.fixture
def come(browser) -> Iterator:
    """People who come to a study. They see no page but ours, and no error in it."""
    visitors: list[Visitor] = []

    def come(hall: Hall, query: str = "", **options) -> Visitor:
        visitors.append(Visitor(browser, hall.url, query, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()
        assert not visitor.trouble
        assert not visitor.abroad


@pytest.mark.parametrize("touch", [False, True], ids=["keyboard", "touch"])
@pytest.mark.parametrize("design", ["single", "pair"])
def test_a_whole_study_with_a_reload_in_the_middle(come, halls, design, touch):
    hall = halls(design)
    before = len(hall.votes())
    visitor = come(hall, f"?PROLIFIC_PID=member-{touch}", touch=touch)
    way = visitor.until("feedback") + visitor.until("trial")
    assert way == ["consent", "vision", "practice", "trial", "feedback", "trials", "trial"]
    assert visitor.links() == []
    visitor.page.reload()
    assert visitor.asked_to_stay == 1
    assert visitor.until("end") == ["again", *["trial"] * (hall.study.positions - 2), "end"]
    votes = hall.votes()[before:]
    assert [vote["position"] for vote in votes] == list(range(hall.study.positions))
    assert {vote["answer"] for vote in votes} == {hall.study.answers[0]}
    scored = [vote for vote in votes if vote["kind"] == "trial"]
    right = sum(vote["answer"] == vote["truth"] for vote in scored)
    assert visitor.text("score") == f"You were right in {right} of {len(scored)}"
    assert re.fullmatch("[0-9A-F]{10}", visitor.text("code"))
    assert visitor.links() == ["What everybody said", "Colour a photo"]
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.page.reload()
    assert visitor.screen() == "end"  # nobody takes part twice
    assert visitor.asked_to_stay == 1
    assert (f"member-{touch}" in hall.panel_ids()) == bool(hall.study.panel)
    for vote in votes:
        check_exposure(vote)


def check_exposure(vote: dict) -> None:
    """Near what was asked for, or flagged."""
    frame = 1000 / (vote["refresh_hz"] or 60)
    assert 2 < frame < 100
    assert vote["requested_ms"] == EXPOSURE_MS
    assert vote["exposure_ms"] > EXPOSURE_MS - frame
    assert vote["exposure_ms"] < EXPOSURE_MS + frame + 1 or "exposure" in vote["flags"]
    assert vote["response_ms"] >= 0
    assert vote["screen_width"] in (1280, 360)


def test_a_double_press_counts_once(come, hall):
    visitor = come(hall)
    visitor.until("trials")
    before = len(hall.votes())
    assert visitor.screen() == "trial"
    visitor.page.evaluate(
        """() => { for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowRight'])
                     document.dispatchEvent(new KeyboardEvent('keydown', {key}));
                   document.querySelector('.answers button').click(); }"""
    )
    assert visitor.place(2)
    assert len(hall.votes()) == before + 1


def test_a_key_before_the_exposure_is_over_is_no_answer(come, hall):
    visitor = come(hall)
    visitor.until("feedback")
    before = len(hall.votes())
    visitor.at_first_sight(
        "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))"
    )
    assert visitor.step() == "trials"
    assert visitor.screen() == "trial"
    assert len(hall.votes()) == before


def test_an_answer_survives_a_lost_acknowledgment(come, hall):
    visitor = come(hall)
    visitor.until("trials")
    assert visitor.screen() == "trial"
    before, lost = len(hall.votes()), []

    def lose(route) -> None:  # the vote arrives, its acknowledgment does not
        if not lost and json.loads(route.request.post_data)["data"]["ask"] == "vote":
            lost.append(route.fetch())
            return route.abort()
        return route.continue_()

    visitor.page.route("**/component_server/", lose)
    visitor.answer()
    assert visitor.place(2)
    assert lost
    assert len(hall.votes()) == before + 1
    visitor.trouble.clear()  # the browser's own line on the lost request


def test_what_happens_during_a_trial_is_logged_and_images_say_nothing(come, hall):
    visitor = come(hall)
    visitor.until("feedback")
    visitor.at_first_sight(
        """window.dispatchEvent(new Event('blur'));
           window.seen = [...document.querySelectorAll('.trial img')].map((image) =>
             Object.fromEntries([...image.attributes].map(({name, value}) => [name, value])));"""
    )
    visitor.until("trial")
    assert visitor.place(2)
    vote = hall.votes()[-1]
    assert (vote["blurs"], vote["flags"].split()[0]) == (1, "blur")
    (image,) = visitor.page.evaluate("window.seen")
    assert re.fullmatch(r"blob:http://[^/]+/[0-9a-f-]{36}", image.pop("src"))
    assert image == {"alt": "The photo to judge", "decoding": "sync", "draggable": "false"}


def test_results_are_hidden_then_shown_with_the_secret(browser, hall):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.goto(f"{hall.url}/results")
    page.wait_for_function("/finished/.test(document.body.innerText)")
    assert page.locator("iframe:visible").count() == 0
    assert not [name for name in hall.study.models if name in page.content()]
    page.locator("summary").click()
    page.locator("input[type=password]").fill("guess")
    page.locator("form button").click()
    page.wait_for_function("/not the secret/.test(document.body.innerText)")
    page.wait_for_timeout(1_100)  # the pause after a wrong try
    page.locator("input[type=password]").fill(SECRET)
    page.locator("form button").click()
    page.wait_for_selector("iframe:visible")
    report = page.frame_locator("iframe").locator("body").inner_text()
    assert all(name in report for name in hall.study.models)
    with page.expect_download() as download:
        page.locator("button[value=export]").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert "study.json" in archive.namelist()
    context.close()


@pytest.mark.parametrize(("scheme", "design"), [("light", "single"), ("dark", "pair")])
def test_no_serious_barrier_for_anyone(come, halls, axe, scheme, design):
    hall = halls(design)
    visitor = come(hall, color_scheme=scheme)
    seen: set[str] = set()
    while "end" not in seen:
        screen = visitor.screen()
        if screen not in seen:
            assert barriers(visitor.page, axe) == [], screen
        seen.add(visitor.step())
    visitor.page.goto(f"{hall.url}/results")
    visitor.page.wait_for_function("/finished/.test(document.body.innerText)")
    assert barriers(visitor.page, axe) == []


def barriers(page, axe: str) -> list[str]:
    page.evaluate(axe)
    return [
        f"{found['id']}: {found['nodes'][0]['html']}"
        for found in page.evaluate("axe.run()")["violations"]
        if found["impact"] in ("serious", "critical")
    ]
