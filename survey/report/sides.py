"""How often people pressed the key on the left, whatever it meant to them: a habit of the hand.

pressed_left(evidence.db, evidence.study, left_out=[])
"""

from __future__ import annotations

import json

import numpy as np
from sqlite_utils import Database

from survey.report.aggregates import LEFT_OUT
from survey.stats import Array, Interval, Tally, clustered_on_participants
from survey.study import Study


def pressed_left(db: Database, study: Study, left_out: list[int]) -> Interval[Array] | None:
    """Share of the outer answers that were the left one; for other people on these photos."""
    counts = f"""SELECT participant, answer, COUNT(*) AS n FROM votes
                 WHERE kind = 'trial' AND NOT {LEFT_OUT} GROUP BY participant, answer"""
    query = f"""SELECT participant, seed, answer, n FROM ({counts})
                JOIN participants ON participants.id = participant"""
    left: dict[int, int] = {}
    both: dict[int, int] = {}
    for person, seed, answer, n in db.execute(query, {"left_out": json.dumps(left_out)}):
        *_, last = order = study.answers_of(seed)
        if answer in (order[0], last):
            left[person] = left.get(person, 0) + n * (answer == order[0])
            both[person] = both.get(person, 0) + n
    if not both:
        return None
    called, shown = (np.array(list(counts.values()), dtype=float) for counts in (left, both))
    return clustered_on_participants(Tally(called, shown))


def said(study: Study, left: Interval[float]) -> str:
    """In words, and what it may be a sign of."""
    ends = f"{100 * left.low:.1f} to {100 * left.high:.1f}"
    first = study.question_type.answers[0].label
    meaning = "The right answer lay on either side equally often, so 50 % is no habit."
    if study.question_type.judged > 1:
        meaning = "Each model stood on either side equally often, so 50 % is no habit."
    elif study.counterbalanced and study.question_type.is_order_free:
        meaning = (
            f"On half of the screens it meant “{first}”, on the others the contrary, so 50 % is no "
            "habit of the hand, whatever people lean to say."
        )
    elif study.question_type.is_order_free:
        meaning = (
            f"It meant “{first}” to everybody, so a habit of the hand and a leaning to say this "
            "cannot be told apart."
        )
    return f"The key on the left: {100 * left.estimate:.1f} % ({ends}, other people). {meaning}"
