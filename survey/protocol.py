"""What may happen next for a participant, and nothing else may.

For whoever writes a page (every call may come early, late, twice, or from somebody else):

    survey = StudyProtocol(store)
    token = survey.begin(True, panel_id="")            # consent given -> a key to the rest
    stage = survey.stage(token)     # 'colour_vision' | 'before' | 'trials' | 'after' | 'done'
    survey.colour_vision(token, "normal")              # or 'deficient', 'unsure'
    survey.respond(token, "before", {"age": "30"})     # a page of questions, if the study has one
    trial = survey.next_trial(token)                   # a Trial; None when all are answered
    survey.shown(token, trial.nonce)                   # images decoded: await this, THEN paint
    ack = survey.vote(token, trial.nonce, "real", {…}) # an Ack: feedback in practice, next trial
    end = survey.debrief(token)                        # a Debrief: own score, completion code

A refused call raises Refused: `reason` is one word, the text is for people, nothing was written but
a counter. Whatever was refused, and after any reload, `stage` and then `next_trial` say where to go
on; only 'token' (unknown) and 'full' end a participation. Timing is told in survey/timing.py.

The server's clock for an exposure starts at `shown`; a vote that comes before the exposure could
have ended is refused ('early'). Await the reply of `shown` before painting, or honest votes will
be refused. `next_trial` gives the open trial again, under a new nonce, as often as it is called.
"""

from __future__ import annotations  # the calls' inner functions are defined at every call

import hashlib
import hmac
import json
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlite_utils import Database

from survey.language.wording import ENGLISH, sentence, wording
from survey.ledger import Ledger, Row
from survey.outcomes import Ending, destination, ending, is_screened
from survey.panel import PREFIX
from survey.questionnaire.questions import PAGES, Question, Unanswerable, read_answers
from survey.randomization import person_seed, plan
from survey.recruitment import Recruitment, ValidFinishers
from survey.report.exclusion import flagged
from survey.store import Store
from survey.study import Study
from survey.timing import Timing, TimingError

T = TypeVar("T")
Showing = tuple[dict[str, Any], tuple[str, ...], int]  # a trial, its images' files, whose seed
COLOUR_VISION = ("normal", "deficient", "unsure")
LONGEST_PANEL_ID = 128
PLACEHOLDER = "{{%"  # with which Prolific marks what it fills in; where it did not, nobody is named


