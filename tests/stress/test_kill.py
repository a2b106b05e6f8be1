"""The app killed twice among its crowd; and that a participant who lost a vote would say so."""

import random

import pytest

from tests.stress.kill import kill
from tests.stress.outcome import Outcome
from tests.stress.participant import Pace, Participant, Study


@pytest.mark.slow
def test_no_acknowledged_vote_is_lost_and_everybody_goes_on(tmp_path):
    done = kill(2, 8, 1, within=tmp_path, pace=Pace(rest=0.02, look=0.1), megapixels=1.0)
    figures = done.figures()
    assert done.faults() == []
    assert figures["kills"] == 2
    assert figures["kept"] >= figures["acknowledged"] >= 3
    assert figures["unheard"] > 0  # the kills were felt


def test_whoever_goes_on_elsewhere_is_noticed():
    outcome = Outcome()
    study = Study(component=1, practice=2, positions=10)
    person = Participant(None, study, Pace(), outcome, random.Random(0))
    trial = {"kind": "trial", "number": 1}
    person._check(person._position(trial | {"kind": "practice"}))
    assert outcome.errors == []
    person._check(person._position(trial))
    (error,) = outcome.errors
    assert "at 2 instead of 0" in error
