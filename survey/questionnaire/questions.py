"""A question of a study's own, on the page before the trials or on the one after them.

    python -m survey build photos/ --models regression --questions questions.json --output studies/x

where questions.json has the pages, each a list:

    {"before": [{"name": "age", "text": "How old are you?", "kind": "choice",
                 "options": ["under 30", "30 to 59", "60 or more"]}],
     "after":  [{"name": "sure", "text": "How sure were you?", "kind": "scale", "steps": 7,
                 "low": "not at all", "high": "completely"},
                {"name": "clues", "text": "What gave them away?", "kind": "text",
                 "required": false}]}

What a browser sends is checked here: an answer is one of the options, a step of the scale (from 1),
or a text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from unicodedata import category

from survey.language.wording import sentence

PAGES = ("before", "after")
KINDS = ("choice", "scale", "text")
MOST_QUESTIONS, MOST_OPTIONS, MOST_STEPS = 50, 50, 101
LONGEST_WORDS, LONGEST_ANSWER = 1_000, 4_000  # characters, of what is asked and of what is said


class QuestionError(ValueError):
    """A question that cannot be asked; the text says which, and why."""


class Unanswerable(ValueError):
    """What a browser sent is no answer to this question."""


@dataclass(frozen=True)
class Question:
    name: str  # in exports
    text: str
    kind: str  # choice | scale | text
    options: tuple[str, ...] = ()  # of a choice
    steps: int = 7  # of a scale
    low: str = ""  # what its first step is called
    high: str = ""  # and its last
    longest: int = 500  # characters of a text
    required: bool = True

    def __post_init__(self) -> None:
        for broken, rule in self._faults():
            if broken:
                raise QuestionError(f"The question {self.name!r}: {rule}")

    def _faults(self) -> Iterator[tuple[bool, str]]:
        """Every rule as (is it broken?, what to say)."""
        texts = (self.name, self.text, self.kind, self.low, self.high, *self.options)
        yield not all(isinstance(t, str) for t in texts), "its words must be texts."
        yield not self.name.isidentifier() or len(self.name) > 50, "its name must be one word."
        yield not self.text.strip(), "text is empty; people need to read one."
        yield max(map(len, texts)) > LONGEST_WORDS, f"words are over {LONGEST_WORDS} characters."
        yield self.kind not in KINDS, f"kind is {self.kind!r}; use {', '.join(KINDS)}."
        if self.kind == "choice":
            few = not 2 <= len(self.options) <= MOST_OPTIONS
            yield few, f"it has {len(self.options)} options; use 2 to {MOST_OPTIONS}."
            yield len(set(self.options)) < len(self.options), "options repeat."
            yield not all(o.strip() for o in self.options), "an option is empty."
        steps = isinstance(self.steps, int) and 2 <= self.steps <= MOST_STEPS
        yield not steps, f"steps is {self.steps}; use 2 to {MOST_STEPS}."
        long = isinstance(self.longest, int) and 1 <= self.longest <= LONGEST_ANSWER
        yield not long, f"longest is {self.longest}; use 1 to {LONGEST_ANSWER}."
        yield not isinstance(self.required, bool), "required is neither true nor false."

    @classmethod
    def from_dict(cls, values: object) -> "Question":
        if not isinstance(values, Mapping):
            raise QuestionError(f"{values!r:.40} is no question; it needs name, text and kind.")
        known = {field.name for field in fields(cls)}
        if unknown := sorted(map(str, set(values) - known)):
            raise QuestionError(f"A question has no {', '.join(unknown)}; it may have {known}.")
        if missing := sorted({"name", "text", "kind"} - set(values)):
            raise QuestionError(f"A question lacks its {', '.join(missing)}: {dict(values)!r:.60}")
        return cls(**dict(values) | {"options": tuple(values.get("options", ()))})

    def read(self, said: object) -> str | None:
        """An answer as it is recorded; None: left open, where that is allowed."""
        if said is None or said == "":
            if self.required:
                raise Unanswerable(sentence("unanswered"))
            return None
        if not self._is_answer(said):
            raise Unanswerable(f"{said!r:.40} is no answer to {self.name!r}.")
        return str(said)

    def _is_answer(self, said: object) -> bool:
        if self.kind == "scale":
            whole = isinstance(said, int) and not isinstance(said, bool)
            return whole and 1 <= said <= self.steps  # type: ignore[operator]  # an int by now
        if not isinstance(said, str):
            return False
        if self.kind == "choice":
            return said in self.options
        text = all(c in "\n\t" or category(c) not in ("Cc", "Cs") for c in said)
        return text and len(said) <= self.longest


def read_pages(values: object) -> dict[str, tuple[Question, ...]]:
    """Both pages as a file has them; either may be missing."""
    if not isinstance(values, Mapping) or not set(values) <= set(PAGES):
        raise QuestionError(f"Questions come in lists called {' and '.join(PAGES)}.")
    return {page: tuple(map(Question.from_dict, values.get(page, ()))) for page in PAGES}


def fault(before: Sequence[Question], after: Sequence[Question]) -> str:
    """What is wrong with them together; "" if nothing is."""
    names = [question.name for question in (*before, *after)]
    if len(names) > MOST_QUESTIONS:
        return f"{len(names)} questions are too many; use at most {MOST_QUESTIONS}."
    repeated = sorted({name for name in names if names.count(name) > 1})
    return f"Questions need names of their own; {repeated[0]!r} repeats." if repeated else ""


def read_answers(page: Sequence[Question], said: object) -> dict[str, str | None]:
    """What a browser sent for a page, as it is recorded: an answer, or None, to each question."""
    if not isinstance(said, Mapping) or not set(said) <= {question.name for question in page}:
        raise Unanswerable("Answers are sent by the names of this page's questions.")
    return {question.name: question.read(said.get(question.name)) for question in page}


def plain(question: Question) -> dict[str, Any]:
    """What the page needs to ask it."""
    return {field.name: getattr(question, field.name) for field in fields(question)}
