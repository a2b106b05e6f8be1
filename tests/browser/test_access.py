"""Every page for everyone: axe-core, dark and light, narrow and wide."""

import pytest

from tests.helpers.accessibility import serious

pytestmark = pytest.mark.browser

READY = {"/": "#maps figure", "/compare": "table.bars"}
PAGES = list(READY)
STILL = "() => !document.querySelector('.pending') && document.getAnimations().length === 0"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(visit, axe, path, dark):
    page = visit(path, dark=dark)
    page.locator(READY[path]).first.wait_for()
    page.wait_for_function(STILL)  # what fades in has little contrast
    page.evaluate(axe)
    assert serious(page.evaluate("axe.run()")) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1280, 2200])
def test_nothing_is_wider_than_the_window(visit, path, width):
    page = visit(path, width=width)
    page.locator(READY[path]).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


FOCUSED = "() => [...document.querySelectorAll('[id]:focus-within')].map(e => e.id).join(' ')"


@pytest.mark.parametrize(
    "path, parts",
    [("/", ["photo", "model", "stage", "temperature", "download", "probe", "several"]),
     ("/compare", ["photo", "models", "peers", "share", "wall"])],
)  # fmt: skip
def test_the_keyboard_reaches_everything(visit, path, parts):
    page = visit(path)
    page.locator(READY[path]).first.wait_for()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached |= set(page.evaluate(FOCUSED).split())
    assert set(parts) <= reached
