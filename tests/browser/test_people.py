"""A person's way in: by a panel's link, in two tabs, at a shared computer, or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from survey.__main__ import main
from survey.mirror import files
from survey.outcomes import decide
from survey.questionnaire.questions import Question
from survey.recruitment import change
from survey.store import Store, read_only
from tests.helpers.served_study import SHORT, Hall, Visitor, paint
from tests.helpers.study import make_study
from tests.stress.serving import free_port

pytestmark = pytest.mark.browser
SHORTEST = {"practice": 0, "trials": 2, "catch": 0.0}


@pytest.fixture(scope="module")
def halls(tiny_weights, tmp_path_factory) -> Iterator:
    """Two studies: a panel's, and one that is open to everyone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        panel = Hall(tmp_path_factory.mktemp("panel") / "study", "single", **SHORTEST)
        open_ = Hall(tmp_path_factory.mktemp("open") / "study", "single", panel="", **SHORTEST)
        yield panel, open_
        panel.close()
        open_.close()


@pytest.fixture
def come(browser) -> Iterator:
    visitors: list[Visitor] = []

    def come(hall: Hall, query: str = "") -> Visitor:
        visitors.append(Visitor(browser, hall.url, query))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()
        assert not visitor.trouble


@pytest.fixture
def serve(tiny_weights, tmp_path, monkeypatch) -> Iterator[Callable[..., str]]:
    """serve(folder, …) -> the address of an app with these studies, the same after a restart."""
    import app
    from colorize.web.studio import Studio

    monkeypatch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    running, port = [], free_port()

    def serve(*folders: Path, data: Path | None = None) -> str:
        while running:
            running.pop().close(verbose=False)
        running.append(app.build(Studio("cpu"), *folders, data=data))
        _, url, _ = app.launch(running[0], port, prevent_thread_lock=True, quiet=True)
        return url.rstrip("/")

    yield serve
    for demo in running:
        demo.close(verbose=False)


def study_in(folder: Path, **settings) -> Path:
    make_study(folder, **SHORT | SHORTEST | settings)
    paint(folder / "stimuli")
    return folder


def votes_in(folder: Path) -> int:
    db = read_only(folder / "votes.db")
    found = db["votes"].count
    db.close()
    return found


def test_two_studies_have_two_addresses_and_two_sets_of_data(browser, serve, tmp_path):
    """Of one design even."""
    folders = [study_in(tmp_path / name, title="Two") for name in ("faces", "places")]
    two = serve(*folders, data=tmp_path / "votes")
    visitor = Visitor(browser, two, "-faces")
    visitor.until("end")
    assert [a.get_attribute("href") for a in visitor.page.locator("a:visible").all()][0] == (
        "results-faces"
    )
    assert votes_in(tmp_path / "votes" / "faces") == 2
    assert votes_in(tmp_path / "votes" / "places") == 0
    visitor.page.goto(f"{two}/study-places")
    assert visitor.until("end")[0] == "consent"  # not the end of the other one
    assert votes_in(tmp_path / "votes" / "places") == 2
    visitor.page.goto(f"{two}/results-places")
    visitor.page.wait_for_function("/1 participants have finished/.test(document.body.innerText)")
    visitor.context.close()
    assert not visitor.trouble and not visitor.abroad


def test_a_forgotten_person_is_a_stranger_after_a_restart(browser, serve, tmp_path):
    question = Question("sure", "Sure?", "scale")
    folder = study_in(tmp_path / "study", after=(question,))
    visitor = Visitor(browser, serve(folder))
    visitor.until("end")
    visitor.page.reload()
    assert visitor.screen() == "end"
    assert main(["forget", str(folder), visitor.text("code")]) == 0
    url = serve(folder)
    visitor.page.goto(f"{url}/study")
    assert "not known here" in stop(visitor)
    assert votes_in(folder / "data") == 0
    assert b'"sure"' not in b"".join(path.read_bytes() for path in files(folder / "data"))
    assert visitor.until("end")[:2] == ["stop", "consent"]
    assert votes_in(folder / "data") == 2
    visitor.context.close()
    assert not visitor.trouble


def stop(visitor: Visitor) -> str:
    visitor.page.wait_for_selector("section[data-name=stop]:not([hidden])")
    return visitor.page.locator("section:not([hidden])").inner_text()


def operate(hall: Hall, state: str = "open", **endings: str) -> None:
    """As the command does, beside the running app."""
    store = Store(hall.study_folder)
    store.transact(lambda ledger: change(ledger, "state", state))
    store.transact(lambda ledger: decide(ledger, endings.items()))
    store.close()


def test_a_panel_study_wants_the_panels_link(come, halls):
    hall, _ = halls
    before = hall.participants()
    assert "this address lacks PROLIFIC_PID" in stop(come(hall))
    assert "this address lacks PROLIFIC_PID" in stop(come(hall, "?PROLIFIC_PID="))
    assert hall.participants() == before


def test_a_second_member_at_the_same_computer_is_a_new_person(come, halls):
    hall, _ = halls
    visitor = come(hall, "?PROLIFIC_PID=first")
    visitor.until("end")
    code = visitor.text("code")
    visitor.page.goto(f"{hall.url}/study?PROLIFIC_PID=second")
    visitor.until("end")
    assert visitor.text("code") != code
    visitor.page.goto(f"{hall.url}/study?PROLIFIC_PID=first")
    assert visitor.screen() == "end"
    assert visitor.text("code") == code
    assert hall.panel_ids() >= {"first", "second"}


def test_two_tabs_at_consent_are_one_person(come, halls):
    _, hall = halls
    before = hall.participants()
    first = come(hall)
    second = first.context.new_page()
    second.goto(f"{hall.url}/study")
    for page in (first.page, second):
        page.locator("button[value=yes]").wait_for(state="visible")
    for page in (first.page, second):
        page.evaluate("document.querySelector('button[value=yes]').click()")
    for page in (first.page, second):
        page.wait_for_selector("section[data-name=vision]:not([hidden])")
    assert hall.participants() == before + 1


def test_three_people_at_one_computer(come, halls):
    _, hall = halls
    before = hall.participants()
    visitor = come(hall, "?kiosk")
    for _ in range(3):
        assert visitor.until("end")[0] == "consent"
        visitor.page.get_by_role("button", name="Next participant").click()
    assert visitor.screen() == "consent"
    assert hall.participants() == before + 3


def test_who_declines_leaves_nothing_and_may_go_back_to_the_panel(come, halls):
    hall, _ = halls
    operate(hall, declined="https://panel.example/declined", finished="C1A2B3")
    before = hall.participants()
    visitor = come(hall, "?PROLIFIC_PID=unwilling")
    assert visitor.screen() == "consent"
    visitor.page.locator("button[value=no]").click()
    assert "nothing of you is kept" in stop(visitor)
    back = visitor.page.get_by_role("link", name="Back to the panel")
    assert back.get_attribute("href") == "https://panel.example/declined"
    assert hall.participants() == before
    willing = come(hall, "?PROLIFIC_PID=willing")
    willing.until("end")
    assert willing.text("code") == "C1A2B3"


def test_a_study_that_is_full_says_so_with_its_code(come, halls):
    hall, _ = halls
    operate(hall, "closed", full="FULL77")
    visitor = come(hall, "?PROLIFIC_PID=late")
    visitor.until("consent")
    said = stop(visitor)
    assert "has ended" in said and "FULL77" in said
    operate(hall, "paused")
    waiting = come(hall, "?PROLIFIC_PID=late")
    waiting.until("consent")
    assert "rests at the moment" in stop(waiting)
    operate(hall)
