from pathlib import Path

import pytest

from survey.protocol import StudyProtocol
from survey.store import Store
from tests.helpers.study import Clock, Participant, make_study


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path) -> Path:
    make_study(tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def store(folder):
    store = Store(folder, durable=False)
    yield store
    store.close()


@pytest.fixture
def survey(store, clock) -> StudyProtocol:
    return StudyProtocol(store, clock)


@pytest.fixture
def participant(survey, clock) -> Participant:
    return Participant(survey, clock)
