"""A whole study in Firefox: frames, covers and keys are its own."""

from collections.abc import Iterator

import pytest

from tests.browser.test_study import check_exposure
from tests.helpers.firefox import FIREFOX, Firefox
from tests.helpers.served_study import Hall

pytestmark = pytest.mark.browser
LEFT = "\ue012"
SCREEN = """new Promise((go) => {
  const look = () => {
    const section = document.querySelector('#study section:not([hidden])');
    const name = section?.dataset.name;
    const open = section?.querySelector('button:not([disabled])');
    if (!open || name === 'wait') return setTimeout(look, 20);
    if (name === 'trial' && open.value !== 'go') return go('trial ' +
      section.querySelector('.count').textContent);
    if (name !== 'end') open.click();
    go(name === 'trial' ? 'feedback' : name);
  };
  look();
})"""


@pytest.fixture
def hall(tiny_weights, tmp_path, monkeypatch) -> Iterator[Hall]:
    if not FIREFOX:
        pytest.skip("no firefox is installed")
    monkeypatch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    hall = Hall(tmp_path / "study", "sequence", language="browser")
    yield hall
    hall.close()


def test_a_whole_study_in_firefox(hall, tmp_path):
    way: list[str] = []
    with Firefox(tmp_path / "profile") as firefox:
        firefox.open(f"{hall.url}/study")
        while not way or way[-1] != "end":
            screen = firefox.evaluate(SCREEN)
            if screen.startswith("trial") and screen not in way:
                firefox.press(LEFT)
            if not way or way[-1] != screen:
                way.append(screen)
        assert firefox.evaluate("document.querySelector('[data-text=code]').textContent")
    votes = hall.votes()
    assert len(votes) == hall.study.positions
    for vote in votes:
        check_exposure(vote)
        assert vote["browser"].startswith("Firefox ")
        assert (vote["modality"], vote["answer"]) == ("key", "first")
        assert vote["gamut"] in ("srgb", "p3", "rec2020")
        assert vote["shown_width"] == 416 and vote["window_width"] > 600
        assert vote["cover_ms"] is None or vote["cover_ms"] >= 0
