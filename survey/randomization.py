"""Who is to see what, in which order: everything random about a participant, from a seed.

    study = Study.load("studies/poster")
    plan(study, person_seed(study, 1))

Allocation is a Latin square of photos and *slots*. What stands in a slot (which versions of the
photo, on which sides) is the question type's to say: see survey/designs/. Slots come in two
*halves*, the first and the second: real and synthesized ones, or the sides of a pair.

Of S slots there are S *lists*, and a participant belongs to one; in list g the photo of rank r
stands in slot (r + g) mod S. So everyone meets a photo once, and over the lists each photo meets
every slot. The *plan* says which half comes when, and where the catch trials lie. Slot and photo
are decided when their turn comes: of the slots of that half that the person's round has not visited
yet, the cell shown least so far (survey/ledger.py), so that people who leave early unbalance
nothing.
"""

import hashlib
import random
from dataclasses import dataclass

from survey.study import KINDS, Study

LONGEST_RUN = 3  # trials in a row from the same half


@dataclass(frozen=True)
class Step:
    """One position of a plan: the kind of trial, and from which half of the slots it comes."""

    kind: str  # practice | trial | catch
    half: int  # 0 | 1

    def __str__(self) -> str:
        return f"{self.kind[0]}{self.half}"

    @classmethod
    def parse(cls, text: str) -> "Step":
        return cls({kind[0]: kind for kind in KINDS}[text[0]], int(text[1]))


def person_seed(study: Study, number: int) -> int:
    """The seed of the participant who came as this number; 62 bits, for SQLite's integers."""
    digest = hashlib.sha256(f"{study.seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 2


def latin_list(study: Study, slot: int, rank: int) -> int:
    """The list in which the photo of this rank stands in this slot."""
    return (slot - rank) % study.slots


def open_slots(study: Study, half: int, visited: list[int]) -> list[int]:
    """The slots of this half that the current round has not visited; a round visits each once."""
    k = study.slots // 2
    own = range(half * k, half * k + k)
    visits = [slot for slot in visited if slot in own]
    this_round = visits[len(visits) - len(visits) % k :]
    return [slot for slot in own if slot not in this_round]


def plan(study: Study, seed: int) -> list[Step]:
    """One person's sequence: practice, then scored and catch trials, the halves balanced."""
    rng = random.Random(seed)
    practice = [Step("practice", half) for half in _mixed(_halves(study.practice, rng), rng)]
    scored = _halves(study.trials, rng)
    catches, only = _halves(study.catches, rng), study.catch_half
    if only is not None:
        catches = (study.catches, 0) if only == 0 else (0, study.catches)
    halves = _mixed((scored[0] + catches[0], scored[1] + catches[1]), rng)
    caught = {place for half in (0, 1) for place in _spread(halves, half, catches[half], rng)}
    return practice + [
        Step("catch" if place in caught else "trial", half) for place, half in enumerate(halves)
    ]


def _halves(n: int, rng: random.Random) -> tuple[int, int]:
    """n as two halves; chance says which gets the odd one."""
    first = (n + rng.randrange(2)) // 2
    return first, n - first


def _mixed(counts: tuple[int, int], rng: random.Random) -> list[int]:
    """Zeros and ones in random order, never more than LONGEST_RUN alike in a row."""
    left = list(counts)
    order: list[int] = []
    last, run = 0, 0
    while any(left):
        same, other = left[last], left[1 - last]
        # A step is possible if what then remains still fits, in runs, between the rest.
        stay = same > 0 and run < LONGEST_RUN and other <= LONGEST_RUN * same
        switch = other > 0 and same <= LONGEST_RUN * other
        assert stay or switch, f"{counts} cannot be mixed"
        if switch and not (stay and rng.random() * (same + other) < same):
            last, run = 1 - last, 0
        run += 1
        left[last] -= 1
        order.append(last)
    return order


def _spread(halves: list[int], half: int, n: int, rng: random.Random) -> list[int]:
    """n positions of this half, one from each of n equal stretches."""
    places = [position for position, h in enumerate(halves) if h == half]
    cuts = [round(i * len(places) / n) for i in range(n + 1)] if n else []
    return [rng.choice(places[a:b]) for a, b in zip(cuts, cuts[1:], strict=False)]
