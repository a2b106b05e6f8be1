"""A visitor's own hand on the Colorize page: pins, other versions, another photo's colours."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser.test_colorize import after, changed, give
from tests.helpers.accessibility import serious

pytestmark = pytest.mark.browser
UNCOVERED = """() => {
  const [pin, question] = ["#stage .pin[data-place]", "#stage .question"].map((one) =>
    document.querySelector(one).getBoundingClientRect());
  return pin.top > 0 && pin.bottom < question.top;
}"""
CUT = "() => document.querySelector('#stage .divider').value"


@pytest.fixture
def meadow(tmp_path) -> Path:
    """A PNG with colours: sky, grass and a red thing, 320 x 240."""
    y, x = np.mgrid[0:240, 0:320]
    pixels = np.where((y < 100)[..., None], (120, 160, 230), (70, 140, 60)) + (x % 40)[..., None]
    pixels[150:210, 200:260] = (190, 40, 40)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "meadow.png")
    return tmp_path / "meadow.png"


@pytest.fixture
def opened(visit) -> Callable[..., Page]:
    """opened(width=360) -> the page with its first photo in colour."""

    def open_page(**options) -> Page:
        page = visit(**options)
        page.locator("#stage .stage:not(.empty)").wait_for()
        page.locator("#maps figure").first.wait_for()
        return page

    return open_page


def spot(page: Page, x: float, y: float) -> dict[str, float]:
    """A place in the photo, in pixels of the window."""
    page.locator("#stage .spotter").scroll_into_view_if_needed()
    box = page.locator("#stage .spotter").bounding_box()
    return {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}


def pins(page: Page) -> Locator:
    return page.locator("#stage .pin[data-place]")


def hints(page: Page, tmp_path: Path) -> list[dict]:
    """What is saved."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    assert download.value.suggested_filename.endswith("-hints.json")
    download.value.save_as(tmp_path / "saved.json")
    return json.loads((tmp_path / "saved.json").read_text())


def test_by_mouse(opened, meadow, tmp_path):
    page = opened()
    first = after(page)
    page.mouse.click(*spot(page, 0.7, 0.6).values())
    assert pins(page).count() == 0  # nothing is pinned before there is an answer
    offer = page.locator(".offers button").first
    offer.click()
    second = changed(page, first)
    assert offer.get_attribute("aria-pressed") == "true"
    page.get_by_label("Another colour").fill("#00ff00")
    third = changed(page, second)
    page.locator(".question .remark", has_text="as near as").wait_for()  # no such green there
    page.get_by_role("button", name="Close").click()
    assert page.locator("#hints .told li").inner_text().startswith("1. ")
    page.locator("#hints .told em", has_text=re.compile("reaches|keeps")).wait_for()

    pin, cut = pins(page).first, page.evaluate(CUT)
    page.mouse.move(*spot(page, 0.7, 0.6).values())
    page.mouse.down()
    page.mouse.move(*spot(page, 0.2, 0.15).values(), steps=4)
    page.mouse.up()
    page.locator("#hints .told li", has_text="upper left").wait_for()
    changed(page, third)
    assert pin.is_visible() and page.evaluate(CUT) == cut
    page.mouse.move(*spot(page, 0.5, 0.5).values())
    page.mouse.down()
    page.mouse.move(*spot(page, 0.8, 0.5).values(), steps=4)
    page.mouse.up()
    assert abs(int(page.evaluate(CUT)) - 80) <= 1  # the divider, and no further pin
    assert pins(page).count() == 1 and page.locator(".question").is_hidden()

    saved = hints(page, tmp_path)
    assert [hint["color"] for hint in saved] == ["#00ff00"]
    assert abs(saved[0]["x"] - 0.2) < 0.01 and abs(saved[0]["y"] - 0.15) < 0.01
    page.get_by_role("button", name="Remove all").click()
    (tmp_path / "broken.json").write_text('[{"x": 2, "y": 0, "color": null}]')
    load = page.get_by_label("Load pins from a file")
    load.set_input_files(tmp_path / "saved.json")
    pin.wait_for()
    load.set_input_files(tmp_path / "broken.json")
    page.get_by_text("A hint's x is 2; it must be a number from 0 to 1").first.wait_for()
    assert pins(page).count() == 1  # nothing is lost

    shown = after(page)
    page.locator("#model").get_by_label("regression").check()
    changed(page, shown)
    assert pins(page).count() == 1
    give(page, meadow)
    page.locator("#hints .undo[disabled]").wait_for()
    assert pins(page).count() == 0
    page.keyboard.press("Control+z")
    assert pins(page).count() == 0  # nothing of another photo


