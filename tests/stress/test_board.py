"""The load on the open board finds what it is meant to find; and a small one, as the app is."""

from dataclasses import replace

import pytest

from tests.stress.board import BoardLoad, Voted, board_load
from tests.stress.outcome import Outcome

KEPT = [{"first": "a@1", "second": "b@2", "answer": "tie"}]


def quiet() -> BoardLoad:
    return BoardLoad(Voted(votes=[(0, "tie", ("a", "b"))]), Outcome(), KEPT, 1.0)


def test_a_quiet_load_has_no_faults():
    assert [*quiet().wrong()] == []


@pytest.mark.parametrize(
    "kept", [[], KEPT * 2, [KEPT[0] | {"answer": "first"}], [KEPT[0] | {"first": "c@1"}]]
)
def test_lost_and_changed_votes_are_found(kept):
    assert len([*replace(quiet(), kept=kept).wrong()]) == 1


def test_errors_and_lost_photos_are_found():
    done = quiet()
    done.voted.errors.append("ReadTimeout: ")
    done.outcome.gone = 2
    assert len([*done.wrong()]) == 2


@pytest.mark.slow
def test_voters_and_visitors_at_once(tmp_path):
    done = board_load(6, 1, 8.0, within=tmp_path, look=0.6, megapixels=1.0)
    assert [*done.wrong()] == []
    assert len(done.kept) >= 6
