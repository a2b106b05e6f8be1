"""The pages' handlers, called as Gradio calls them."""

import inspect
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from colorize.samples import samples
from colorize.web.colorize_page import MOST, ColorizeHandlers, choose_sample, thumbnails
from colorize.web.compare_page import CompareHandlers
from colorize.web.handlers import (
    NO_ROOM,
    SORRY,
    cached_copy,
    error_message,
    new_folder,
    told,
    whole_number,
)
from colorize.web.studio import Studio
from colorize.web.widgets import PhotoUpload


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


@pytest.fixture
def page(zoo_of_tiny_models) -> ColorizeHandlers:
    return ColorizeHandlers(Studio("cpu"))


CHOSEN = ["model", "temperature", "saturation"]
SETTINGS = [*CHOSEN, "hints"]


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("show", ["path", *SETTINGS]),
        ("paint", ["path", *SETTINGS]),
        ("look_inside", ["path", *SETTINGS]),
        ("ask", ["path", *SETTINGS, "event"]),
        ("bundle", ["paths", *SETTINGS, "format", "reference", "strength", "progress"]),
        ("download", ["photo", *CHOSEN, "format", "hints", "reference", "strength"]),
    ],
)
def test_gradio_sends_each_setting_by_itself(page, name, takes):
    assert list(inspect.signature(getattr(page, name)).parameters) == takes


def test_settings_out_of_range_are_a_sentence(page, rose):
    for handler in (page.show, page.paint, page.download):
        with pytest.raises(gr.Error, match="A saturation of 5.0 was given; it must lie between"):
            handler(rose, "rebalanced", 0.4, 5.0, "")


def test_the_stage_has_before_after_and_original(page, rose):
    shown = page.show(rose, "rebalanced", 0.4, 1.0, "")
    assert (shown["width"], shown["height"], shown["words"]) == (120, 80, "rose")
    assert len({shown["before"], shown["after"], shown["original"]}) == 3
    assert page.paint(rose, "rebalanced", 0.4, 1.0, "") == {"photo": rose, "after": shown["after"]}


def test_a_grey_photo_is_its_own_before(page, tmp_path):
    Image.fromarray(np.full((40, 40), 99, np.uint8)).save(tmp_path / "grey.png")
    assert page.show(str(tmp_path / "grey.png"), "rebalanced", 0.4, 1.0, "")["original"] is None


def test_no_photo_is_an_empty_stage(page):
    assert page.show(None, "rebalanced", 0.4, 1.0, "") is None
    assert page.paint(None, "rebalanced", 0.4, 1.0, "") is None
    assert page.look_inside(None, "rebalanced", 0.4, 1.0, "") == (None, "")


def test_the_look_inside_begins_in_the_photo(page, rose):
    probe, maps = page.look_inside(rose, "rebalanced", 0.4, 1.0, "")
    assert 0 <= probe["x"] < 120 and 0 <= probe["y"] < 80
    assert maps.count("<figure>") == 3


def test_another_pixel_has_another_chart(page, rose):
    charts = {
        page.ask(rose, "rebalanced", 0.4, 1.0, "", SimpleNamespace(x=x, y=y))
        for x, y in ((3, 3), (110, 70))
    }
    assert len(charts) == 2 and all("In the original" in chart for chart in charts)


def test_temperature_is_offered_where_it_matters(page):
    assert page.temperature_slider("rebalanced").interactive is True
    assert page.temperature_slider("regression").interactive is False


def test_our_sentences_reach_the_visitor(page, rose):
    with pytest.raises(gr.Error, match="There is no model 'nobody'; choose one of rebalanced"):
        page.show(rose, "nobody", 0.4, 1.0, "")
    with pytest.raises(gr.Error, match="There is no photo yet"):
        page.download(None)
    with pytest.raises(gr.Error, match="There are no photos yet"):
        page.bundle([], "rebalanced", 0.4, 1.0, "", "", None, 1.0, gr.Progress())


