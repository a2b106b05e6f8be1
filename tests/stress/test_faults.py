"""Faults of the machine under the running app, those that need no waiting."""

import pytest

from tests.stress import faults


@pytest.mark.slow
def test_a_full_disk_no_handles_and_a_temporary_folder_that_vanishes(tmp_path):
    faults.disk(tmp_path)


@pytest.mark.slow
def test_a_damaged_database_closes_the_study_alone_and_lost_votes_come_back(tmp_path):
    faults.damage(tmp_path)


@pytest.mark.slow
def test_a_hub_that_dies_loses_nothing(tmp_path):
    faults.hub(tmp_path, moods=["dies"])