class Refused(Exception):
    """A call that may not be: `reason` names the rule, the text tells the participant."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.ending: Ending | None = None  # for whom this is the end


@dataclass(frozen=True)
class Trial:
    """What the page may know of a trial: not which image is which."""

    nonce: str
    images: tuple[bytes, ...]  # PNG, from left to right
    answers: tuple[str, ...]  # what `vote` accepts, in this order on the screen
    exposure_ms: int | None  # None: until answered
    mask_ms: int
    kind: str  # practice | trial
    number: int  # 1 … total, counted within the kind
    total: int


@dataclass(frozen=True)
class Ack:
    """The vote is on the disk. `truth` and `right`, where there are any, are told in practice."""

    next: Trial | None  # None: go to the debrief
    right: bool | None = None
    truth: str | None = None


@dataclass(frozen=True)
class Debrief:
    right: int  # of the scored trials that have a right answer
    total: int
    code: str  # completion code, the same whenever it is asked for; "": there is an address
    address: str = ""  # of the panel, to go back to
    outcome: str = "finished"  # | 'excluded' | 'screened'
    sentence: str = ""  # for whom the outcome needs one


class StudyProtocol:
    """The public calls. `clock` gives seconds since 1970."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.study = store.study
        self._clock = clock
        self.valid_finishers = ValidFinishers(store.study)

    def begin(
        self, consent: bool, panel_id: str = "", panel_details: Mapping[str, str] | None = None
    ) -> str:
        """Enrol whoever consents; a panel's member who comes again goes on with the old token.
        `panel_details` are the panel's other parameters, as far as its link had them."""

        def enrol(ledger: Ledger, now: float) -> str:
            _require(consent is True, "consent", sentence("consent"))
            details = self._details(panel_details)
            panel = self._panel_id(panel_id)
            _require(panel or not self.study.panel, "panel", self._no_panel())
            sealed = self.store.seal.of(panel) if panel else ""
            known = ledger.person_of_panel(panel, sealed) if panel else None
            if known is None:
                return self._enrol(ledger, panel, details, now)
            if known["panel_id"] == sealed:  # a restore knew no more
                ledger.update_person(known["id"], panel_id=panel)
                if details:
                    ledger.update_person(known["id"], panel_details=details)
            return str(known["token"])

        return self._decide(enrol)

    def decline(self) -> Ending:
        """Somebody does not consent: counted, and nothing else."""

        def count(ledger: Ledger, now: float) -> Ending:
            ledger.count("declined")
            return ending(ledger.db, "declined")

        return self._decide(count)

    def stage(self, token: str) -> str:
        """Where this participant is: 'colour_vision', 'before', 'trials', 'after' or 'done'."""
        return self._decide(lambda ledger, now: self._stage(ledger, _person(ledger, token)))

    def colour_vision(self, token: str, answer: str) -> None:
        def record(ledger: Ledger, now: float) -> None:
            person = _person(ledger, token)
            _require(person["colour_vision"] is None, "twice", sentence("twice"))
            _require(
                answer in COLOUR_VISION, "answer", f"Please answer {', '.join(COLOUR_VISION)}."
            )
            ledger.update_person(person["id"], colour_vision=answer, seen_at=now)

        self._decide(record)

    def respond(self, token: str, page: str, answers: Mapping[str, Any]) -> None:
        """What somebody says to the questions before the trials, or to those after them."""

        def record(ledger: Ledger, now: float) -> None:
            person = _person(ledger, token)
            _require(page in PAGES, "answer", f"A page is {' or '.join(PAGES)}.")
            _require(not ledger.has_responded(person["id"], page), "twice", sentence("twice"))
            _require(self._stage(ledger, person) == page, "phase", sentence("phase"))
            said = _answers(getattr(self.study, page), answers)
            ledger.add_responses(person["id"], page, said, now)

        self._decide(record)

    def next_trial(self, token: str) -> Trial | None:
        """The trial to show: the open one again, or the first; None when all are answered."""

        def find(ledger: Ledger, now: float) -> Showing | None:
            person = _person(ledger, token)
            stage = self._stage(ledger, person)
            _require(stage not in ("colour_vision", "before"), "phase", sentence("phase"))
            if stage != "trials":
                return None
            ledger.update_person(person["id"], seen_at=now)
            trial = ledger.trial(person["id"])
            if trial is None:
                return self._open(ledger, person, person["answered"], now)
            ledger.reserve(trial)
            return self._showing(ledger, ledger.show_again(trial), person)

        return self._present(self._decide(find))

    def shown(self, token: str, nonce: str) -> None:
        """The images are decoded and about to be painted: the exposure's clock starts."""

        def start(ledger: Ledger, now: float) -> None:
            trial = _open_trial(ledger, _person(ledger, token), nonce)
            _require(trial["shown_at"] is None, "twice", "This trial has begun already.")
            ledger.update_trial(trial, shown_at=now)

        self._decide(start)

    def vote(self, token: str, nonce: str, answer: str, timing: Mapping[str, Any]) -> Ack:
        """Record the answer to the open trial; durable when this returns."""

        def record(ledger: Ledger, now: float) -> tuple[Row, Showing | None]:
            person = _person(ledger, token)
            trial = _open_trial(ledger, person, nonce)
            ledger.add_vote(person, trial, _vote(self.study, trial, answer, timing, now))
            position = trial["position"] + 1
            more = position < self.study.positions
            return trial, self._open(ledger, person, position, now) if more else None

        trial, showing = self._decide(record)
        following = self._present(showing)
        if trial["kind"] != "practice" or trial["truth"] is None:
            return Ack(following)
        return Ack(following, right=answer == trial["truth"], truth=trial["truth"])

    def debrief(self, token: str) -> Debrief:
        """The participant's own score and completion code, once everything is answered."""

        def score(ledger: Ledger, now: float) -> Debrief:
            person = _person(ledger, token)
            done = self._stage(ledger, person) == "done"
            _require(done, "phase", "Please answer all trials first.")
            outcome = self._outcome(ledger, person)
            found = ending(ledger.db, outcome, completion_code(self.study, token))
            said = (found.code, found.address, outcome, found.sentence)
            return Debrief(*ledger.score(person["id"]), *said)

        return self._decide(score)

    def _decide(self, decision: Callable[[Ledger, float], T]) -> T:
        """Run a decision in a transaction. It refuses before it writes; a refusal is counted."""

        def attempt(ledger: Ledger) -> T | Refused:
            try:
                return decision(ledger, self._clock())
            except Refused as refusal:
                if refusal.reason == "full":
                    refusal.ending = ending(ledger.db, "full")
                ledger.count(f"refused {refusal.reason}")
                return refusal

        outcome = self.store.transact(attempt)
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def _stage(self, ledger: Ledger, person: Row) -> str:
        """The first thing that is open; whoever is screened out is done before the first trial."""
        if is_screened(ledger.db, self.study, person):
            return "done"
        if person["colour_vision"] is None:
            return "colour_vision"
        if not person["answered"] and self._asks(ledger, person, "before"):
            return "before"
        if person["finished_at"] is None:
            return "trials"
        return "after" if self._asks(ledger, person, "after") else "done"

    def _asks(self, ledger: Ledger, person: Row, page: str) -> bool:
        """Has this page questions, and has this person not answered them?"""
        return bool(getattr(self.study, page)) and not ledger.has_responded(person["id"], page)

    def _outcome(self, ledger: Ledger, person: Row) -> str:
        """Of whoever is done; a rule that was broken counts where the study has a code for it."""
        if is_screened(ledger.db, self.study, person):
            return "screened"
        if destination(ledger.db, "excluded"):
            flags = flagged(Database(ledger.db), self.study, person["id"])
            return "excluded" if flags.get(person["id"]) else "finished"
        return "finished"

    def _no_panel(self) -> str:
        names = self.study.panel_parameters[0] if self.study.panel else ""
        return str(wording(ENGLISH)["page"]["no_panel"]).format(names=names)

    def _enrol(self, ledger: Ledger, panel_id: str, details: str | None, now: float) -> str:
        """A new participant, on the list with the least to come."""
        lately = now - 60 * self.study.expire_minutes, now
        self._require_room(ledger, *lately)
        ledger.release_expired(*lately)
        number = ledger.next_number()
        seed, token = person_seed(self.study, number), secrets.token_hex(16)
        loads = ledger.load_of_lists(*lately)
        person = {
            "id": number,
            "token": token,
            "seed": seed,
            "list": min(loads, key=lambda which: (loads[which], (which + seed) % len(loads))),
            "plan": " ".join(map(str, plan(self.study, seed))),
            "panel_id": panel_id or None,
            "panel_details": details,
            "begun_at": now,
            "seen_at": now,
        }
        ledger.insert("participants", person)
        return token

    def _require_room(self, ledger: Ledger, since: float, now: float) -> None:
        """Newcomers are taken while the study is open and short of valid participants."""
        recruitment = Recruitment.of(ledger.db, self.study)
        _require(recruitment.state != "paused", "paused", sentence("paused"))
        _require(recruitment.state != "closed", "full", sentence("ended"))
        people = ledger.people(since, now)
        if people >= recruitment.target > 0:  # those who broke a rule are counted only then
            people -= self.valid_finishers.among(ledger.db).invalid
            _require(people < recruitment.target, "full", sentence("full"))

    def _panel_id(self, value: object) -> str:
        """A panel's own id, if this study keeps any."""
        if _is_panels(value):
            return str(value) if self.study.panel else ""
        raise Refused("panel", f"A panel id is a text of up to {LONGEST_PANEL_ID} characters.")

    def _details(self, given: object) -> str | None:
        """What else the panel's link said, as JSON; of what this study asks for, and no more."""
        others = self.study.panel_parameters[1:]
        if given is None or not others:
            return None
        known = isinstance(given, Mapping) and set(given) <= set(others)
        if not isinstance(given, Mapping) or not known or not all(map(_is_panels, given.values())):
            raise Refused("panel", f"A panel's link may tell {', '.join(others)}, each a text.")
        return json.dumps(dict(given)) if given else None

    def _open(self, ledger: Ledger, person: Row, position: int, now: float) -> Showing:
        return self._showing(ledger, ledger.open_trial(person, position, now), person)

    def _showing(self, ledger: Ledger, trial: dict[str, Any], person: Row) -> Showing:
        shown = self.study.presentation(trial["kind"], trial["slot"])
        return trial, ledger.files(trial["photo"], shown.versions), person["seed"]

    def _present(self, showing: Showing | None) -> Trial | None:
        """The trial as its participant may see it; images are read outside the transaction."""
        if showing is None:
            return None
        trial, files, seed = showing
        practice = trial["kind"] == "practice"
        before = 0 if practice else self.study.practice
        return Trial(
            nonce=trial["nonce"],
            images=tuple(self.store.image(file) for file in files),
            answers=self.study.answers_of(seed),
            exposure_ms=self.study.exposure_ms,
            mask_ms=self.study.mask_ms,
            kind="practice" if practice else "trial",  # a catch trial looks like any other
            number=trial["position"] - before + 1,
            total=self.study.practice if practice else self.study.positions - before,
        )


