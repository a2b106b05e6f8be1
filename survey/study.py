"""What a study is: its frozen description, one JSON file, hashed.

    study = Study.load("studies/poster")
    study.sha256, study.slots, study.trials

From it and the number of a participant follows everything that is random for that person, so a
study can be replayed: survey/randomization.py.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from colorize.files import write_whole
from survey.designs import DESIGNS
from survey.designs.design import CONSENT, Design, Presentation
from survey.language.wording import BROWSER, ENGLISH, LANGUAGES, design_words, languages_of
from survey.questionnaire.questions import PAGES, Question, fault, read_pages

LONGEST_TEXT = 20_000  # characters of consent text, and of the debrief
LONGEST_FACT = 300  # of a contact, or of how long answers are kept
FIT, NATURAL = "fit", "natural"  # sizes of images on the screen that are no number of CSS pixels
FILE = "study.json"
KINDS = ("practice", "trial", "catch")  # of trials, and of the photos that they show


class DesignError(ValueError):
    """A design that cannot be run; the text says which value, which rule and what to do."""


def later(default: Any) -> Any:
    """A setting that came later. At this default it is left out of study.json, so that a design
    frozen before keeps its hash, and means what it meant."""
    return field(default=default, metadata={"later": True})


@dataclass(frozen=True)
class Exclusion:
    """Rules fixed before the data. They flag participants; reports give results both ways."""

    failed_catch: int = 2  # this many catch trials answered wrongly, or more
    fast_ms: float = 200.0  # a response faster than this is no decision …
    fast_share: float = 0.10  # … and more than this share of them is no participant
    same_answer_share: float = 0.95  # the same answer on this share of the trials, or more
    exposure_share: float = 0.20  # more than this share of trials flagged `exposure`
    unfinished: bool = True
    colour_deficient: bool = True  # by their own account
    reloaded_share: float = later(1.0)  # more than this share of trials shown again by a reload
    hidden_share: float = later(1.0)  # … or with the page hidden meanwhile
    smallest_screen: int = later(0)  # CSS pixels of its shorter side: below it, it is a phone

    @classmethod
    def of_new_studies(cls, catches: int, chance: float) -> "Exclusion":
        """What `survey build` declares; of the catch trials as few may fail as guessers seldom do.

        The most failures that fewer than 6 % of guessers stay below; at least two, since one is a
        slip.
        """
        strict = [k for k in range(2, catches + 1) if guessers_pass(catches, k, chance) < 0.06]
        failed = max(strict, default=min(2, catches))
        return cls(failed_catch=failed, reloaded_share=0.1, hidden_share=0.1)


def guessers_pass(catches: int, failed_catch: int, chance: float) -> float:
    """Share of those who guess, right by this chance, who fail fewer catch trials than that."""
    if not failed_catch:
        return 1.0
    return sum(
        math.comb(catches, wrong) * (1 - chance) ** wrong * chance ** (catches - wrong)
        for wrong in range(min(failed_catch, catches + 1))
    )


@dataclass(frozen=True)
class Study:
    """The whole design. `save` freezes it; after the first vote the store accepts no other."""

    title: str
    models: tuple[str, ...]
    design: str = "single"  # the question type: a name in survey/designs
    question: str = ""  # the default is the design's
    consent: str = CONSENT  # as it stands, the default is the design's
    exposure_ms: int | None = 1000  # None: until answered
    mask_ms: int = 120  # covers the image when its time is over
    practice: int = 10  # trials with feedback, before the rest
    trials: int = 40  # scored trials
    catch: float = 0.10  # catch trials, as a share of `trials` and beyond them
    target: int = 0  # participants to recruit, then the study is full; 0: no limit
    panel: str = ""  # address parameters of a panel, the person's id first: A or A,B,C; "": none
    expire_minutes: float = 5.0  # silence after which a participant's place is given to others
    exclusion: Exclusion = field(default_factory=Exclusion)
    seed: int = 0
    version: int = 1
    stimuli: str = ""  # SHA-256 of the manifest, filled in by build
    pairs: str = later("balanced")  # of models; 'uncertain': where ratings are least sure
    real_catches: bool = later(False)  # catch trials of either half: also easy real ones
    counterbalanced: bool = later(False)  # by chance, keys mean the reverse for half the people
    authors: tuple[str, ...] = later(())  # of the data, as an export names them
    licence: str = later("")  # of the data: a name such as CC-BY-4.0, or an address
    language: str = later(ENGLISH)  # of survey/language/, or 'browser': the participant's own
    contact: str = later("")  # who asks, and where to write to; told with the consent
    kept: str = later("")  # how long the answers are kept, in words; told with the consent
    minutes: int = later(0)  # that it takes, told with the consent; 0: estimated
    debrief: str = later("")  # what it was about, told at the end; the default is the design's
    before: tuple[Question, ...] = later(())  # asked before the trials …
    after: tuple[Question, ...] = later(())  # … and after them
    display: str = later(FIT)  # size of an image: CSS pixels, 'natural': its own, or as it fits

    def __post_init__(self) -> None:
        if self.design in DESIGNS and self.language in (*LANGUAGES, BROWSER):
            words = self._default_words()
            object.__setattr__(self, "question", self.question or words["question"])
            if self.consent == CONSENT:
                object.__setattr__(self, "consent", words["consent"])
        for broken, sentence in self._faults():
            if broken:
                raise DesignError(sentence)

    def _faults(self) -> Iterator[tuple[bool, str]]:
        """Every rule as (is it broken?, what to say)."""
        names = self.models
        exposure = self.exposure_ms
        known = " or ".join(map(repr, DESIGNS))
        yield self.design not in DESIGNS, f"design is {self.design!r}; use {known}."
        yield not names, "The study names no model; give at least one."
        least = self.question_type.least_models
        yield len(names) < least, f"{self.design!r} compares models; name at least {least}."
        yield len(set(names)) < len(names), f"models {names} repeat; name each one once."
        yield bool({"real", "catch"} & set(names)), "A model cannot be called 'real' or 'catch'."
        yield not self.title.strip(), "title is empty; participants need to see one."
        yield not self.consent.strip(), "consent is empty; nobody can agree to nothing."
        yield len(self.consent) > LONGEST_TEXT, f"consent is over {LONGEST_TEXT} characters."
        yield (
            exposure is not None and not 50 <= exposure <= 60_000,
            f"exposure_ms is {exposure}; browsers show 50 to 60000, or null until answered.",
        )
        endless = exposure is None and self.question_type.images_in_turn > 1
        yield endless, f"{self.design!r} shows one after the other; give an exposure in ms."
        yield not 0 <= self.mask_ms <= 5_000, f"mask_ms is {self.mask_ms}; use 0 to 5000."
        yield not 0 <= self.practice <= 100, f"practice is {self.practice}; use 0 to 100."
        yield not 1 <= self.trials <= 1_000, f"trials is {self.trials}; use 1 to 1000."
        yield not 0 <= self.catch <= 0.5, f"catch is {self.catch}; use a share from 0 to 0.5."
        known = " or ".join(map(repr, self.question_type.pairings))
        yield (
            self.pairs not in self.question_type.pairings,
            f"pairs is {self.pairs!r}; a study of the design {self.design!r} can have {known}.",
        )
        yield self.target < 0, f"target is {self.target}; use 0 for no limit."
        yield from self._faults_of_words()
        yield self.expire_minutes <= 0, f"expire_minutes is {self.expire_minutes}; use more than 0."

    def _faults_of_words(self) -> Iterator[tuple[bool, str]]:
        known = " or ".join((*LANGUAGES, BROWSER))
        yield self.language not in (*LANGUAGES, BROWSER), f"language is {self.language!r}; {known}."
        yield len(self.debrief) > LONGEST_TEXT, f"debrief is over {LONGEST_TEXT} characters."
        for name in ("contact", "kept"):
            long = len(getattr(self, name)) > LONGEST_FACT
            yield long, f"{name} is over {LONGEST_FACT} characters."
        yield not 0 <= self.minutes <= 600, f"minutes is {self.minutes}; use 0 to 600."
        together = fault(self.before, self.after)
        yield bool(together), together
        digits = str(self.display)
        size = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 5 else 0
        fixed = 32 <= size <= 2_000 or self.display in (FIT, NATURAL)
        yield not fixed, f"display is {self.display!r}; use {FIT}, {NATURAL} or 32 to 2000."

    def _default_words(self) -> dict[str, Any]:
        """The question type's own, in the study's language; in English if the browser decides."""
        return design_words(self.design, languages_of(self.language)[0])

    @property
    def question_type(self) -> Design:
        """What depends on the design's type."""
        return DESIGNS[self.design]

    @cached_property
    def slots(self) -> int:
        return self.question_type.slots(self.models)

    @property
    def panel_parameters(self) -> tuple[str, ...]:
        """What the address of a panel's member must hold; the first one is the member's own id."""
        names = tuple(self.panel.split(","))
        if all(name.isidentifier() for name in names):
            return names
        return (self.panel,) if self.panel else ()  # one of another make

    @property
    def catches(self) -> int:
        return round(self.catch * self.trials)

    @property
    def positions(self) -> int:
        """Trials of a whole participation: practice, scored and catch."""
        return self.practice + self.trials + self.catches

    @property
    def photos_needed(self) -> int:
        """The fewest scored photos; more come in multiples of `slots`, so that lists are equal."""
        return self.slots * math.ceil(self.trials / self.slots)

    @property
    def about_minutes(self) -> int:
        """That a participation takes, from consent to debrief; at least one."""
        look = (4_000 if self.exposure_ms is None else self.exposure_ms + self.mask_ms) / 1000
        looks = self.question_type.images_in_turn
        seconds = 60 + self.positions * (looks * look + 2.5)
        seconds += 12 * len(self.before + self.after)
        return self.minutes or max(1, round(seconds / 60))

    def least_ms(self, exposure_ms: int | None) -> int:
        """What must pass before a trial with this exposure can be answered."""
        times = self.question_type.images_in_turn
        return times * (exposure_ms or 0) + (times - 1) * self.mask_ms

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """What people may say, in this order on the screen."""
        return tuple(answer.name for answer in self.question_type.answers)

    def answers_of(self, seed: int) -> tuple[str, ...]:
        """What the person of this seed may say, in their order on the screen."""
        turned = self.counterbalanced and self.question_type.is_order_free and seed >> 40 & 1
        return self.answers[::-1] if turned else self.answers

    @property
    def catch_half(self) -> int | None:
        """The half in which all catch trials lie; None: both."""
        return None if self.real_catches else self.question_type.catch_half

    @cached_property
    def _presentations(self) -> dict[tuple[str, int], Presentation]:
        made = self.question_type.presentation
        cells = [(kind, slot) for kind in KINDS for slot in range(self.slots)]
        return {(kind, slot): made(self.models, kind, slot) for kind, slot in cells}

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self._json().encode()).hexdigest()

    def _json(self) -> str:
        return json.dumps(self.as_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def as_dict(self) -> dict[str, Any]:
        """As study.json holds it: without what came later and is not used."""
        return _without_unused(self) | {"exclusion": _without_unused(self.exclusion)}

    def presentation(self, kind: str, slot: int) -> Presentation:
        """What stands in this slot in a trial of this kind."""
        return self._presentations[kind, slot]

    def versions(self, role: str) -> tuple[str, ...]:
        """The versions that a photo of this role is made in."""
        return self.question_type.versions(self.models, role)

    def save(self, folder: str | Path) -> Path:
        """Write the design with its hash, so that a later change of the file is noticed."""
        path = Path(folder, FILE)
        text = json.dumps({"sha256": self.sha256, "study": self.as_dict()}, indent=2)
        write_whole(path, (text + "\n").encode())
        return path

    @classmethod
    def load(cls, folder: str | Path, *, changed: bool = False) -> "Study":
        """Read a frozen design; `changed` accepts one edited since, for freezing it anew."""
        path = Path(folder, FILE)
        if not path.is_file():
            raise DesignError(f"{folder} holds no {FILE}; make a study with `survey build`.")
        try:
            frozen = json.loads(path.read_text(encoding="utf-8"))
            study = cls.from_dict(frozen["study"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise DesignError(f"{path} is not a study ({error}); restore or rebuild it.") from error
        if study.sha256 != frozen.get("sha256") and not changed:
            raise DesignError(
                f"{path} was edited after it was frozen. Undo the edit, or accept it with "
                f"`python -m survey freeze {folder}` (only possible before the first vote)."
            )
        return study

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Study":
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise DesignError(f"study.json holds unknown settings: {', '.join(unknown)}.")
        exclusion = Exclusion(**values.get("exclusion", {}))
        names = {key: tuple(values.get(key, ())) for key in ("models", "authors")}
        pages = {page: values[page] for page in PAGES if page in values}
        return cls(**values | names | {"exclusion": exclusion} | read_pages(pages))


def _without_unused(settings: Study | Exclusion) -> dict[str, Any]:
    values = asdict(settings)
    later = [f for f in fields(settings) if f.metadata.get("later")]
    for unused in (f for f in later if values[f.name] == f.default):
        del values[unused.name]
    return values