@settings(max_examples=20)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    temperature=st.floats(0, 1),
    saturation=st.floats(0, 2),
    format=st.sampled_from(["", "PNG", "JPEG"]),
)
def test_whatever_is_set_the_photo_keeps_its_size(
    page, tmp_path, size, temperature, saturation, format
):
    path = tmp_path / f"{size[0]}x{size[1]}.png"
    Image.linear_gradient("L").resize(size).save(path)
    got = page.download(str(path), "rebalanced", temperature, saturation, format)
    with Image.open(got) as image:
        assert image.size == size and image.format == (format or "PNG")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("a defect of ours"), SORRY),
        (MemoryError(), SORRY),
        (OSError(28, "No space left on device"), NO_ROOM),
        (OSError(24, "Too many open files"), SORRY),
        (ValueError("A sentence."), "A sentence."),
    ],
)
def test_every_error_is_a_sentence_for_its_visitor(error, sentence):
    @told
    def broken():
        raise error

    with pytest.raises(gr.Error) as said:
        broken()
    assert said.value.message == sentence


def test_a_defect_is_in_the_log(caplog):
    assert error_message(RuntimeError("a defect of ours")) == SORRY
    assert "a defect of ours" in caplog.text


def test_a_model_that_fails_is_told_to_one_visitor_and_not_to_the_next(page, rose, monkeypatch):
    model = page.studio.colorizer("rebalanced").model

    def tripped(_):
        raise RuntimeError("the network tripped")

    with monkeypatch.context() as patch:
        patch.setattr(model, "forward", tripped)
        with pytest.raises(gr.Error, match="not your fault"):
            page.show(rose, "rebalanced", 0.4, 1.0, "")
        assert page.show(rose, "regression", 0.4, 1.0, "")["after"]
    assert page.show(rose, "rebalanced", 0.4, 1.0, "")["after"]


def test_a_bundle_has_a_limit(page, rose, uploads):
    with pytest.raises(gr.Error, match=f"{MOST + 1} photos; one ZIP takes {MOST}"):
        page.bundle([rose] * (MOST + 1), "rebalanced", 0.4, 1.0, "", "", None, 1.0, gr.Progress())
    assert not uploads.exists()


def test_a_bundle_tells_what_is_in_it(page, rose, tmp_path, uploads):
    (tmp_path / "letter.png").write_text("Dear all")
    given = [rose, str(tmp_path / "letter.png")]
    archive, note = page.bundle(given, "rebalanced", 0.4, 1.0, "", "", None, 1.0, gr.Progress())
    assert note.startswith("1 of 2 photos") and "letter.png" in note
    assert uploads in Path(archive).parents  # where files are deleted in time


def test_a_bundle_leaves_hints_to_the_stage_and_takes_a_reference(page, rose, tmp_path):
    hints = '[{"x": 0.5, "y": 0.5, "color": "#c02020"}]'
    given = ([rose], "rebalanced", 0.4, 1.0)
    seen = []
    for more in (("", "PNG", None, 1.0), (hints, "PNG", None, 1.0), ("", "PNG", rose, 0.9)):
        archive, note = page.bundle(*given, *more, gr.Progress())
        assert ("the photo on the stage alone" in note) == (more[0] == hints)
        with zipfile.ZipFile(archive) as bundled:
            seen.append(bundled.read(bundled.namelist()[0]))
    assert seen[0] == seen[1] != seen[2]


def test_hints_reach_stage_and_download(page, rose):
    hints = '[{"x": 0.5, "y": 0.5, "color": "#c02020"}]'
    stages = [page.paint(rose, "rebalanced", 0.4, 1.0, said)["after"] for said in ("", None, hints)]
    assert stages[0] == stages[1] != stages[2]
    plain, hinted = (
        Path(page.download(rose, "rebalanced", 0.4, 1.0, "PNG", said)).read_bytes()
        for said in ("", hints)
    )
    assert plain != hinted


@pytest.mark.parametrize("handler", ["show", "paint", "look_inside"])
def test_hints_that_are_none_are_a_sentence(page, rose, handler):
    with pytest.raises(gr.Error, match="Hint 1 of 1: A hint's x is 7; it must be a number"):
        getattr(page, handler)(rose, "rebalanced", 0.4, 1.0, '[{"x": 7, "y": 0, "color": null}]')


def test_samples_are_copied_where_the_page_may_see_them(uploads):
    path = Path(choose_sample(SimpleNamespace(place=2)))
    assert uploads in path.parents
    assert path.read_bytes() == samples()[2].path.read_bytes()
    assert cached_copy(samples()[2].path) == str(path)


