"""The votes of a study of preference as a board: whose colours met, on which side, who won.

from survey.preference.votes import board
board(evidence.db, study).models
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from sqlite_utils import Database

from survey.designs.design import Design
from survey.preference.bradley_terry import FIRST, SECOND, TIE, Board, weigh
from survey.report.aggregates import LEFT_OUT
from survey.study import Study

ANSWERS = {"left": FIRST, "right": SECOND, "undecided": TIE}


def board(db: Database, study: Study, left_out: Sequence[int] = ()) -> Board:
    """The scored votes of all but these people; models numbered in the study's order."""
    query = f"""SELECT slot, answer, participant, photo FROM votes
                WHERE kind = 'trial' AND NOT {LEFT_OUT} ORDER BY id"""
    rows = db.execute(query, {"left_out": json.dumps(list(left_out))}).fetchall()
    numbers = np.array([(row[0], ANSWERS[row[1]], *row[2:]) for row in rows], dtype=int)
    slot, answer, person, photo = numbers.reshape(-1, 4).T
    first, second = sides(study.question_type, study.models)[slot].T
    return Board(len(study.models), first, second, answer, person, photo, weigh(person))


def counted(
    design: Design, models: Sequence[str], cast: Mapping[tuple[int, str], int]
) -> np.ndarray:
    """Votes by slot and answer as `bradley_terry.counts` has them: (pairs, answers)."""
    votes = np.zeros((len(models) ** 2, len(ANSWERS)))
    places = sides(design, models)
    for (slot, answer), number in cast.items():
        first, second = places[slot]
        votes[first * len(models) + second, ANSWERS[answer]] += number
    return votes


def sides(design: Design, models: Sequence[str]) -> np.ndarray:
    """Numbers of the models on the left and on the right, by slot: (slots, 2)."""
    number = {model: n for n, model in enumerate(models)}
    shown = [design.presentation(models, "trial", slot) for slot in range(design.slots(models))]
    return np.array([[number[version] for version in one.versions] for one in shown])
