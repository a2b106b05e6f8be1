"""The Prefer page and the board in a browser: by key, by touch, with a photo of one's own."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from survey.store import read_only
from tests.helpers.accessibility import barriers
from tests.helpers.served_study import KEPT_OUT

pytestmark = pytest.mark.browser
ANSWERS = ("first", "tie", "second")
KEYS = ("ArrowLeft", "ArrowDown", "ArrowRight")
PAIRS = 20


@pytest.fixture(scope="module")
def app(tiny_weights, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """The whole app with tiny models, and the folder of its board."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        import app
        from colorize.web.studio import Studio

        data = tmp_path_factory.mktemp("data")
        demo = app.build(Studio("cpu"), data=data)
        _, url, _ = app.launch(demo, prevent_thread_lock=True, quiet=True)
        yield SimpleNamespace(url=url.rstrip("/"), board=data / "board")
        demo.close(verbose=False)


@pytest.fixture
def visitor(browser, app) -> Iterator:
    """visitor(touch=True) -> the Prefer page; what its console complains of fails the test."""
    contexts, complaints = [], []

    def come(touch: bool = False, scheme: str = "light"):
        size = {"width": 360, "height": 740} if touch else {"width": 1280, "height": 860}
        options = {"viewport": size, "has_touch": touch, "is_mobile": touch}
        contexts.append(browser.new_context(**options, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{app.url}/prefer")
        phase(page, "ask")
        return page

    yield come
    for context in contexts:
        context.close()
    assert not [text for text in complaints if not text.startswith(KEPT_OUT)]


def phase(page, name: str) -> None:
    page.wait_for_selector(f".stand[data-phase={name}]")


def votes(app) -> list[dict]:
    db = read_only(app.board / "votes.db")
    found = list(db.query("SELECT * FROM votes ORDER BY id"))
    db.close()
    return found


def captions(page) -> list[str]:
    return page.locator(".stand figcaption").all_inner_texts()


def places(page) -> list[dict]:
    """Where everything of the stand is."""
    selector = ".stand .picture, .stand .prompt, .stand .controls, .own"
    return [part.bounding_box() for part in page.locator(selector).all()]


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("touch", [False, True], ids=["key", "touch"])
def test_twenty_pairs_and_the_database_and_the_board_agree(visitor, app, touch):
    before = len(votes(app)) if app.board.exists() else 0
    page, told = visitor(touch), []
    where = places(page)
    for number in range(PAIRS):
        phase(page, "ask")
        assert captions(page) == ["A", "B"]
        sizes = page.evaluate(
            "[...document.querySelectorAll('.stand img')].map(i => [i.naturalWidth, i.width])"
        )
        assert sizes[0] == sizes[1] and sizes[0][0] > 0
        if not touch:
            page.keyboard.press(KEYS[number % 3])
        elif number % 2 and ANSWERS[number % 3] != "tie":
            page.locator(f".picture[value={ANSWERS[number % 3]}]").tap()
        else:
            page.locator(f".answers [value={ANSWERS[number % 3]}]").tap()
        phase(page, "names")
        told.append(tuple(name.removesuffix(" ✓") for name in captions(page)))
        assert places(page) == where or touch  # a tap may scroll
        if touch:
            page.locator(".onward").tap()
        else:
            page.keyboard.press("Space")
    kept = votes(app)[before:]
    assert [vote["answer"] for vote in kept] == [ANSWERS[n % 3] for n in range(PAIRS)]
    names = [tuple(v[side].partition("@")[0] for side in ("first", "second")) for v in kept]
    assert names == told
    assert len({vote["voter"] for vote in kept}) == 1
    assert fits(page)
    check_board(page, app)


def check_board(page, app) -> None:
    """What the page of results counts is what the database holds."""
    page.goto(f"{app.url}/results")
    page.wait_for_selector("#board iframe:visible")
    rows = page.frame_locator("#board iframe").locator("tr").all_inner_texts()
    kept, found = votes(app), 0
    for row in rows:
        if pair := re.match(r"(\w+) : (\w+)\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)\s", row):
            one, other, *counts = pair.groups()
            assert [int(n) for n in counts] == tally(kept, one, other), row
            found += sum(int(n) for n in counts)
    assert found == len(kept)
    facts = page.frame_locator("#board iframe").locator(".facts").inner_text()
    assert facts.startswith(f"{len(kept)} votes · {len({v['voter'] for v in kept})} browser")
    assert fits(page)


def tally(kept: list[dict], one: str, other: str) -> list[int]:
    """How often the one won, neither did, the other won."""
    found = [0, 0, 0]
    for vote in kept:
        sides = [vote[side].partition("@")[0] for side in ("first", "second")]
        if set(sides) == {one, other}:
            winner = {"first": sides[0], "second": sides[1]}.get(vote["answer"])
            found[{one: 0, None: 1, other: 2}[winner]] += 1
    return found


def test_a_double_press_counts_once_and_a_reload_keeps_the_pair(visitor, app):
    page = visitor()
    before = len(votes(app))
    page.evaluate(
        """() => { for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowRight'])
                     document.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
                   document.querySelector('.answers button').click(); }"""
    )
    phase(page, "names")
    assert len(votes(app)) == before + 1
    page.keyboard.press("Space")
    phase(page, "ask")
    alt = page.locator(".stand img").first.get_attribute("alt")
    page.reload()
    phase(page, "ask")
    assert page.locator(".stand img").first.get_attribute("alt") == alt
    assert len(votes(app)) == before + 1


def test_a_photo_of_ones_own_and_away_again(visitor, app, tmp_path):
    page = visitor()
    photo = tmp_path / "aunt.jpg"
    Image.linear_gradient("L").resize((300, 200)).save(photo)
    assert page.locator("[type=file]").is_disabled()
    page.locator("[name=consent]").check()
    page.locator("[type=file]").set_input_files(photo)
    page.get_by_text("The pairs are of your photo").wait_for()
    phase(page, "ask")
    assert page.locator(".stand img").first.get_attribute("alt") == "Your photo, version A"
    page.keyboard.press("ArrowRight")
    phase(page, "names")
    assert votes(app)[-1]["photo"].startswith("own ")
    page.locator(".away").click()
    page.get_by_text("Your photo is put away").wait_for()
    phase(page, "ask")
    assert "Your photo" not in page.locator(".stand img").first.get_attribute("alt")
    assert_nowhere(app.board, photo)


def assert_nowhere(folder: Path, photo: Path) -> None:
    """No picture in any file of the board."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert b"JFIF" not in path.read_bytes(), path


def test_a_file_that_the_browser_cannot_read_gets_a_sentence(visitor):
    page = visitor()
    page.locator("[name=consent]").check()
    file = {"name": "a.png", "mimeType": "image/png", "buffer": io.BytesIO(b"none").read()}
    page.locator("[type=file]").set_input_files(file)
    page.get_by_text("This browser cannot read that file").wait_for()


def test_keys_are_no_votes_while_somebody_types_or_reads_on(visitor, app):
    page = visitor()
    before = len(votes(app))
    page.locator("[name=consent]").focus()
    page.keyboard.press("ArrowLeft")
    page.evaluate("document.activeElement.blur(); document.body.style.paddingBottom = '3000px'")
    page.evaluate("window.scrollTo(0, 3000)")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".stand").get_attribute("data-phase") == "ask"
    assert len(votes(app)) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier_for_anyone(visitor, app, axe, scheme):
    page = visitor(scheme=scheme)
    assert barriers(page, axe) == []
    page.keyboard.press("ArrowLeft")
    phase(page, "names")
    assert barriers(page, axe) == []
    page.goto(f"{app.url}/results")
    page.wait_for_selector("#board iframe:visible")
    assert barriers(page, axe) == []
