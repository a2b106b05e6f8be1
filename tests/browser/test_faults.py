"""What people see of a disk without room, and that it passes."""

import numpy as np
import pytest
from PIL import Image

from colorize.web.handlers import NO_ROOM
from survey.mirror import Mirror
from tests.helpers.served_study import Hall, Visitor

pytestmark = pytest.mark.browser


def full(*_, **__):
    raise OSError(28, "No space left on device")


def test_an_upload_without_room_is_told_in_words_and_the_next_one_is_taken(
    browser, address, tmp_path, monkeypatch
):
    Image.fromarray(np.full((40, 60), 120, np.uint8)).save(tmp_path / "old.png")
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.locator("#stage .stage:not(.empty)").wait_for()
    page.locator("#photo").get_by_label("Remove Image").click()
    with monkeypatch.context() as patch:
        patch.setattr("gradio.route_utils.NamedTemporaryFile", full)
        page.locator("#photo input[type=file]").set_input_files(tmp_path / "old.png")
        page.get_by_text(NO_ROOM).first.wait_for()
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "old.png")
    page.get_by_text("60 × 40 pixels").wait_for()
    page.close()


def test_a_vote_without_room_waits_and_the_participant_sees_why(
    browser, tiny_weights, tmp_path, monkeypatch
):
    monkeypatch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
    hall = Hall(tmp_path / "study", "single")
    visitor = Visitor(browser, hall.url, "?PROLIFIC_PID=one")
    visitor.until("how")
    bar = visitor.page.locator(".offline")
    with monkeypatch.context() as patch:
        patch.setattr(Mirror, "write", full)
        visitor.screen()
        assert bar.is_hidden()
        visitor.answer()
        bar.wait_for()
        assert "Nothing is lost; trying again" in bar.inner_text()
    visitor.until("end")
    assert bar.is_hidden() and visitor.trouble == []
    assert len(hall.votes()) == hall.study.positions
    visitor.context.close()
    hall.close()
