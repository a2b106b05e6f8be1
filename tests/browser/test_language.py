"""A study in the participant's language, its own questions, and images of a fixed size."""

from collections.abc import Iterator

import pytest

from survey.language.wording import wording
from survey.questionnaire.questions import Question
from tests.browser.test_study import check_exposure
from tests.helpers.accessibility import barriers
from tests.helpers.served_study import Hall, Visitor

pytestmark = pytest.mark.browser
AGE = Question("age", "Wie alt sind Sie?", "choice", ("unter 30", "30 oder mehr"))
SURE = Question("sure", "Wie sicher waren Sie?", "scale", low="gar nicht", high="völlig")
CLUES = Question("clues", "Was hat sie verraten?", "text", required=False)
OWN = {"before": (AGE,), "after": (SURE, CLUES), "language": "browser", "title": "Farben"}
OWN |= {"contact": "lab@example.org", "debrief": "Danke!"}


@pytest.fixture(scope="module")
def halls(tiny_weights, tmp_path_factory) -> Iterator:
    """halls(design, **settings): a study, served once."""
    served: dict[str, Hall] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))

        def hall(design: str, **settings) -> Hall:
            key = f"{design} {settings}"
            if key not in served:
                served[key] = Hall(
                    tmp_path_factory.mktemp(design) / "study", design, panel="", **settings
                )
            return served[key]

        yield hall
        for hall in served.values():
            hall.close()


@pytest.fixture
def come(browser) -> Iterator:
    visitors: list[Visitor] = []

    def come(hall: Hall, **options) -> Visitor:
        visitors.append(Visitor(browser, hall.url, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()
        assert not visitor.trouble


def sentences(language: str) -> set[str]:
    """What only this language says, as far as nothing is filled in."""
    page = wording(language)["page"].values()
    return {text for text in page if "{" not in text and len(text) > 9}


@pytest.mark.parametrize(("locale", "touch"), [("de-AT", True), ("fr-FR", False)])
def test_everything_is_said_in_the_participants_language(come, halls, locale, touch):
    hall = halls("pair", **OWN)
    language, other = ("de", "en") if locale == "de-AT" else ("en", "de")
    visitor = come(hall, locale=locale, touch=touch)
    way, seen = [], []
    while not way or way[-1] != "end":
        visitor.screen()
        seen.append(visitor.page.locator("#study").inner_text())
        way.append(visitor.step())
    assert [way[0], way[1], way[2], way[-2]] == ["consent", "vision", "questions", "questions"]
    said = "\n".join(seen)
    assert not [text for text in sentences(other) if text in said]
    assert sum(text in said for text in sentences(language)) > 15
    assert visitor.page.locator(".study").evaluate("it => it.closest('[lang]').lang") == language
    assert "lab@example.org" in seen[0] and "Danke!" in seen[-1]
    assert "Danke!" not in "".join(seen[:-1])
    votes = hall.votes()[-hall.study.positions :]
    assert {vote["modality"] for vote in votes} == {"touch" if touch else "key"}
    assert {vote["browser"].split()[0] for vote in votes} == {"Chrome"}
    assert {vote["window_width"] for vote in votes} == {360 if touch else 1280}
    assert hall.responses()[-3:] == [
        ("before", "age", "unter 30"), ("after", "sure", "1"), ("after", "clues", None)
    ]  # fmt: skip


def test_a_question_that_is_left_open_is_marked_and_nothing_is_sent(come, halls, axe):
    hall = halls("pair", **OWN)
    before, visitor = len(hall.responses()), come(hall)
    visitor.until("vision")
    assert visitor.screen() == "questions"
    visitor.page.locator("#study .main:visible").click()
    visitor.page.wait_for_selector(".complaint:not(:empty)")
    assert visitor.page.evaluate("document.activeElement.name") == "age"
    assert barriers(visitor.page, axe) == []
    assert len(hall.responses()) == before
    visitor.page.reload()  # and the page comes again
    assert visitor.step() == "questions"
    assert visitor.step() == "how"
    assert len(hall.responses()) == before + 1
    visitor.until("end")
    assert barriers(visitor.page, axe) == []


def test_a_window_that_is_too_small_waits_until_it_is_larger(come, halls):
    hall = halls("pair", display="400")
    visitor = come(hall, viewport={"width": 700, "height": 800})
    assert visitor.screen() == "small"
    assert "700 × 800" in visitor.text("small")
    enlarge(visitor)
    visitor.until("feedback")
    assert visitor.screen() == "trials"
    visitor.page.set_viewport_size({"width": 1280, "height": 500})
    visitor.page.keyboard.press("Enter")  # the button has the focus
    visitor.page.wait_for_selector("section[data-name=small]:not([hidden])")
    enlarge(visitor)
    visitor.until("end")
    assert {vote["shown_width"] for vote in hall.votes()} == {400}


def enlarge(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    visitor.page.wait_for_selector("section[data-name=small]", state="hidden")


@pytest.mark.parametrize("scale", [1, 2])
def test_natural_images_have_a_pixel_for_each_of_theirs(come, halls, scale):
    hall = halls("single", display="natural")
    come(hall, device_scale_factor=scale).until("end")
    vote = hall.votes()[-1]
    assert vote["shown_width"] * vote["pixel_ratio"] == 64
    assert vote["pixel_ratio"] == scale


def test_images_in_turn_are_seen_one_by_one_in_one_place(come, halls):
    hall = halls("sequence")
    visitor = come(hall)
    visitor.until("how")
    visitor.page.evaluate(
        """() => {
            window.seen = [];
            const shown = () => [...document.querySelectorAll('.trial figure')].map((figure) =>
              [getComputedStyle(figure.querySelector('.picture')).opacity,
               figure.getBoundingClientRect().left]);
            const trial = document.querySelector('.trial');
            new MutationObserver(() => trial.dataset.phase === 'look' && window.seen.push(shown()))
              .observe(trial, {attributeFilter: ['data-phase']});
        }"""
    )
    visitor.until("end")
    seen = visitor.page.evaluate("window.seen")
    assert len(seen) == 2 * hall.study.positions
    for n, ((first, left), (second, right)) in enumerate(seen):
        assert (first, second) == (("1", "0") if n % 2 == 0 else ("0", "1"))
        assert left == right
    for vote in hall.votes():
        check_exposure(vote)
        assert vote["answer"] == "first"
        assert vote["shown_width"] == 416
        least = (2 * vote["requested_ms"] + hall.study.mask_ms) / 1000
        assert vote["received_at"] - vote["shown_at"] >= least
