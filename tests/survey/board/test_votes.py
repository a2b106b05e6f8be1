"""What a vote counts: nobody decides alone, and a model that was made anew is another one."""

import numpy as np
import pytest

from survey.board.lineup import lineup, titles
from survey.board.votes import MOST_OF_NETWORK, as_board, heaviest, models_of, rated, weights
from survey.preference.bradley_terry import FIRST, MOST, SECOND, TIE

A, B, C = "a@1", "regression@2", "c@3"


def vote(voter=1, first=A, second=B, answer="first", photo="cat", network="") -> dict:
    given = {"voter": voter, "first": first, "second": second, "answer": answer}
    return given | {"photo": photo, "network": network}


def test_votes_become_a_board():
    votes = [vote(7, A, B, "second", "dog"), vote(3, C, A, "tie"), vote(7, B, C, "first")]
    models = models_of(votes)
    assert models == [B, A, C]  # others are told against regression
    board = as_board(votes, models)
    assert board.first.tolist() == [1, 2, 0] and board.second.tolist() == [0, 1, 2]
    assert board.answer.tolist() == [SECOND, TIE, FIRST]
    assert board.person.tolist() == [1, 0, 1] and board.photo.tolist() == [1, 0, 0]
    assert board.weight.tolist() == pytest.approx([20 / 21, 1, 20 / 21])


def test_a_browsers_thousand_votes_weigh_less_than_twenty_peoples():
    votes = [vote(1, photo=str(n)) for n in range(1000)] + [vote(n) for n in range(2, 42)]
    counted = weights(votes)
    assert 19 < counted[:1000].sum() < MOST == 20
    assert (counted[1000:] == 1).all()
    cast, weight = heaviest(votes)
    assert (cast, weight) == (1000, pytest.approx(counted[:1000].sum()))
    ratings = rated(votes, [])
    assert ratings.votes == 1040 and ratings.people == 41


def test_a_networks_thousand_browsers_weigh_less_than_sixty():
    crowd = [vote(n, network="f00") for n in range(1000)]
    alone = [vote(2000 + n) for n in range(50)]
    counted = weights(crowd + alone)
    assert 50 < counted[:1000].sum() < MOST_OF_NETWORK == 60
    assert (counted[1000:] == 1).all()


def test_one_browser_cannot_turn_the_board():
    """Forty people prefer A, one browser a thousand times B."""
    people = [vote(n, A, B, "first", str(n % 25)) for n in range(2, 42)]
    bot = [vote(1, A, B, "second", str(n)) for n in range(1000)]
    share = rated(people + bot).pair(1, 0).share.estimate
    assert 0.6 < share < 0.75  # 40 of 59, and not 40 of 1,040


def test_no_votes_no_ratings():
    assert rated([]) is None


@pytest.mark.parametrize("answer", ["first", "tie"])
def test_one_vote_says_nothing_but_is_rated(answer):
    ratings = rated([vote(answer=answer)])
    assert ratings.pair(0, 1).share.low == 0 and ratings.pair(0, 1).share.high == 1
    assert ratings.transitivity_p is None


def test_a_model_is_its_weights_and_not_its_name(tiny_weights, monkeypatch, tmp_path):
    from colorize import zoo

    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    name = tmp_path / "regression.safetensors"
    name.write_bytes(b"one")
    (before,) = lineup(["regression"])
    name.write_bytes(b"two")
    (after,) = lineup(["regression"])
    assert before != after and before.startswith("regression@")
    assert titles([before, after, A], [after, A]) == {
        before: before.replace("@", ", once "),
        after: "regression",
        A: "a",
    }


def test_numbers_are_of_any_names():
    board = as_board([vote("x"), vote("y"), vote("x")], [A, B])
    assert np.array_equal(board.person, [0, 1, 0])
