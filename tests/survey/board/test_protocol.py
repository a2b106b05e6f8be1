"""Who may vote on what: nothing forged, nothing twice, nothing at once, no photo of another."""

import gc
import json
import math
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from survey.board.drawing import Drawing, Drawn
from survey.board.pictures import MOST_OWN
from survey.board.protocol import LEAST_S
from survey.protocol import Refused
from tests.helpers.open_board import HOUR, MODELS, jpeg


@pytest.fixture
def token(board) -> str:
    return board.protocol.begin()


def refusal(call, *given) -> str:
    with pytest.raises(Refused) as refused:
        call(*given)
    assert str(refused.value).endswith(".")
    return refused.value.reason


def test_a_vote_is_kept_as_it_was_drawn_and_then_told(board, token, clock):
    pair = board.protocol.next_pair(token)
    clock.pass_(2)
    told = board.protocol.vote(token, pair.nonce, "second", 1500, "192.0.2.7")
    (vote,) = board.votes()
    assert told.models == tuple(m.partition("@")[0] for m in (vote["first"], vote["second"]))
    assert Drawn(vote["photo"], vote["first"], vote["second"]) == pair.drawn
    assert (vote["answer"], vote["response_ms"], vote["received_at"]) == ("second", 1500, clock())


def test_nobody_votes_with_what_he_was_not_given(board, token, clock):
    pair, other = board.protocol.next_pair(token), board.protocol.begin()
    theirs = board.protocol.next_pair(other)
    clock.pass_(2)
    for who, nonce in (
        (token, theirs.nonce), (token, "0" * 32), (token, None), (token, [pair.nonce]),
        (other, pair.nonce), ("0" * 32, pair.nonce), (None, pair.nonce), ({}, pair.nonce),
    ):  # fmt: skip
        assert refusal(board.protocol.vote, who, nonce, "first", 900.0) == "stale"
    assert board.votes() == []
    assert refusal(board.protocol.next_pair, "0" * 32) == "token"
    for odd in (None, 3, "ä" * 32, "\ud800"):
        assert refusal(board.protocol.next_pair, odd) == "token"


def test_a_vote_that_is_sent_again_counts_once(board, token, clock):
    pair = board.protocol.next_pair(token)
    clock.pass_(2)
    board.protocol.vote(token, pair.nonce, "first", 900.0)
    for answer in ("first", "second"):
        assert refusal(board.protocol.vote, token, pair.nonce, answer, 900.0) == "stale"
    assert [vote["answer"] for vote in board.votes()] == ["first"]


def test_of_a_hundred_votes_at_once_one_counts(board, token, clock):
    pair = board.protocol.next_pair(token)
    clock.pass_(2)

    def vote(number: int) -> str:
        try:
            board.protocol.vote(token, pair.nonce, ("first", "second")[number % 2], 900.0)
        except Refused as refused:
            return refused.reason
        return "kept"

    with ThreadPoolExecutor(20) as threads:
        said = Counter(threads.map(vote, range(100)))
    assert said == {"kept": 1, "stale": 99}
    assert len(board.votes()) == 1


def test_two_tabs_have_the_same_pair_and_one_vote_between_them(board, token):
    with ThreadPoolExecutor(8) as threads:
        pairs = list(threads.map(lambda _: board.protocol.next_pair(token), range(40)))
    assert len({pair.nonce for pair in pairs}) == 1


def test_nobody_sees_and_decides_at_once(board, token, clock):
    pair = board.protocol.next_pair(token)
    clock.pass_(LEAST_S / 2)
    assert refusal(board.protocol.vote, token, pair.nonce, "first", 900.0) == "early"
    clock.pass_(LEAST_S)
    board.protocol.vote(token, pair.nonce, "first", 900.0)
    assert len(board.votes()) == 1


@pytest.mark.parametrize("answer", ["left", "", None, 1, [], {"first": 1}])
def test_an_answer_is_one_of_three(board, token, clock, answer):
    pair = board.protocol.next_pair(token)
    clock.pass_(2)
    assert refusal(board.protocol.vote, token, pair.nonce, answer, 900.0) == "answer"


@pytest.mark.parametrize("time", [-1, math.nan, math.inf, True, "9", None, []])
def test_a_time_is_a_time(board, token, clock, time):
    pair = board.protocol.next_pair(token)
    clock.pass_(2)
    assert refusal(board.protocol.vote, token, pair.nonce, "tie", time) == "timing"
    board.protocol.vote(token, pair.nonce, "tie", 10**400)
    assert board.votes()[0]["response_ms"] == 86_400_000


def test_whoever_has_seen_all_is_thanked(board, token):
    for _ in range(6):  # three pairs on two photos
        board.vote(token)
    assert board.protocol.next_pair(token) is None
    seen = {(v["photo"], *sorted((v["first"], v["second"]))) for v in board.votes()}
    assert len(seen) == 6