def completion_code(study: Study, token: str) -> str:
    """Proof of a finished participation. The hash alone, which may be published beforehand, does
    not suffice to forge it: that takes the seed."""
    key = f"{study.seed}/{study.sha256}".encode()
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()[:10].upper()


def _require(allowed: object, reason: str, sentence: str) -> None:
    if not allowed:
        raise Refused(reason, sentence)


def _person(ledger: Ledger, token: object) -> Row:
    person = ledger.person(token) if isinstance(token, str) and token.isascii() else None
    if person is None:
        raise Refused("token", sentence("token"))
    return person


def _is_panels(value: object) -> bool:
    """Can a panel's link say this?"""
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_PANEL_ID
        and value.isprintable()
        and not value.startswith((PREFIX, PLACEHOLDER))
    )


def _answers(page: Sequence[Question], said: object) -> dict[str, str | None]:
    try:
        return read_answers(page, said)
    except Unanswerable as error:
        raise Refused("answer", str(error)) from error


def _open_trial(ledger: Ledger, person: Row, nonce: object) -> Row:
    trial = ledger.trial(person["id"])
    if trial is None or nonce != trial["nonce"]:
        raise Refused("stale", sentence("stale"))
    return trial


def _vote(
    study: Study, trial: Row, answer: object, timing: object, now: float
) -> dict[str, object]:
    """The vote to record, if this answer may be given now."""
    _require(trial["shown_at"] is not None, "unseen", sentence("unseen"))
    elapsed_ms = (now - trial["shown_at"]) * 1000
    if elapsed_ms < 0:  # the clock was set back meanwhile: it knows nothing of this trial
        elapsed_ms = math.inf
    _require(elapsed_ms >= study.least_ms(trial["requested_ms"]), "early", sentence("early"))
    _require(answer in study.answers, "answer", f"Please answer {' or '.join(study.answers)}.")
    try:
        times = Timing.parse(timing, elapsed_ms)
    except TimingError as error:
        raise Refused("timing", str(error)) from error
    flags = times.flags(trial["requested_ms"], study.exclusion.fast_ms, trial["showings"])
    return {"answer": answer, "received_at": now, "flags": flags} | vars(times)
