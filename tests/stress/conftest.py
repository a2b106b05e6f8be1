"""The whole app as a process, with a study in it, for whoever attacks it."""

from collections.abc import Callable, Iterator

import pytest

from survey.store import read_only
from survey.study import Study
from tests.helpers.study import make_study
from tests.stress.raw_client import RawClient
from tests.stress.serving import Server

SECRET = "correct horse battery staple"
EXPOSURE_MS = 50


class Fort(Server):
    """The server, and what its operator knows of it."""

    study: Study

    def rows(self, query: str, *values: object) -> list[dict]:
        db = read_only(self.data / "votes.db")
        rows = list(db.query(query, values))
        db.close()
        return rows


@pytest.fixture(scope="session")
def fort(tmp_path_factory) -> Iterator[Fort]:
    place = tmp_path_factory.mktemp("fort")
    options = {"practice": 1, "trials": 4, "exposure_ms": EXPOSURE_MS, "panel": "PANEL"}
    study = make_study(place / "study", **options)
    with Fort(place, place / "study", SURVEY_SECRET=SECRET) as fort:
        fort.study = study
        yield fort


@pytest.fixture
def connect(fort) -> Iterator[Callable[..., RawClient]]:
    """connect("1.2.3.4") -> a client at this address"""
    met: list[RawClient] = []

    def meet(address: str = "127.0.0.1", **headers: str) -> RawClient:
        met.append(RawClient(fort.url, address, **headers))
        return met[-1]

    yield meet
    for one in met:
        one.close()
