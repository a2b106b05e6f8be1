"""A board of votes by nobody, to see what it will look like: python -m survey board --simulate N.

People who like this model or that, photos that suit some, a few who vote far more than others
(survey/preference/simulation.py), written as votes of a real board.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survey.board.drawing import ANSWERS
from survey.board.ledger import BoardLedger
from survey.board.store import BoardStore
from survey.board.votes import SIMULATED
from survey.preference.simulation import Scenario, simulate

EACH = 10  # votes of a person, on average
ZIPF = 0.7  # the person of rank r votes in proportion to r^−ZIPF
APART = 0.5  # logits from the best, and from the worst, to the mean
EVERY_S = 30.0  # between two votes


def fill(store: BoardStore, models: Sequence[str], photos: int, votes: int, *, seed: int) -> int:
    """Add so many simulated votes; fewer remain, since nobody votes twice on the same pair."""
    rng = np.random.default_rng(seed)
    strengths = rng.permutation(np.linspace(APART, -APART, len(models)))
    scenario = Scenario(
        strengths=tuple(strengths.tolist()),
        people=max(2, votes // EACH),
        photos=photos,
        votes=votes,
        zipf=ZIPF,
    )
    board = next(simulate(scenario, 1, seed))
    columns = (board.person, board.photo, board.first, board.second, board.answer)
    rows = zip(*(column[0].tolist() for column in columns), strict=True)
    return store.transact(lambda ledger: _write(ledger, models, list(rows), seed))


def _write(
    ledger: BoardLedger, models: Sequence[str], rows: list[tuple[int, ...]], seed: int
) -> int:
    now, lineup = 0.0, ledger.lineup(models, 0.0)
    voters: dict[int, int] = {}
    seen: set[tuple[object, ...]] = set()
    for person, photo, first, second, answer in rows:
        now += EVERY_S
        once = (person, photo, *sorted((first, second)))
        if once in seen:
            continue
        seen.add(once)
        if person not in voters:
            token = f"{seed:016x}{person:016x}"
            voters[person] = ledger.insert("voters", {"token": token, "begun_at": now})
        vote = {"voter": voters[person], "photo": f"{SIMULATED}{photo + 1}"}
        vote |= {"first": models[first], "second": models[second], "answer": ANSWERS[answer]}
        vote |= {"response_ms": 2000.0, "network": "", "lineup": lineup}
        vote |= {"drawn": len(seen), "after": len(seen) - 1, "shown_at": now, "received_at": now}
        ledger.insert("votes", vote)
    return len(seen)
