"""Every page for everyone: axe-core, dark and light, narrow and wide."""

import pytest

pytestmark = pytest.mark.browser

READY = {"/": "#maps figure", "/compare": "table.bars"}
PAGES = list(READY)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(visit, axe, path, dark):
    page = visit(path, dark=dark)
    page.locator(READY[path]).first.wait_for()
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    grave = [
        f"{issue['id']}: {node['target']} {node['failureSummary']}"
        for issue in found
        if issue["impact"] in ("serious", "critical")
        for node in issue["nodes"]
    ]
    assert grave == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1280, 2200])
def test_nothing_is_wider_than_the_window(visit, path, width):
    page = visit(path, width=width)
    page.locator(READY[path]).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_everything(visit, path):
    """Tab walks through the whole page and shows where it is."""
    page = visit(path)
    page.locator(READY[path]).first.wait_for()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const e = document.activeElement; return e.closest('[id]')?.id + ' ' + e.tagName }"
            )
        )
    wanted = {
        "/": ["stage", "model", "temperature", "download"],
        "/compare": ["models", "share", "wall"],
    }
    for part in wanted[path]:
        assert any(part in place for place in reached), (part, reached)
