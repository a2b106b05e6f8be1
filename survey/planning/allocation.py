"""Who would see which photo in which version, if so many people took a study; no votes are cast.

It follows the study's own rules (survey/randomization.py): lists of a Latin square, rounds of
slots, and of the cells that are open the one shown least. Who leaves on the way has taken photos
from the others.

    allocate(study, photos=204, people=50, leaving=0.2, rng=np.random.default_rng(0))
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from survey.randomization import open_slots, plan
from survey.study import Study

Ids = NDArray[np.int_]


class Shown(NamedTuple):
    """Scored trials of the people who finish: (trials,) each."""

    person: Ids  # from 0, without gaps
    photo: Ids
    slot: Ids


def allocate(
    study: Study, photos: int, people: int, leaving: float, rng: np.random.Generator
) -> Shown:
    """One way in which it may come out; a share of the people leave somewhere on the way."""
    filled = np.zeros((photos, study.slots))
    leaves = np.zeros(people, dtype=bool)
    leaves[rng.choice(people, round(leaving * people), replace=False)] = True
    rows: list[tuple[int, int, int]] = []
    for number in range(people):
        seen = _take_part(study, number % study.slots, filled, rng, bool(leaves[number]))
        if not leaves[number]:
            person = number - int(leaves[:number].sum())
            rows += [(person, photo, slot) for photo, slot in seen]
    table = np.array(rows, dtype=int).reshape(-1, 3)
    return Shown(*table.T)


def _take_part(
    study: Study, which: int, filled: NDArray[np.float64], rng: np.random.Generator, leaves: bool
) -> list[tuple[int, int]]:
    """Photo and slot of each trial of somebody on this list; counts them into `filled`."""
    halves = [step.half for step in plan(study, int(rng.integers(2**62))) if step.kind == "trial"]
    if leaves:
        halves = halves[: rng.integers(len(halves))]
    rank = np.arange(len(filled))
    slot_of = (rank + which) % study.slots  # in this list, where each photo stands
    shown = np.zeros(len(filled), dtype=bool)
    order: list[int] = []
    for half in halves:
        is_open = np.isin(slot_of, open_slots(study, half, [int(slot_of[r]) for r in order]))
        load = filled[rank, slot_of] + rng.random(len(filled))  # chance among equals
        photo = int(np.argmin(np.where(is_open & ~shown, load, np.inf)))
        filled[photo, slot_of[photo]] += 1
        shown[photo] = True
        order.append(photo)
    return [(photo, int(slot_of[photo])) for photo in order]
