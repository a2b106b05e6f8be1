"""The short version of `python -m tests.stress images`."""

import pytest

from tests.helpers.mutants import DAMAGES, mutants, samples
from tests.stress.images import DOORS

COUNT = len(samples()) * len(DAMAGES) // 2  # every damage with every other kind


@pytest.mark.parametrize("name", DOORS)
def test_damaged_photos_end_in_colours_or_a_sentence(name, tmp_path):
    door = DOORS[name](COUNT, 0, tmp_path)
    assert door.faults == []
    assert door.tried == COUNT
    assert min(door.coloured, sum(door.refusals.values())) > COUNT // 5  # both are tried


def test_mutants_are_the_same_for_the_same_seed():
    assert list(mutants(60, seed=3)) == list(mutants(60, seed=3))
    assert list(mutants(60, seed=3)) != list(mutants(60, seed=4))
    assert {m.damage for m in mutants(60)} == {damage.__name__ for damage in DAMAGES}
