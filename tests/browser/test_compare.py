"""A visitor on the Compare page."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit):
    page = visit("/compare")
    page.locator("#wall figure").nth(3).wait_for()  # the original and three models
    return page


def test_one_photo_through_every_model(page):
    names = page.locator("#wall figcaption b").all_inner_texts()
    assert [name.lower() for name in names] == [
        "original",
        "rebalanced",
        "classification",
        "regression",
    ]
    sources = [image.get_attribute("src") for image in page.locator("#wall img").all()]
    assert len(set(sources)) == 4
    rows = page.locator("table.bars tbody tr")
    assert rows.count() == 4 and rows.nth(1).locator("svg").count() == 4


def test_a_model_that_is_not_chosen_is_not_shown(page):
    page.get_by_role("checkbox", name="regression").uncheck()
    page.wait_for_function("document.querySelectorAll('#wall figure').length === 3")


def places(page) -> set[str]:
    return {
        image.evaluate("i => getComputedStyle(i).transform")
        for image in page.locator("#wall img").all()
    }


def test_zoom_and_place_are_common_to_all(page):
    assert len(places(page)) == 1
    view = page.locator("#wall .view").nth(1)
    view.focus()
    whole = places(page)
    for _ in range(4):
        page.keyboard.press("+")
    near = places(page)
    page.keyboard.press("ArrowRight")
    moved = places(page)
    assert len(near) == len(moved) == 1 and len(whole | near | moved) == 3
    page.get_by_role("button", name="Whole picture").click()
    assert places(page) == whole


def test_dragging_moves_all(page):
    page.locator("#wall .zoom").fill("4")
    near = places(page)
    box = page.locator("#wall .view").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40)
    page.mouse.up()
    assert len(places(page)) == 1 and places(page) != near


def test_all_as_one_picture(page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as one picture").click()
    assert download.value.suggested_filename == "comparison.png"
    download.value.save_as(tmp_path / "comparison.png")
    with Image.open(tmp_path / "comparison.png") as sheet:
        assert sheet.width > 1000 and np.asarray(sheet).std() > 10
