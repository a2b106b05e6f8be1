"""What participants read: en.json and its translations, each one file with the same keys.

    wording("de")["page"]["agree"]          # 'Ich nehme teil'
    design_words("pair", "de")["question"]
    python -m survey words --language en > survey/language/fr.json     # then translate it

English words of a question type stand in its own file (survey/designs/), since a study is reported
in them too; translations have them under "designs". A type that nobody has translated is asked in
English. {n} and the like stand for what is filled in.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from survey.designs import DESIGNS

FOLDER = Path(__file__).parent
ENGLISH = "en"
BROWSER = "browser"  # in place of a language: the one that the participant's browser prefers
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
JSON = dict[str, Any]


@cache
def wording(language: str) -> JSON:
    """All fixed texts in a language, by section and key; not to be changed."""
    words: JSON = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    if language == ENGLISH:
        words["designs"] = {name: _english(name) for name in DESIGNS}
    return words


def sentence(key: str) -> str:
    """Why a call is refused, in English; pages say it in the participant's language."""
    return str(wording(ENGLISH)["refusals"][key])


def languages_of(language: str) -> tuple[str, ...]:
    """Those that a study may be read in: one, or any, English first."""
    others = (name for name in LANGUAGES if name != ENGLISH)
    return (ENGLISH, *others) if language == BROWSER else (language,)


def design_words(design: str, language: str) -> JSON:
    """A question type's words in this language; in English where they were not translated."""
    translated: JSON | None = wording(language).get("designs", {}).get(design)
    return translated or _english(design)


def _english(design: str) -> JSON:
    kind = DESIGNS[design]
    words = kind.words
    return {
        "question": words.question,
        "consent": words.consent,
        "how": words.how,
        "practice": words.practice,
        "scored": words.scored,
        "debrief": words.debrief,
        "answers": {answer.name: answer.label for answer in kind.answers},
        "pictures": list(words.pictures),
        "captions": {truth: list(texts) for truth, texts in words.captions.items()},
    }
