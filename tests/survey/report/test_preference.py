"""What a report says of preferences: votes counted by hand, and the page that tells them."""

import csv
import re
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from scipy.special import logit

from survey.preference.bradley_terry import FIRST, SECOND, TIE
from survey.preference.ratings import Pair, Ratings, rate
from survey.preference.votes import board, counted, sides
from survey.report.evidence import open_evidence
from survey.report.export import export
from survey.report.findings import find
from survey.report.html import report
from survey.report.preference import Catches, Preferences, more
from survey.simulate import simulate
from survey.stats import Interval
from survey.store import Store
from tests.helpers.boards import duel
from tests.helpers.study import make_study

MODELS = ("plain", "<b>vivid", "=faded()")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """80 people, some of whom answer anyhow; the last model is liked best."""
    folder = tmp_path_factory.mktemp("taste") / "study"
    make_study(folder, design="preference", models=MODELS, photos=48, trials=24, catch=0.125)
    store = Store(folder, durable=False)
    mix = {"viewer": 0.8, "quitting": 0.1, "guessing": 0.1}
    simulate(store, 80, mix=mix, rates=dict(zip(MODELS, (0.3, 0.5, 0.75), strict=True)))
    store.close()
    return folder


def votes_of(folder: Path, kind: str) -> list[dict]:
    """All votes of a kind, with the names on the left and on the right."""
    with open_evidence(folder) as evidence:
        study, query = evidence.study, "SELECT * FROM votes WHERE kind = ? ORDER BY id"
        votes = list(evidence.db.query(query, (kind,)))
    shown = [study.presentation(vote["kind"], vote["slot"]).versions for vote in votes]
    return [
        vote | {"left": left, "right": right}
        for vote, (left, right) in zip(votes, shown, strict=True)
    ]


def test_the_board_is_the_votes(folder):
    with open_evidence(folder) as evidence:
        study, made = evidence.study, board(evidence.db, evidence.study)
        some = board(evidence.db, study, left_out=[1, 2])
    votes = votes_of(folder, "trial")
    codes = {"left": FIRST, "right": SECOND, "undecided": TIE}
    assert made.first.tolist() == [MODELS.index(vote["left"]) for vote in votes]
    assert made.second.tolist() == [MODELS.index(vote["right"]) for vote in votes]
    assert made.answer.tolist() == [codes[vote["answer"]] for vote in votes]
    assert made.person.tolist() == [vote["participant"] for vote in votes]
    assert made.photo.tolist() == [vote["photo"] for vote in votes]
    assert set(made.person) - set(some.person) == {1, 2}
    cast = Counter((vote["slot"], vote["answer"]) for vote in votes)
    table = counted(study.question_type, study.models, cast)
    for pair in range(9):
        for answer in range(3):
            here = (made.first * 3 + made.second == pair) & (made.answer == answer)
            assert table[pair, answer] == here.sum()
    assert sides(study.question_type, study.models).shape == (study.slots, 2)


def test_findings_are_those_of_who_kept_the_rules(folder):
    with open_evidence(folder) as evidence:
        findings = find(evidence.db, evidence.study)
        everyone = Preferences.of(evidence.db, evidence.study, [])
    found = findings.own
    assert findings.excluded > 5  # of those who left, or guessed in catch trials
    assert found.ratings.votes == findings.headline.votes < everyone.ratings.votes
    assert found.ratings.people == findings.headline.participants
    caught = votes_of(folder, "catch")
    assert everyone.catches.shown == len(caught)
    assert everyone.catches.failed == sum(vote["answer"] != vote["truth"] for vote in caught)
    assert found.catches.failed / found.catches.shown < 0.2
    strengths = [strength.estimate for strength in found.ratings.strengths]
    assert strengths == sorted(strengths)
    best = found.ratings.pair(2, 0)
    assert best.told_apart and best.share.low > 0.55
    assert logit(best.share.estimate) == pytest.approx(strengths[2] - strengths[0])


