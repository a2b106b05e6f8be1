"""Clocks that are set while a study runs: by a second, an hour, a day, back and forth."""

import json
import random

import pytest

from survey.ledger import Ledger
from survey.mirror import Mirror, files
from survey.protocol import Refused, StudyProtocol
from survey.recovery import restore
from survey.report.findings import find
from survey.report.tables import tables
from survey.store import Store, read_only
from tests.helpers.study import TIMING, Participant, make_study

HOUR, DAY = 3600.0, 86_400.0
JUMPS = (-DAY, -HOUR, -1.0, 0.5, 1.0, HOUR, DAY)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_is_set_during_a_trial_loses_no_vote(store, survey, clock, jump):
    person = Participant(survey, clock)
    survey.shown(person.token, person.trial.nonce)
    clock.pass_(2.5 + jump)
    survey.vote(person.token, person.trial.nonce, person.trial.answers[0], TIMING)
    person.trial = survey.next_trial(person.token)
    person.finish()


def test_who_answers_too_early_is_refused_still(participant, clock):
    participant.survey.shown(participant.token, participant.trial.nonce)
    clock.pass_(0.5)
    said = participant.token, participant.trial.nonce, participant.trial.answers[0], TIMING
    with pytest.raises(Refused, match="look first"):
        participant.survey.vote(*said)


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_whoever_left_does_not_keep_a_place(tmp_path, clock, jump):
    make_study(tmp_path / "study", target=1, photos=20)
    store = Store(tmp_path / "study", durable=False)
    survey = StudyProtocol(store, clock)
    gone = Participant(survey, clock)
    while gone.trial.kind == "practice":
        gone.answer()
    with pytest.raises(Refused, match="all the participants"):
        survey.begin(True)
    clock.pass_(jump)
    here = Participant(survey, clock)
    query = "SELECT participant FROM trials WHERE reserved"
    assert store.transact(lambda ledger: ledger.db.execute(query).fetchall()) == []
    here.finish()
    gone.finish()  # and takes the reserved photo back
    filled = "SELECT SUM(filled) FROM cells"
    votes = "SELECT COUNT(*) FROM votes WHERE kind = 'trial'"
    counts = [store.transact(lambda db, q=q: _value(db, q)) for q in (filled, votes)]
    assert counts[0] == counts[1]
    store.close()


def _value(ledger: Ledger, query: str) -> int:
    return ledger.db.execute(query).fetchone()[0]


VOTES = """SELECT participant, position, photo, slot, condition, truth, answer, response_ms, flags
           FROM votes ORDER BY id"""


def take(folder, clock, jumps) -> tuple[list, list]:
    """Eight people, one after the other, with a jump before each trial: votes and tables."""
    make_study(folder, photos=20, seed=4)
    store = Store(folder, mirror=Mirror(folder / "data" / "mirror"), durable=False)
    survey = StudyProtocol(store, clock)
    for n in range(8):
        person = Participant(survey, clock)
        while person.trial:
            clock.pass_(next(jumps))
            person.answer(n % 2, response_ms=400.0 + 10 * n)
    store.close()
    db = read_only(store.path)
    found = [table.csv() for table in tables(find(db, store.study))]
    votes = [tuple(row) for row in db.execute(VOTES)]
    db.close()
    return votes, found


def test_votes_report_mirror_and_replay_are_those_of_a_steady_clock(tmp_path, clock):
    rng = random.Random(0)
    steady = take(tmp_path / "steady", clock, iter(lambda: 0.0, None))
    jumping = take(tmp_path / "jumping", clock, iter(lambda: rng.choice(JUMPS), None))
    assert jumping == steady

    lines = files(tmp_path / "jumping" / "data" / "mirror")
    records = [json.loads(line) for path in lines for line in path.read_text().splitlines()]
    assert [r["vote"]["id"] for r in records] == list(range(1, len(records) + 1))
    again = Store(tmp_path / "jumping", tmp_path / "again", durable=False)
    assert restore(again, lines).votes == len(records)
    got = again.transact(lambda ledger: [tuple(row) for row in ledger.db.execute(VOTES)])
    assert got == steady[0]
    again.close()