def test_by_keys(opened, tmp_path):
    page = opened()
    first = after(page)
    page.locator("#stage .spotter").focus()
    for key in ["ArrowRight"] * 5 + ["Shift+ArrowUp", "Enter"]:
        page.keyboard.press(key)
    page.wait_for_function("document.activeElement.closest('.offers')")
    page.keyboard.press("Enter")
    second = changed(page, first)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('.pin')")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    changed(page, second)
    (hint,) = hints(page, tmp_path)
    assert (hint["x"], hint["y"]) == (0.6, 0.55) and hint["color"]

    pins(page).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('.offers')")
    page.get_by_label("Reaches").select_option("close by")
    page.get_by_role("button", name="Leave as it is").press("Enter")
    page.keyboard.press("Escape")
    assert hints(page, tmp_path) == [{"x": 0.6, "y": 0.55, "color": None, "radius": 0.2}]
    pins(page).first.press("Delete")
    assert pins(page).count() == 0
    page.keyboard.press("Control+z")
    pins(page).first.wait_for()
    for _ in range(4):  # of leaving it, of its reach, of all moves, of its first colour
        page.keyboard.press("Control+z")
    assert pins(page).count() == 0
    page.wait_for_function("a => document.querySelector('#stage .after').src === a", arg=first)
    page.keyboard.press("Control+Shift+z")
    changed(page, first)
    page.get_by_role("button", name="Redo").click()
    assert hints(page, tmp_path) == [hint]


def test_by_touch(opened, tmp_path):
    page = opened(width=360, dark=True)
    first = after(page)
    page.touchscreen.tap(*spot(page, 0.7, 0.3).values())
    page.locator(".offers button").nth(1).tap()
    second = changed(page, first)
    page.wait_for_function(UNCOVERED)
    page.get_by_role("button", name="Close").tap()
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", spot(page, 0.7, 0.3))
    for step in range(1, 6):
        touch("touchMove", spot(page, 0.7 - 0.1 * step, 0.3 + 0.1 * step))
    touch("touchEnd")
    page.locator("#hints .told li", has_text="lower left").wait_for()
    changed(page, second)
    assert page.locator(".question").is_hidden()
    page.locator("#hints .told .gone").tap()
    page.wait_for_function("a => document.querySelector('#stage .after').src === a", arg=first)
    assert pins(page).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_suggested_becomes_pins(opened, meadow, tmp_path):
    page = opened()
    give(page, meadow)
    page.mouse.click(*spot(page, 0.05, 0.05).values())
    page.locator(".offers button").first.click()
    own = hints(page, tmp_path)
    page.get_by_role("button", name="Show other versions").click()
    page.locator("#versions li button").first.click()
    page.locator("#hints .lent").wait_for()
    assert hints(page, tmp_path)[:1] == own  # one's own pin stays
    assert pins(page).count() > 2

    reference = page.locator("#reference input[type=file]")
    reference.set_input_files(meadow)
    page.locator("#borrowed .dot").first.wait_for()
    page.get_by_text("places took their colour from the other photo").first.wait_for()
    lent = hints(page, tmp_path)
    dots = page.locator("#borrowed figure").nth(1).locator(".dot")
    assert lent[:1] == own and dots.count() == sum(h["color"] is not None for h in lent[1:]) > 5
    page.get_by_label("range slider for Strength").fill("0.4")
    page.get_by_label("range slider for Strength").dispatch_event("pointerup")
    page.wait_for_function(
        "before => document.querySelector('#borrowed .taken').src !== before",
        arg=page.locator("#borrowed .taken").get_attribute("src"),
    )
    assert len(hints(page, tmp_path)) == len(lent)

    Image.new("RGB", (64, 64), (90, 90, 90)).save(tmp_path / "grey.png")
    page.locator("#reference").get_by_label("Remove Image").click()
    reference.set_input_files(tmp_path / "grey.png")
    page.locator("#borrowed .status", has_text="it has no colours to give").wait_for()
    assert pins(page).count() == len(lent)  # nothing is lost
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert hints(page, tmp_path) == own


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious_in_a_question(opened, axe, width, dark):
    page = opened(width=width, dark=dark)
    page.mouse.click(*spot(page, 0.7, 0.3).values())
    page.locator(".offers button").first.click()
    page.wait_for_function("() => !document.querySelector('.pending')")
    page.evaluate(axe)
    assert serious(page.evaluate("axe.run('#stage, #hints, #versions, #lending')")) == []
