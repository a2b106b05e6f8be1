"""What a study says to its participants in a language: its own words, and the fixed ones.

    texts(study, "de")["question"]       # 'Echt oder künstlich?'
    facts(study, "en")                   # what is told with the consent: what is kept, and rights

Words that a study was given are said as they are. Where it has none, or the default of its question
type, these stand in the participant's language.
"""

from typing import Any

from survey.language.wording import ENGLISH, design_words, wording
from survey.study import Study

JSON = dict[str, Any]


def texts(study: Study, language: str, pushed: bool = False) -> JSON:
    """All that one language needs beside the fixed words of the page; no trial's truth is in it."""
    said = design_words(study.design, language)
    return {
        "title": study.title,
        "consent": _own(study, "consent", said),
        "question": _own(study, "question", said),
        "facts": facts(study, language, pushed),
        "how": said["how"],
        "practice": said["practice"].format(n=study.practice) if study.practice else "",
        "scored": said["scored"],
        "answers": said["answers"],
        "pictures": said["pictures"],
        "captions": said["captions"],
    }


def debrief(study: Study, language: str) -> str:
    """What it was about; for who has answered all."""
    return study.debrief or str(design_words(study.design, language)["debrief"])


def facts(study: Study, language: str, pushed: bool = False) -> list[str]:
    """What is kept of whom and how long, who asks, and how to withdraw: a sentence or two each."""
    words, minutes = wording(language)["facts"], study.about_minutes
    contact = study.contact or words["nobody"]
    said = [
        words["minute"] if minutes == 1 else words["minutes"].format(n=minutes),
        words["kept"],
        words["panel"].format(names=", ".join(study.panel_parameters)) if study.panel else "",
        words["pushed" if pushed else "copies"],
        words["until"].format(kept=study.kept) if study.kept else words["endless"],
        words["withdraw_panel" if study.panel else "withdraw"].format(contact=contact),
        words["contact"].format(contact=study.contact) if study.contact else "",
    ]
    return [sentence for sentence in said if sentence]


def _own(study: Study, name: str, said: JSON) -> str:
    """A study's own words, or the question type's in this language if it has none of its own."""
    own = str(getattr(study, name))
    return str(said[name]) if own == design_words(study.design, ENGLISH)[name] else own
