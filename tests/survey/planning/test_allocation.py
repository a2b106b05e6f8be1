"""Photos are shared out as the running study does it."""

import numpy as np
import pytest

from survey.planning.allocation import allocate
from survey.randomization import latin_list
from survey.study import Study


@pytest.mark.parametrize(("models", "trials"), [(("a", "b", "c"), 40), (("a", "b"), 13)])
@pytest.mark.parametrize("design", ["single", "pair"])
def test_nobody_sees_a_photo_twice_and_cells_fill_evenly(models, trials, design):
    study = Study(title="x", models=models, trials=trials, design=design)
    photos = 3 * study.photos_needed
    shown = allocate(study, photos, 60, 0.0, np.random.default_rng(1))
    assert len(shown.person) == 60 * trials
    assert len(set(zip(shown.person, shown.photo, strict=True))) == 60 * trials
    lists = shown.person % study.slots
    expected = [latin_list(study, s, r) for s, r in zip(shown.slot, shown.photo, strict=True)]
    assert lists.tolist() == expected
    cells = np.bincount(shown.photo * study.slots + shown.slot, minlength=photos * study.slots)
    assert np.ptp(cells) <= 2
    half = np.bincount(shown.person, shown.slot < study.slots // 2)
    assert set(half) <= {trials // 2, trials - trials // 2}


def test_who_leaves_is_left_out_and_has_taken_photos():
    study = Study(title="x", models=("a", "b"), trials=12)
    shown = allocate(study, 48, 50, 0.2, np.random.default_rng(2))
    assert sorted(set(shown.person)) == list(range(40))
    assert len(shown.person) == 40 * 12
