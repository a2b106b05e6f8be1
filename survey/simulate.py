"""Simulated participants, who take a study through its real protocol and store, only faster.

Try it: python -m survey simulate studies/poster --participants 200
        python -m survey report studies/poster --data studies/poster/simulation

Each kind answers in its own way, so that a report can be seen to notice it:

    viewer     believes an image by its version, its photo and their own leniency
    perfect    always right                 guessing   answers by coin
    biased     nearly always the same       bot        answers by coin, faster than anybody sees
    impatient  presses before the image is over (refused), then answers hastily
    quitting   a viewer who leaves somewhere on the way

Time is simulated too: people come, look, think and leave in the order of one clock.
"""

import heapq
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from survey.designs.design import Presentation
from survey.ledger import Ledger
from survey.protocol import Refused, StudyProtocol, Trial
from survey.store import Store
from survey.study import Study

MIX = {"viewer": 0.65, "quitting": 0.2} | dict.fromkeys(
    ("perfect", "guessing", "biased", "bot", "impatient"), 0.03
)
REAL = 0.8  # of the real photos
EASY = 2.0  # logits by which the real ones of catch trials are easier
PERSON_SD, PHOTO_SD = 0.4, 0.8  # of leniency (or liking) and of photos, in logits
SUITING_SD = 0.6  # of how well a photo suits a model, where models are compared
START = 1_800_000_000.0
ARRIVAL_S = 15.0  # mean time between two arrivals
SCREENS = ((1440, 900, 2.0, 60.0), (1920, 1080, 1.0, 144.0), (390, 844, 3.0, 60.0))


@dataclass
class World:
    """What simulated people share: the clock, the photos' effects, and the protocol."""

    survey: StudyProtocol
    rng: random.Random
    now: float = START
    rates: Mapping[str, float] = field(default_factory=dict)
    photos: dict[tuple[int, str], float] = field(default_factory=dict)  # their effects, in logits

    def appeal(self, version: str, photo: int, person: "Person") -> float:
        """How believable, or how much liked, this version of a photo is to somebody, in logits."""
        chance = self.rates.get(version, 0.02)
        compared = self.survey.study.question_type.judged > 1  # then what versions share is no help
        key, sd = ((photo, version), SUITING_SD) if compared else ((photo, ""), PHOTO_SD)
        photo_effect = self.photos.setdefault(key, self.rng.gauss(0, sd))
        liking = person.leniency + person.likings.get(version, 0)
        return math.log(chance / (1 - chance)) + photo_effect + liking


@dataclass(frozen=True)
class Person:
    kind: str
    leniency: float
    leaves_after: int | None  # trials
    screen: tuple[int, int, float, float]
    likings: Mapping[str, float] = field(default_factory=dict)  # of models, where these compete


@dataclass(frozen=True)
class Simulated:
    """What came of it: per kind, how many came and finished and their share of right answers."""

    kinds: dict[str, tuple[int, int, float]]
    votes: int
    cells: tuple[int, int]  # fewest and most votes on a photo in a slot
    counters: dict[str, int]
    kind_of: dict[str, str]  # token: kind