def test_tables_hold_the_ratings_and_the_pairs(folder, tmp_path):
    with open_evidence(folder) as evidence:
        found = find(evidence.db, evidence.study).own
    with ZipFile(export(folder, tmp_path / "out.zip")) as zipped:
        read = {
            name: list(csv.DictReader(zipped.read(f"results/{name}.csv").decode().splitlines()))
            for name in ("ratings", "pairs", "rates")
        }
    for row, strength in zip(read["ratings"], found.ratings.strengths, strict=True):
        assert float(row["strength"]) == strength.estimate
    assert [row["against"] for row in read["ratings"]] == ["", "plain", "plain"]
    for row, pair in zip(read["pairs"], found.ratings.pairs, strict=True):
        assert [int(row[name]) for name in ("won", "tied", "lost")] == [
            pair.won,
            pair.tied,
            pair.lost,
        ]
        assert float(row["low"]) == pair.share.low <= float(row["share"])
    assert {row["model"] for row in read["ratings"]} == {"plain", "<b>vivid", "'=faded()"}
    assert "preferred" in read["rates"][0]


def test_the_page_tells_ratings_pairs_and_habits(folder):
    page = report(folder)
    with open_evidence(folder) as evidence:
        ratings = find(evidence.db, evidence.study).own.ratings
    wins = 100 * ratings.pair(2, 0).share.estimate
    text = re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " ")
    assert f"wins {wins:.1f} % against plain" in text
    for said in ("Ratings", "Each against each", "Pairs", "Habits", "Left side", "One ranking"):
        assert f"{said}" in text
    assert "told apart" in text and "of the deciding votes" in text
    assert page.index("<h2>Ratings") < page.index("<h2>Preferred") < page.index("<h2>Most pref")
    assert "<b>vivid" not in page  # a name is no markup
    assert "alled real" not in page.split("<h2>What the numbers claim")[0]
    assert "d′" not in page.split("<h2>What the numbers claim")[0]


def test_no_votes_are_no_ratings(tmp_path):
    make_study(tmp_path, design="preference")
    Store(tmp_path, durable=False).close()
    assert "No votes yet" in report(tmp_path)


@pytest.mark.parametrize("people", [1, 2])
def test_a_report_of_hardly_anybody(tmp_path, people):
    """Models that were not shown yet, one person, one photo: nothing is claimed, nothing breaks."""
    make_study(tmp_path, design="preference", models=tuple("abcd"), trials=1, catch=0, practice=0)
    store = Store(tmp_path, durable=False)
    simulate(store, people, mix={"viewer": 1})
    store.close()
    page = report(tmp_path)
    assert "not yet to be said" in page and "told apart</td>" not in page
    assert report(export(tmp_path, tmp_path / "out.zip")) == page


@pytest.mark.parametrize(
    ("low", "bounded", "needed", "said"),
    [
        (0.55, True, 0.0, "told apart"),
        (0.4, True, 1234.0, "about 1,300"),
        (0.4, True, 98.7, "about 100"),
        (0.4, True, 4.2, "about 10"),
        (0.4, True, 4_567_890.0, "about 4,600,000"),
        (0.4, True, np.inf, "these photos cannot tell"),
        (0.4, True, 1e12, "these photos cannot tell"),
        (0.4, False, 100.0, "not yet to be said"),
    ],
)
def test_votes_more_in_words(low, bounded, needed, said):
    share = Interval(0.6, low, 0.7)
    assert more(Pair("a", "b", 1, 2, 3, share, share, bounded, needed)) == said


def test_a_ranking_that_does_not_hold_is_said():
    found = rate(duel(60, 40, 10), ("a", "b"))
    for p, verdict in ((1e-9, "does not explain all pairs"), (0.5, "explains the pairs as well")):
        tested = Ratings(**vars(found) | {"transitivity_p": p})
        assert verdict in "".join(Preferences(tested, Catches(0, 0)).sections())
