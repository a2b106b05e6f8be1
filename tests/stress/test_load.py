"""A crowd for some seconds; and that what it would find is found."""

from dataclasses import replace

import pytest

from survey.bench.durability import Survived
from tests.stress.load import Load, load
from tests.stress.outcome import Outcome
from tests.stress.participant import Pace
from tests.stress.resources import Reading, growth


@pytest.mark.slow
def test_nobody_notices_the_others(tmp_path):
    """Participants and visitors at once: everything is answered, kept, and back at its size."""
    done = load(
        10, 2, 4.0, within=tmp_path, every=1.0, pace=Pace(rest=0.05, look=0.2), megapixels=1.0
    )
    assert [*done.wrong()] == []
    assert done.outcome.enrolled >= 10
    assert len(done.outcome.latencies) == done.votes.kept > 0
    assert done.outcome.coloured
    assert done.readings[-1].peak_mb >= done.readings[-1].memory_mb > 100
    assert done.readings[-1].files >= 2 * len(done.outcome.coloured)  # uploads and results


READING = Reading(0.0, 500.0, 600.0, 50, 30, 20, 20, 80.0, 1.0)


def a_load(**changes) -> Load:
    """Ten quiet minutes; `changes` grow over them."""
    readings = [
        replace(
            READING,
            minutes=float(minute),
            **{name: getattr(READING, name) + minute * step for name, step in changes.items()},
        )
        for minute in range(11)
    ]
    outcome = Outcome(acknowledged=[("token", 0, "real")], latencies=[0.1] * 20)
    return Load(outcome, readings, Survived(1, 1, 1), 600.0, 0.1)


def test_a_quiet_load_has_no_faults():
    done = a_load()
    assert [*done.wrong(), *done.growing(), *done.late()] == []


@pytest.mark.parametrize("name", ["memory_mb", "handles", "threads"])
def test_growth_is_found(name):
    done = a_load(**{name: 10})
    assert growth(done.readings, name) == pytest.approx(50)
    (found,) = done.growing()
    assert name in found


def test_too_many_temporary_files_are_found():
    assert [*a_load(temporary_mb=100).growing()] == []
    (found,) = a_load(temporary_mb=1000).growing()
    assert "temporary" in found


def test_lost_votes_silence_and_errors_are_found():
    done = a_load()
    done.votes = Survived(1, 1, 1, lost=1)
    done.outcome.unheard, done.outcome.errors = 1, ["went on at 3 instead of 4"]
    assert len([*done.wrong()]) == 3
    done.outcome.latencies += [0.6] * 5
    (late,) = done.late()
    assert "600" in late