def test_every_draw_can_be_made_again_from_seed_and_votes(board):
    tokens = [board.protocol.begin() for _ in range(4)]
    for number in range(20):
        board.vote(tokens[number % 4], ("first", "second", "tie")[number % 3])
    seed = board.store.transact(lambda ledger: ledger.board())["seed"]
    votes = board.votes()
    for vote in votes:
        drawing = Drawing(MODELS)
        for earlier in (v for v in votes if v["id"] <= vote["after"]):
            drawing.add(*(earlier[name] for name in ("photo", "first", "second", "answer")))
        mine = [v for v in votes if v["voter"] == vote["voter"] and v["id"] < vote["id"]]
        seen = {
            photo: [tuple(sorted((v["first"], v["second"]))) for v in mine if v["photo"] == photo]
            for photo in board.pictures.shown
        }
        again = drawing.draw([seed, vote["drawn"]], seen)
        assert again == (vote["photo"], vote["first"], vote["second"])


def test_a_restart_forgets_open_pairs_and_no_vote(board, token, clock):
    board.vote(token)
    pair = board.protocol.next_pair(token)
    clock.pass_(2)
    again = board.reopened()
    assert refusal(again.protocol.vote, token, pair.nonce, "first", 900.0) == "stale"
    for _ in range(5):
        again.vote(token)
    assert again.protocol.next_pair(token) is None
    assert [vote["drawn"] for vote in again.votes()] == sorted(v["drawn"] for v in again.votes())
    again.close()


def test_a_model_that_went_keeps_its_history(board, token):
    for _ in range(6):
        board.vote(token)
    fewer = board.reopened(MODELS[1:])
    new = fewer.protocol.begin()
    fewer.vote(new)
    votes = fewer.votes()
    assert {votes[-1]["first"], votes[-1]["second"]} == set(MODELS[1:])
    assert any(MODELS[0] in (vote["first"], vote["second"]) for vote in votes)
    fewer.close()


def test_a_network_is_known_again_on_the_same_day_and_by_nobody_else(board, token, clock):
    for household in ("192.0.2.7", "192.0.2.7", "198.51.100.1", ""):
        board.vote(token, household=household)
    clock.pass_(86_400)
    board.vote(token, household="192.0.2.7")
    one, same, other, none, tomorrow = (vote["network"] for vote in board.votes())
    assert one == same and none == ""
    assert len({one, other, none, tomorrow}) == 4
    assert "192.0.2" not in json.dumps(board.votes())


def test_a_photo_needs_consent(board, token):
    for consent in (False, None, "true", 1, [True]):
        assert refusal(board.protocol.bring, token, consent, jpeg()) == "consent"
    assert board.pictures.own(token) is None
    assert refusal(board.protocol.bring, "0" * 32, True, jpeg()) == "token"


@pytest.mark.parametrize("image", [b"", b"no photo", jpeg()[:200]])
def test_what_is_no_photo_is_refused_with_a_sentence(board, token, image):
    assert refusal(board.protocol.bring, token, True, image) == "photo"
    assert board.protocol.next_pair(token).own is None


def test_a_visitors_photo_comes_to_him_alone(board, token, clock):
    other = board.protocol.begin()
    before = board.protocol.next_pair(token)
    board.protocol.bring(token, True, jpeg(200))
    mine = board.protocol.next_pair(token)
    assert mine.own and mine.nonce != before.nonce
    shown = set(board.pictures.shown)
    for _ in range(6):
        assert board.vote(other).drawn.photo in shown
    assert refusal(board.protocol.vote, other, mine.nonce, "first", 900.0) == "stale"
    names = {board.vote(token).drawn.photo for _ in range(3)}
    assert names == {mine.drawn.photo} and mine.drawn.photo.startswith("own ")
    assert board.protocol.next_pair(token).own is None  # all its pairs were seen


def test_the_same_photo_has_the_same_name_on_this_board_alone(board, token, tmp_path, clock):
    from tests.helpers.open_board import BoardOf

    elsewhere = BoardOf(tmp_path / "other", clock)
    names = []
    for protocol in (board.protocol, board.protocol, elsewhere.protocol):
        visitor = protocol.begin()
        protocol.bring(visitor, True, jpeg(200))
        names.append(protocol.next_pair(visitor).drawn.photo)
    assert names[0] == names[1] != names[2]
    elsewhere.close()


def test_a_visitors_photo_is_gone_within_the_hour(board, token, clock):
    board.protocol.bring(token, True, jpeg())
    pair = board.protocol.next_pair(token)
    board.pictures.own_version(pair.own, MODELS[0])
    left = weakref.ref(pair.own.photo)
    pair = None
    clock.pass_(HOUR)
    board.pictures.sweep()
    assert board.pictures.own(token) is None
    assert board.protocol.next_pair(token).own is None  # and the open pair with it
    gc.collect()
    assert left() is None


def test_a_visitor_puts_his_photo_away(board, token):
    board.protocol.bring(token, True, jpeg())
    assert board.protocol.next_pair(token).own
    board.protocol.put_away(token)
    assert board.protocol.next_pair(token).own is None


def test_a_visitors_photo_never_touches_the_disk(board, token):
    photo = jpeg(123)
    board.protocol.bring(token, True, photo)
    versions = [board.pictures.own_version(board.pictures.own(token), m) for m in MODELS]
    for _ in range(3):
        board.vote(token)
    for path in (p for p in board.folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        assert b"JFIF" not in content and photo not in content, path
        assert not [version for version in versions if version in content]


def test_visitors_photos_are_bounded(board):
    tokens = [board.protocol.begin() for _ in range(MOST_OWN + 1)]
    for token in tokens:
        board.protocol.bring(token, True, jpeg())
    assert board.pictures.own(tokens[0]) is None
    assert board.pictures.own(tokens[-1])
