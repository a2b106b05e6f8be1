"""A visitor on the Colorize page."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize.lab import rgb_to_lab

pytestmark = pytest.mark.browser


@pytest.fixture
def castle(tmp_path) -> Path:
    """A grey JPEG of 800 x 500 pixels."""
    y, x = np.mgrid[0:500, 0:800]
    grey = (110 + 60 * np.sin(x / 60) + 50 * np.cos(y / 40)).clip(0, 255).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "castle.jpg", quality=95)
    return tmp_path / "castle.jpg"


@pytest.fixture
def rose(tmp_path) -> Path:
    """A PNG with colours, 640 x 480."""
    y, x = np.mgrid[0:480, 0:640]
    pixels = np.stack((x * 255 / 640, y * 255 / 480, 255 - x * 255 / 640), -1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "rose.png")
    return tmp_path / "rose.png"


def give(page, photo: Path) -> None:
    """Upload a photo in place of the one that is there, and wait until it is in colour."""
    page.locator("#stage .stage:not(.empty)").wait_for()
    page.locator("#photo").get_by_label("Remove Image").click()
    page.locator("#stage .stage.empty").wait_for()
    page.locator("#photo input[type=file]").set_input_files(photo)
    page.locator(f"#stage img.after[alt^='{photo.stem}']").wait_for()


def lightness(image: Image.Image) -> np.ndarray:
    pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1) / 255
    return rgb_to_lab(pixels)[0].numpy()


def after(page) -> str:
    return page.locator("#stage img.after").get_attribute("src")


def changed(page, before: str) -> str:
    """The picture after, once it is another than `before`."""
    page.wait_for_function(
        "before => document.querySelector('#stage img.after').src !== before", arg=before
    )
    return after(page)


def test_the_first_visit_shows_a_photo_in_colour(visit):
    page = visit()
    page.locator("#stage .stage:not(.empty)").wait_for()
    assert page.title() == "Colorize"
    assert page.locator("h1").count() == 1
    assert page.locator("#model input").count() == 3
    assert page.locator("#model input:checked").get_attribute("value") == "rebalanced"


def test_the_divider_moves_by_keyboard(visit):
    page = visit()
    page.locator("#stage .stage:not(.empty)").wait_for()
    divider = page.get_by_label("Divider between the photo before and after")
    divider.focus()
    start = divider.input_value()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert int(divider.input_value()) == int(start) + 5
    cut = page.locator(".stage").evaluate("stage => stage.style.getPropertyValue('--cut')")
    assert cut == f"{int(start) + 5}%"
    assert "black and white" in divider.get_attribute("aria-valuetext")


def test_upload_colour_sliders_download(visit, castle, tmp_path):
    page = visit()
    give(page, castle)
    assert "800 × 500" in page.locator("#stage .facts").inner_text()
    assert page.locator(".against").is_hidden()  # it came without colours

    first = after(page)
    page.get_by_label("range slider for Temperature").fill("0.9")
    second = changed(page, first)
    page.get_by_label("range slider for Saturation").fill("2")
    third = changed(page, second)
    page.locator("#model").get_by_label("regression").check()
    changed(page, third)
    page.locator("#temperature input[disabled]").first.wait_for()  # it has one colour to offer

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "castle-colorized.jpg"
    download.value.save_as(tmp_path / "got.jpg")
    with Image.open(tmp_path / "got.jpg") as got, Image.open(castle) as given:
        assert got.size == (800, 500)
        assert got.info["icc_profile"] and got.layer[0][1:3] == (1, 1)  # 4:4:4
        assert np.abs(lightness(got) - lightness(given)).mean() < 1
        assert np.ptp(np.asarray(got).astype(int), axis=2).mean() > 3


def test_colours_are_set_aside_and_come_back(visit, rose):
    page = visit()
    give(page, rose)
    black_and_white = page.locator("#stage img.before").get_attribute("src")
    page.get_by_label("the original colours").check()
    original = page.locator("#stage img.before").get_attribute("src")
    assert original != black_and_white
    assert page.locator(".tag.left").inner_text() == "original"


def test_a_pixel_can_be_clicked_or_typed(visit, castle):
    page = visit()
    give(page, castle)
    chart = page.locator("#belief svg.plane")
    chart.wait_for()
    page.wait_for_function("document.querySelector('#probe [name=x]').max === '799'")
    image = page.locator("#probe img")
    box = image.bounding_box()
    image.click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.5})
    assert abs(int(page.get_by_label("x", exact=True).input_value()) - 200) <= 2
    assert abs(int(page.get_by_label("y", exact=True).input_value()) - 250) <= 2
    said = chart.get_attribute("aria-label")
    page.get_by_label("x", exact=True).fill("733")
    page.keyboard.press("Tab")
    page.wait_for_function(
        "said => document.querySelector('#belief svg').ariaLabel !== said", arg=said
    )
    first = after(page)
    page.get_by_label("range slider for Temperature").fill("0.8")
    changed(page, first)
    assert page.get_by_label("x", exact=True).input_value() == "733"  # other colours, same spot
    assert page.locator("#maps figure").count() == 3


def test_a_sample_is_one_click_away(visit):
    page = visit()
    page.locator("#stage .stage:not(.empty)").wait_for()
    page.get_by_role("button", name="A cup of coffee on a wooden table").click()
    page.locator("#stage img.after[alt^='coffee']").wait_for()
    assert page.locator(".against").is_visible()


def test_a_file_that_is_no_photo_is_told_in_words(visit, tmp_path):
    page = visit()
    page.locator("#stage .stage:not(.empty)").wait_for()
    page.locator("#photo").get_by_label("Remove Image").click()
    (tmp_path / "letter.png").write_text("Dear all")
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "letter.png")
    page.get_by_text("letter.png").first.wait_for()


def test_several_photos_come_back_as_one_zip(visit, castle, rose, tmp_path):
    page = visit()
    page.locator("#stage .stage:not(.empty)").wait_for()
    page.locator("#several input[type=file]").set_input_files([castle, rose])
    page.locator("#several").get_by_text("rose").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Colour them all").click()
    download.value.save_as(tmp_path / "photos.zip")
    with zipfile.ZipFile(tmp_path / "photos.zip") as bundled:
        assert sorted(bundled.namelist()) == ["castle-colorized.jpg", "rose-colorized.png"]
        image = Image.open(io.BytesIO(bundled.read("rose-colorized.png")))
        assert image.size == (640, 480)
    page.get_by_text("2 of 2 photos are in the ZIP.").wait_for()
