"""The plan to register says what the study's file says, and is the same whenever it is written."""

import re

import pytest

from survey.__main__ import main
from survey.planning.assumed import Assumed
from survey.planning.preregistration import Chances, preregistration
from survey.questionnaire.questions import Question
from survey.report.exclusion import sentences
from survey.study import Exclusion
from tests.helpers.study import make_study
from tests.helpers.third_design import Taste, taste

__all__ = ["taste"]  # a fixture
QUICK = Chances(Assumed(difference=0.3), runs=20)


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\N{NO-BREAK SPACE}", " ")


def test_it_says_all_that_is_fixed_beforehand(tmp_path):
    rules = Exclusion(failed_catch=3, hidden_share=0.1, smallest_screen=500)
    study = make_study(
        tmp_path, models=("a", "b", "c"), trials=12, catch=0.5, target=30, exclusion=rules
    )
    said = text(preregistration(tmp_path, QUICK))
    for needed in (
        study.sha256,
        study.question,
        study.consent.strip()[:40],
        "12 scored, 6 for catch trials, 2 for practice",
        "when 30 people have finished",
        *sentences(rules).values(),
        "of people who guess, 34.4% fail fewer than 3",
        "every two models (3)",
        "interval of level 1 − 0.05 / 3",
        "Each model and the real photos",
        "32.3 % and 62.3 %",
        "Power, formula",
    ):
        assert needed in said, needed
    assert preregistration(tmp_path, QUICK) == preregistration(tmp_path, QUICK)


def test_it_holds_the_questions(tmp_path):
    asked = (Question("age", "How old are you?", "text"), Question("eyes", "Glasses?", "text"))
    make_study(tmp_path, before=asked)
    said = text(preregistration(tmp_path, QUICK))
    assert "Asked before the trials How old are you? · Glasses?" in said
    assert "Asked after them" not in said


def test_it_does_not_tell_the_seed(tmp_path):
    """By which answers and completion codes could be worked out before the end."""
    make_study(tmp_path, seed=987_654_321)
    assert "987654321" not in preregistration(tmp_path, QUICK)


def test_pairs_have_no_real_photos_to_compare_with(tmp_path):
    make_study(tmp_path, design="pair")
    said = text(preregistration(tmp_path, QUICK))
    assert "Each model and the real photos" not in said
    assert "It has no target" in said and "______" in said


def test_a_study_without_differences_says_why_there_is_no_power(tmp_path, taste: Taste):
    make_study(tmp_path / "one", models=("a",))
    assert "power is about the difference of two" in preregistration(tmp_path / "one", QUICK)
    make_study(tmp_path / "taste", design="taste", models=("a", "b"))
    page = preregistration(tmp_path / "taste", QUICK)
    assert "survey power --preference" in page and "Main tests" not in page


def test_the_command_writes_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_study(tmp_path / "study")
    options = ["--participants", "20", "--runs", "10", "--output", "out.html"]
    assert main(["plan", "study", *options]) == 0
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")
    with pytest.raises(SystemExit, match="2"):
        main(["plan", "study", "--runs", "many"])
    assert main(["plan", "study", "--rate", "0.99"]) == 2
    assert "must lie between 0 and 1" in capsys.readouterr().err


def test_a_plan_of_preferences_says_what_is_tested_and_how_many_it_takes(tmp_path):
    make_study(tmp_path, design="preference", models=("a", "b", "c"), trials=12, photos=48)
    page = preregistration(tmp_path, Chances(Assumed(0.3, 0.1)))
    assert "strengths of every two models" in page and "difference of every two" not in page
    assert "one takes 55% of the deciding votes" in page and "48 photos and 12 votes" in page