def test_every_visitor_has_a_folder(uploads):
    assert new_folder() != new_folder() and uploads in new_folder().parents


def test_thumbnails_are_small_and_have_words():
    assert len(thumbnails()) == len(samples())
    assert all(len(t["picture"]) < 15_000 and t["words"] for t in thumbnails())


def test_an_upload_is_handed_on_unread():
    photo = PhotoUpload()
    assert photo.preprocess(SimpleNamespace(path="/nowhere/scan.heic")) == "/nowhere/scan.heic"
    assert photo.preprocess(None) is None


@pytest.fixture
def wall(zoo_of_tiny_models) -> CompareHandlers:
    return CompareHandlers(Studio("cpu"))


def test_the_wall_has_the_original_and_every_model(wall, rose):
    panels, numbers = wall.compare(rose, ["rebalanced", "regression"], [], gr.Progress())
    assert [panel["name"] for panel in panels] == ["original", "rebalanced", "regression"]
    assert numbers.count("<tr>") == 4
    assert wall.compare(None, ["rebalanced"], [], gr.Progress()) == ([], "")


def test_a_model_named_often_is_shown_once(wall, rose):
    panels, _ = wall.compare(rose, ["rebalanced"] * 5_000, [], gr.Progress())
    assert [panel["name"] for panel in panels] == ["original", "rebalanced"]
    with Image.open(wall.share(rose, ["rebalanced"] * 5_000, [])) as sheet:
        assert sheet.height < 2_000


def test_a_peer_that_cannot_be_fetched_leaves_the_others(wall, rose, monkeypatch, tmp_path):
    import torch

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def offline(*_):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    panels, _ = wall.compare(rose, ["rebalanced"], ["eccv16"], gr.Progress())
    assert panels[1]["picture"] and not panels[2]["picture"]
    assert "could not be fetched" in panels[2]["problem"]


def test_models_that_fail_leave_the_others_on_the_wall(wall, rose, monkeypatch):
    def tripped(_):
        raise RuntimeError("the network tripped")

    monkeypatch.setattr(wall.studio.colorizer("rebalanced").model, "forward", tripped)
    panels = wall.panels(rose, ["rebalanced", "regression"])
    assert [panel.problem for panel in panels] == ["", SORRY, ""]
    assert panels[2].pixels is not None


def test_without_the_default_model_all_pages_work(zoo_of_tiny_models, rose, tmp_path, monkeypatch):
    weights = tmp_path / "weights"
    shutil.copytree(zoo_of_tiny_models, weights)
    (weights / "rebalanced.safetensors").write_bytes(b"damaged")
    monkeypatch.setattr("colorize.zoo.WEIGHTS", weights)
    page, wall = ColorizeHandlers(Studio("cpu")), CompareHandlers(Studio("cpu"))
    sample, name = page.welcome()
    assert name == "classification"
    assert page.show(sample, name, 0.4, 1.0, "")["after"]
    assert Path(page.download(rose)).is_file()  # as a program calls it
    with pytest.raises(gr.Error, match="rebalanced.safetensors cannot be read"):
        page.show(sample, "rebalanced", 0.4, 1.0, "")
    panels = wall.panels(rose, ["rebalanced", "classification"])
    assert [bool(panel.problem) for panel in panels] == [False, True, False]


def test_one_picture_to_share(wall, rose):
    with Image.open(wall.share(rose, ["rebalanced"], [])) as sheet:
        assert sheet.format == "PNG" and sheet.width > 1000
    with pytest.raises(gr.Error, match="nothing to share"):
        wall.share(rose, [], [])


@pytest.mark.parametrize("value", [None, "1", 1.5, [1], {"y": 1}])
def test_an_event_tells_whole_numbers_or_is_refused(value):
    with pytest.raises(ValueError, match="it must be a whole number"):
        whole_number(gr.EventData(None, {"x": value}), "x")
    with pytest.raises(ValueError, match="it must be a whole number"):
        whole_number(gr.EventData(None, value), "x")
    assert whole_number(gr.EventData(None, {"x": 3}), "x") == 3


@pytest.mark.parametrize("place", [-1, 99])
def test_there_are_only_so_many_samples(place):
    with pytest.raises(gr.Error, match=f"no sample {place}"):
        choose_sample(gr.EventData(None, {"place": place}))
