"""The Study and Results pages in a browser: by key, by touch, reloaded, offline, for everyone."""

import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.randomization import person_seed
from tests.helpers.accessibility import barriers
from tests.helpers.served_study import EXPOSURE_MS, Hall, Visitor
from tests.helpers.third_design import taste

__all__ = ["taste"]  # a fixture
pytestmark = pytest.mark.browser
SECRET = "open sesame"


@pytest.fixture(scope="module")
def halls(tiny_weights, tmp_path_factory) -> Iterator:
    """Studies by design, each served once."""
    halls: dict[str, Hall] = {}  # by their settings
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        patch.setenv("SURVEY_SECRET", SECRET)

        def hall(design: str, **settings) -> Hall:
            key = f"{design} {settings}"
            if key not in halls:
                halls[key] = Hall(tmp_path_factory.mktemp(design) / "study", design, **settings)
            return halls[key]

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
        if not query and hall.study.panel:
            query = f"?{hall.study.panel}={uuid.uuid4().hex}"
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
    assert way == ["consent", "vision", "how", "trial", "feedback", "trials", "trial"]
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


@pytest.mark.parametrize("touch", [False, True], ids=["keyboard", "touch"])
@pytest.mark.parametrize(("design", "tie"), [("taste", "same"), ("preference", "undecided")])
def test_three_answers_have_three_keys_and_buttons(come, halls, axe, taste, design, tie, touch):
    hall = halls(design, models=("plain", "vivid"), practice=0, trials=4, exposure_ms=None)
    before = len(hall.votes())
    visitor = come(hall, touch=touch)
    visitor.until("how")
    labels = visitor.page.locator(".answers button").all_text_contents()
    assert labels == ["←Left", "↓Cannot decide", "Right→"]
    keys = ("ArrowLeft", "ArrowDown", "ArrowRight", "ArrowDown")
    for number, key in enumerate(keys, 1):
        assert visitor.place(number)
        if number == 1:
            assert barriers(visitor.page, axe) == []
        if touch:
            visitor.answer(("ArrowLeft", "ArrowDown", "ArrowRight").index(key))
        else:
            visitor.page.keyboard.press(key)
    visitor.until("end")
    said = [vote["answer"] for vote in hall.votes()[before:]]
    assert said[:4] == ["left", tie, "right", tie]
    assert visitor.text("chance") == "All your answers are kept."  # none was right or wrong


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


def lose(visitor: Visitor, name: str) -> list:
    """The first call of this name arrives, its reply does not; the list will hold what was lost."""
    lost: list = []

    def pass_on(route) -> None:
        if not lost and json.loads(route.request.post_data)["data"]["ask"] == name:
            lost.append(route.fetch())
            return route.abort()
        return route.continue_()

    visitor.page.route("**/component_server/", pass_on)
    return lost


@pytest.mark.parametrize("name", ["colour_vision", "shown"])
def test_a_lost_reply_stops_nobody(come, hall, name):
    visitor = come(hall)
    lost = lose(visitor, name)
    assert "stop" not in visitor.until("trials")
    assert lost
    visitor.trouble.clear()  # the browser's own line on the lost request


def test_an_answer_survives_a_lost_acknowledgment(come, hall):
    visitor = come(hall)
    visitor.until("trials")
    assert visitor.screen() == "trial"
    before, lost = len(hall.votes()), lose(visitor, "vote")
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


def test_until_answered_without_practice_and_with_a_token_that_nobody_knows(come, halls):
    hall = halls("single", exposure_ms=None, practice=0)
    visitor = come(hall)
    visitor.until("consent")
    assert visitor.screen() == "vision"
    visitor.page.evaluate("for (const key in {...localStorage}) localStorage[key] = '0'.repeat(32)")
    visitor.page.reload()
    way = visitor.until("end")
    assert way == ["stop", "consent", "vision", "how", *["trial"] * hall.study.positions, "end"]
    for vote in hall.votes():
        assert vote["requested_ms"] is None
        assert vote["exposure_ms"] == vote["response_ms"] > 0
        assert vote["flags"] in ("", "fast")


def test_results_are_hidden_then_shown_with_the_secret(browser, hall):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.goto(f"{hall.url}/results")
    page.wait_for_function("/finished/.test(document.body.innerText)")
    assert page.locator("#results iframe:visible").count() == 0
    assert not [name for name in hall.study.models if name in page.content()]
    page.locator("summary").click()
    page.locator("input[type=password]").fill("guess")
    page.locator("form button").click()
    page.wait_for_function("/not the secret/.test(document.body.innerText)")
    page.locator("input[type=password]").fill(SECRET)
    page.locator("form button").click()
    page.wait_for_selector("#results iframe:visible")
    report = page.frame_locator("#results iframe").locator("body").inner_text()
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
    visitor.page.wait_for_selector("#board iframe:visible")  # whose document comes with it
    visitor.page.locator("summary").click()
    assert barriers(visitor.page, axe) == []
    visitor.page.locator("input[type=password]").fill(SECRET)
    visitor.page.locator("form button").click()
    visitor.page.wait_for_selector("#results iframe:visible")
    visitor.page.frame_locator("#results iframe").locator("h1").wait_for()
    assert barriers(visitor.page, axe) == []


def test_keys_mean_the_reverse_for_some(come, halls):
    """The left key is pressed all the time; what it says is what stands on its button."""
    hall = halls("single", counterbalanced=True, panel="")
    seen = set()
    while len(seen) < 2:
        number = hall.participants() + 1
        order = hall.study.answers_of(person_seed(hall.study, number))
        seen.add(order)
        visitor = come(hall)
        while visitor.screen() != "trial":
            visitor.step()
        labels = visitor.page.locator("#study .answers button span").all_inner_texts()
        assert [label.lower() for label in labels] == list(order)
        visitor.until("end")
        answers = {vote["answer"] for vote in hall.votes() if vote["participant"] == number}
        assert answers == {order[0]}
