"""Every language says everything, and nothing is said anywhere else."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from survey.designs import DESIGNS
from survey.language.wording import ENGLISH, FOLDER, LANGUAGES, design_words, wording
from survey.outcomes import OUTCOMES
from survey.study import DesignError, Study
from survey.web.study_words import debrief, facts, texts

PAGE = Path(__file__).parents[3] / "survey" / "web" / "assets" / "study"
SLOT = re.compile(r"\{\w+\}")
STRING = re.compile(r"""//[^\n]*|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""")
USED = re.compile(r"""\bsay\(\s*["`](\w+)["`]|data-say(?:-label)?="(\w+)\"""")


def flat(words: object, path: str = "") -> dict[str, str]:
    """Every text by its place."""
    if isinstance(words, str):
        return {path: words}
    pairs = words.items() if isinstance(words, dict) else enumerate(words)
    return {k: v for key, one in pairs for k, v in flat(one, f"{path}/{key}").items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_keys_of_english_and_fills_in_the_same(language):
    english, other = flat(wording(ENGLISH)), flat(wording(language))
    assert english.keys() <= other.keys()
    assert {key.split("/")[1] for key in other} == {key.split("/")[1] for key in english}
    assert [key for key in english if bool(english[key]) != bool(other[key])] == []
    for key, text in english.items():
        assert sorted(SLOT.findall(text)) == sorted(SLOT.findall(other[key])), key


def test_there_is_german():
    assert {"de", "en"} <= set(LANGUAGES)
    english, german = flat(wording(ENGLISH)), flat(wording("de"))
    same = {key for key in english if english[key] == german[key] and english[key]}
    assert same == set()


def test_a_file_holds_all_its_fixed_texts():
    assert "designs" not in json.loads((FOLDER / "en.json").read_text())  # they are in the types
    assert set(wording("de")["designs"]) >= set(DESIGNS)
    assert wording(ENGLISH)["outcomes"] == OUTCOMES


def test_a_type_that_nobody_translated_is_asked_in_english(monkeypatch):
    from tests.helpers.third_design import Taste

    monkeypatch.setitem(DESIGNS, "taste", Taste())
    assert design_words("taste", "de")["question"] == "Which do you like more?"


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def handle_starttag(self, tag, attrs) -> None:
        said = {"aria-label", "title", "placeholder", "alt"}
        self.found += [value for name, value in attrs if name in said]


def test_no_text_is_left_in_the_page():
    texts = Texts()
    texts.feed((PAGE / "trial.html").read_text())
    assert [text for text in texts.found if text] == []


@pytest.mark.parametrize("script", sorted(PAGE.glob("*.js")), ids=lambda path: path.name)
def test_no_text_is_left_in_the_scripts(script):
    """What people read begins with a capital, or has words with a space between them."""
    strings = [found for found in STRING.findall(script.read_text()) if found]
    words = [text[1:-1] for text in strings if "say(" not in text]
    prose = re.compile(r"^[A-Z][a-z]+ |[a-z]{3,} [a-z]{3,} [a-z]{2,}|[a-z]\. [A-Z]|[a-z][.!?…]$")
    names = {"Firefox iOS", "Chrome iOS"}  # of browsers, which are kept and not read
    assert [text for text in words if prose.search(text) and text not in names] == []


def test_what_the_page_says_is_there_and_is_said():
    scripts = "".join(path.read_text() for path in (*PAGE.glob("*.js"), *PAGE.glob("*.html")))
    used = {key for pair in USED.findall(scripts) for key in pair if key}
    page = set(wording(ENGLISH)["page"])
    assert used <= page
    by_other_means = {"questions_before", "questions_after", "place_practice", "place", "right"}
    by_other_means |= {"wrong", "look_in_turn", "look_timed", "demonstration", "study"}
    assert page - used <= by_other_means
    assert all(key in scripts for key in by_other_means - {"questions_before", "questions_after"})


def made(**settings) -> Study:
    return Study(**{"title": "x", "models": ("a",)} | settings)


def test_a_study_has_its_language_and_its_own_words_stay():
    assert made(language="de").question == "Echt oder künstlich?"
    assert made(language="de").consent.endswith("Möchten Sie teilnehmen?")
    both = made(language="browser")
    assert texts(both, "en")["question"] == "Real or synthesized?"
    assert texts(both, "de")["question"] == "Echt oder künstlich?"
    own = made(language="browser", question="Echt?", debrief="Danke.")
    assert texts(own, "en")["question"] == "Echt?" and debrief(own, "en") == "Danke."
    with pytest.raises(DesignError, match="language is 'tlh'"):
        made(language="tlh")


def test_consent_tells_what_is_kept_and_of_whom():
    plain = " ".join(facts(made(), "en"))
    assert "about 4 minutes" in plain and "whoever invited you" in plain
    assert "panel" not in plain and "huggingface" not in plain and "{" not in plain
    told = made(panel="PID,SESSION", contact="lab@example.org", kept="until 2036", minutes=9)
    full = " ".join(facts(told, "en", pushed=True))
    for said in ("9 minutes", "PID, SESSION", "huggingface.co", "until 2036", "lab@example.org"):
        assert said in full
    assert "id in the panel" in full


def test_what_came_later_leaves_the_hash_of_a_study_alone():
    plain = made()
    settings = {"contact": "x", "kept": "y", "minutes": 3, "debrief": "z", "display": "natural"}
    hashes = {made(**{name: value}).sha256 for name, value in settings.items()}
    assert len(hashes | {plain.sha256}) == 1 + len(settings)
    assert not set(settings) & set(json.loads(plain._json()))