def simulate(
    store: Store,
    participants: int,
    *,
    mix: Mapping[str, float] = MIX,
    rates: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Simulated:
    """Let people of this mix take part in a study that has no participants yet."""
    rng = random.Random(seed)
    rates = believed_rates(store.study) | dict(rates or {})
    world = World(StudyProtocol(store, lambda: world.now), rng, rates=rates)
    kinds = rng.choices(list(mix), list(mix.values()), k=participants)
    kind_of: dict[str, str] = {}
    queue: list[tuple[float, int, Iterator[float]]] = []  # who acts next, and when
    arrival = START
    for number, kind in enumerate(kinds):
        arrival += rng.expovariate(1 / ARRIVAL_S)
        queue.append((arrival, number, _take_part(world, _person(kind, world), kind_of)))
    while queue:
        world.now, number, person = heapq.heappop(queue)
        pause = next(person, None)
        if pause is not None:
            heapq.heappush(queue, (world.now + pause, number, person))
    return store.transact(lambda ledger: _summary(ledger, kind_of))


def describe(found: Simulated) -> str:
    """What came of it, as lines to read."""
    lines = [f"{'kind':<10} {'came':>5} {'finished':>9} {'right':>7}"]
    for kind, (came, finished, right) in found.kinds.items():
        lines.append(f"{kind:<10} {came:>5} {finished:>9} {right:>7.1%}")
    lines.append(f"{found.votes} votes; {found.cells[0]} to {found.cells[1]} on a photo in a slot")
    lines += [f"{name}: {n}" for name, n in found.counters.items()]
    return "\n".join(lines)


def believed_rates(study: Study) -> dict[str, float]:
    """Rates to simulate: models rise from the first to the last, as the design says; and REAL."""
    low, high = study.question_type.simulated_rates
    steps = max(1, len(study.models) - 1)
    models = {m: low + (high - low) * i / steps for i, m in enumerate(study.models)}
    return models | {"real": REAL}


def _person(kind: str, world: World) -> Person:
    rng, study = world.rng, world.survey.study
    leaves = rng.randrange(study.positions) if kind == "quitting" else None
    leniency, screen = rng.gauss(0, PERSON_SD), rng.choice(SCREENS)
    compared = study.models if study.question_type.judged > 1 else ()
    likings = {model: rng.gauss(0, PERSON_SD) for model in compared}
    return Person(kind, leniency, leaves, screen, likings)


def _take_part(world: World, person: Person, kind_of: dict[str, str]) -> Iterator[float]:
    """One participation; yields the seconds until the next action."""
    survey, rng = world.survey, world.rng
    try:
        token = survey.begin(True, f"simulated-{len(kind_of) + 1}")
    except Refused:  # the study is full
        return
    kind_of[token] = person.kind
    yield rng.uniform(5, 30)
    survey.colour_vision(token, rng.choices(["normal", "deficient", "unsure"], [90, 5, 5])[0])
    _respond(survey, token, "before", rng)
    trial = survey.next_trial(token)
    answered = 0
    while trial and answered != person.leaves_after:
        yield 1.0  # the pause before an image
        survey.shown(token, trial.nonce)
        answer = _answer(world, person, trial, *_shown(survey.store, token))
        timing = _timing(person, trial, rng)
        if person.kind == "impatient" and trial.exposure_ms:
            yield 0.3 * trial.exposure_ms / 1000
            _press_early(survey, token, trial, answer, timing)
        look_ms = survey.study.least_ms(trial.exposure_ms)
        yield (look_ms + 20 + timing["response_ms"]) / 1000
        trial = survey.vote(token, trial.nonce, answer, timing).next
        answered += 1

    _respond(survey, token, "after", rng)


def _respond(survey: StudyProtocol, token: str, page: str, rng: random.Random) -> None:
    """Something to each question of a page, if it is this person's turn."""
    if survey.stage(token) != page:
        return
    said: dict[str, str | int] = {}
    for question in getattr(survey.study, page):
        options = {"choice": question.options, "scale": range(1, question.steps + 1)}
        said[question.name] = rng.choice(options.get(question.kind, ("It looked so.",)))
    survey.respond(token, page, said)


def _shown(store: Store, token: str) -> tuple[int, str, Presentation]:
    """Photo, kind and contents of somebody's open trial; no page may know them."""
    query = """SELECT photo, kind, slot FROM trials JOIN participants p ON p.id = participant
               WHERE token = ?"""
    photo, kind, slot = store.transact(lambda ledger: ledger.db.execute(query, (token,)).fetchone())
    return photo, kind, store.study.presentation(kind, slot)


def _answer(
    world: World, person: Person, trial: Trial, photo: int, kind: str, shown: Presentation
) -> str:
    if person.kind == "perfect" and shown.truth:
        return shown.truth
    if person.kind in ("guessing", "bot"):
        return world.rng.choice(trial.answers)
    if person.kind == "biased":
        return trial.answers[0 if world.rng.random() < 0.98 else -1]
    return world.survey.study.question_type.viewer(
        shown,
        lambda version: (
            world.appeal(version, photo, person)
            + EASY * (kind == "catch" and version == "real" == shown.condition)
        ),
        world.rng,
    )


def _timing(person: Person, trial: Trial, rng: random.Random) -> dict[str, Any]:
    medians = {"bot": 60.0, "impatient": 230.0}
    response = medians.get(person.kind, 700.0) * math.exp(rng.gauss(0, 0.4))
    width, height, ratio, hz = person.screen
    late = rng.random() < 0.03  # now and then a browser misses frames
    exposure = (trial.exposure_ms or response) + rng.uniform(-2, 4) + 40 * late
    return {
        "response_ms": response,
        "exposure_ms": exposure,
        "dropped_frames": 2 * late,
        "blurs": int(rng.random() < 0.01),
        "hidden": 0,
        "screen_width": width,
        "screen_height": height,
        "pixel_ratio": ratio,
        "refresh_hz": hz,
    }


def _press_early(
    survey: StudyProtocol, token: str, trial: Trial, answer: str, timing: Mapping[str, Any]
) -> None:
    try:
        survey.vote(token, trial.nonce, answer, timing)
    except Refused:
        return
    raise AssertionError("A vote before the end of its exposure was taken.")


def _summary(ledger: Ledger, kind_of: dict[str, str]) -> Simulated:
    people = ledger.db.execute(
        """SELECT token, finished_at IS NOT NULL, COUNT(truth), COUNT(iif(answer = truth, 1, NULL))
           FROM participants p LEFT JOIN votes ON participant = p.id GROUP BY p.id"""
    ).fetchall()
    came: Counter[str] = Counter()
    finished, judged, right = Counter[str](), Counter[str](), Counter[str]()
    for token, *numbers in people:
        kind = kind_of[token]
        came[kind] += 1
        for counter, n in zip((finished, judged, right), numbers, strict=True):
            counter[kind] += n
    totals = ledger.totals()
    fewest, most = ledger.db.execute("SELECT MIN(filled), MAX(filled) FROM cells").fetchone()
    return Simulated(
        kinds={k: (came[k], finished[k], right[k] / max(1, judged[k])) for k in sorted(came)},
        votes=totals["votes"],
        cells=(fewest, most),
        counters={name: n for name, n in totals.items() if name.startswith("refused")},
        kind_of=kind_of,
    )
