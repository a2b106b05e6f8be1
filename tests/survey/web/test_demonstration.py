"""The study that is there without a study."""

import json

import pytest

from survey.web.demonstration import CATCH, PRACTICE, design, open_demonstration
from survey.web.study_host import Closed, Leaving, open_host
from tests.helpers.study import outcome


@pytest.fixture(scope="module")
def folder(tiny_weights, tmp_path_factory):
    """A demonstration made of tiny models, in the place of a build that was broken off."""
    folder = tmp_path_factory.mktemp("data") / "demonstration"
    (folder / "stimuli").mkdir(parents=True)
    told: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        open_demonstration(folder, told.append).close()
    assert told == sorted(told) and told[0] == 0.0 and 0.8 < told[-1] <= 1.0
    return folder


def test_it_holds_the_photos_of_the_packages_and_every_model(folder):
    photos = json.loads((folder / "manifest.json").read_text())["photos"]
    roles = [photo["role"] for photo in photos]
    assert (roles.count("practice"), roles.count("catch")) == (PRACTICE, CATCH)
    assert roles.count("trial") >= 6
    for photo in photos:
        if photo["role"] == "trial":
            assert set(photo["images"]) == {"real", "regression", "classification", "rebalanced"}


def test_who_is_told_can_end_it_and_nothing_is_left(tiny_weights, tmp_path, monkeypatch):
    monkeypatch.setattr("colorize.zoo.WEIGHTS", tiny_weights)

    def tell(share: float) -> None:
        if share > 0.1:
            raise Leaving

    with pytest.raises(Leaving):
        open_demonstration(tmp_path / "demonstration", tell)
    assert not list(tmp_path.iterdir())


def test_it_is_made_once(folder, monkeypatch):
    monkeypatch.setattr("survey.web.demonstration.prepare", None)  # would fail if it were called
    service = open_demonstration(folder)
    assert "demonstration" in service.survey.study.consent
    service.close()


def test_nothing_is_mirrored_from_it(folder, monkeypatch):
    monkeypatch.setenv("SURVEY_MIRROR_REPO", "somebody/votes")
    service = open_demonstration(folder)
    assert service.push is None
    service.close()


@pytest.mark.parametrize("models", [1, 2, 3])
def test_every_condition_comes_equally_often(models):
    study = design([f"model-{i}" for i in range(models)], photos=9)
    assert study.trials % study.slots == 0
    assert study.photos_needed + study.practice + study.catches <= 9


def test_without_a_study_the_venue_is_the_demonstration(tmp_path):
    host = open_host(None, tmp_path)
    assert host.demonstration
    assert not list(tmp_path.iterdir())  # nothing is made until somebody comes
    host.close()


def test_the_faults_of_a_study_show_when_the_app_starts(tmp_path, caplog):
    host = open_host(tmp_path)
    assert "holds no study.json" in caplog.text
    with pytest.raises(Closed):
        outcome(host.run(lambda running: running))
    host.close()
