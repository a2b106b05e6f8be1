"""The door of the open board: what is let in, what comes back, and what never does."""

import base64
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.board.store import BoardStore
from survey.web.board_host import BoardHost
from survey.web.prefer_api import ASKED, LIMITS, BoardApi, PreferApi
from tests.helpers.open_board import MODELS, jpeg, paint
from tests.helpers.study import Clock, outcome
from tests.survey.web.test_participant_api import ANYTHING

NAMES = [model.partition("@")[0] for model in MODELS]


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr("survey.web.board_host.lineup", lambda names: MODELS)
    monkeypatch.setattr("survey.board.protocol.LEAST_S", 0.0)
    host = BoardHost(tmp_path / "board", lambda: NAMES, paint, environ={})
    yield host
    host.close()


@pytest.fixture
def ask(host):
    api = PreferApi(host, Clock())

    def ask(name: str, address: str = "", **given):
        said = outcome(api.answer({"ask": name, **given}, address))
        json.dumps(said)  # every reply is JSON
        return said

    return ask


@pytest.fixture
def token(ask) -> str:
    return ask("begin")["reply"]


def vote(ask, token: str, answer: str = "first", **given):
    pair = ask("next", token=token)["reply"]
    said = {"nonce": pair["nonce"], "answer": answer, "response_ms": 800.0}
    return ask("vote", token=token, **said, **given)


def test_from_the_first_pair_to_the_last(ask, token, host):
    told = []
    while "nonce" in (pair := ask("next", token=token)["reply"]):
        said = {"nonce": pair["nonce"], "answer": "tie", "response_ms": 800.0}
        told.append(ask("vote", token=token, **said)["reply"]["names"])
    votes = host.board().store.transact(lambda ledger: ledger.votes())
    assert [sorted(names) for names in told] == [
        sorted(model.partition("@")[0] for model in (v["first"], v["second"])) for v in votes
    ]
    assert pair == {"done": True}


def test_before_the_vote_a_reply_names_no_model(ask, token):
    """Nothing but a nonce, words on the photo, and two pictures without any text in them."""
    for _ in range(6):
        pair = ask("next", token=token)["reply"]
        assert set(pair) == {"nonce", "images", "words", "own"}
        pictures = [base64.b64decode(image) for image in pair["images"]]
        said = (pair["nonce"] + pair["words"]).encode() + b"".join(pictures)
        assert not [name for name in NAMES if name.encode() in said]
        assert pictures[0] != pictures[1]
        vote(ask, token)


def test_a_crawler_finds_no_models_name_before_the_vote(address):
    """Not in the page, not in its settings, not in its scripts, not in a call."""
    with httpx.Client(base_url=address, timeout=60) as http:
        config = http.get("/config").json()
        (component,) = [c for c in config["components"] if c["props"].get("elem_id") == "prefer"]
        body = {"component_id": component["id"], "fn_name": "ask", "session_hash": "crawler"}

        def ask(name: str, **given) -> str:
            call = {"data": {"ask": name, **given}}
            return http.post("/gradio_api/component_server", json=body | call).text

        token = json.loads(ask("begin"))["reply"]
        found = [json.dumps(component), http.get("/prefer").text]
        found += [ask("next", token=token), ask("vote", token=token), ask("names", token=token)]
        found += [ask("put_away", token=token), ask("next", token="0" * 32)]
    for text in found:
        said = json.loads(text) if text.startswith("{") else text
        if isinstance(said, dict) and "nonce" in (said.get("reply") or {}):
            said = str({k: v for k, v in said["reply"].items() if k != "images"})
        for name in ("rebalanced", "regression", "classification"):
            assert name not in str(said).lower()


def test_forged_and_repeated_votes_get_a_sentence(ask, token, host):
    pair = ask("next", token=token)["reply"]
    said = {"nonce": pair["nonce"], "answer": "first", "response_ms": 1.0}
    assert ask("vote", token=token, **said | {"nonce": "0" * 32})["refused"] == "stale"
    assert ask("vote", token=token, **said | {"answer": "both"})["refused"] == "answer"
    assert ask("vote", token="0" * 32, **said)["refused"] == "stale"
    assert "names" in ask("vote", token=token, **said)["reply"]
    again = ask("vote", token=token, **said)
    assert again["refused"] == "stale" and "vote already" in again["sentence"]
    assert len(host.board().store.transact(lambda ledger: ledger.votes())) == 1


def test_a_photo_of_ones_own(ask, token):
    image = base64.b64encode(jpeg(150)).decode()
    assert ask("bring", token=token, consent=False, image=image)["refused"] == "consent"
    assert ask("bring", token=token, consent=True, image=image) == {"reply": None}
    mine = ask("next", token=token)["reply"]
    assert mine["own"] and mine["words"] == "Your photo"
    other = ask("begin")["reply"]
    theirs = ask("next", token=other)["reply"]
    assert not theirs["own"] and not set(theirs["images"]) & set(mine["images"])
    assert ask("put_away", token=token) == {"reply": None}
    assert not ask("next", token=token)["reply"]["own"]


@pytest.mark.parametrize("image", ["", "no base64", "QUJD", None, 3, ["QUJD"]])
def test_what_is_no_photo_gets_a_sentence(ask, token, image):
    said = ask("bring", token=token, consent=True, image=image)
    assert said["refused"] == "photo" and said["sentence"].endswith(".")


@pytest.mark.parametrize("name", ["begin", "bring"])
def test_one_address_does_so_much_an_hour(ask, token, name):
    given = {"begin": {}, "bring": {"token": token, "consent": False, "image": ""}}[name]
    for _ in range(LIMITS[name]):
        assert ask(name, "8.8.8.8", **given).get("refused") != "crowd"
    assert ask(name, "8.8.8.8", **given)["refused"] == "crowd"
    assert ask(name, "8.8.4.4", **given).get("refused") != "crowd"
    assert ask(name, "127.0.0.1", **given).get("refused") != "crowd"  # a proxy's, say


def test_the_network_of_a_public_address_is_kept_as_a_hash_alone(ask, token, host):
    for address in ("8.8.8.8", "127.0.0.1"):
        vote(ask, token, address=address)
    one, other = host.board().store.transact(lambda ledger: ledger.votes())
    assert len(one["network"]) == 16 and "8.8" not in one["network"]
    assert other["network"] == ""


@given(ANYTHING, st.sampled_from([*ASKED, "names", "close"]))
def test_anything_gets_an_answer(prefer_host, anything, name):
    api = PreferApi(prefer_host)
    fields = ASKED.get(name, {"x"})
    for call in (anything, {"ask": name, **dict.fromkeys(fields, anything)}):
        said = outcome(api.answer(call))
        assert {"reply", "refused"} & set(said)
        json.dumps(said)


@pytest.fixture(scope="module")
def prefer_host(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("survey.web.board_host.lineup", lambda names: MODELS)
        host = BoardHost(tmp_path_factory.mktemp("board"), lambda: NAMES, paint, environ={})
        yield host
        host.close()


def test_the_board_is_made_anew_for_new_votes(ask, token, host, monkeypatch):
    monkeypatch.setattr("survey.web.prefer_api.REST", 0)
    api = BoardApi(host)
    assert "No votes yet" in outcome(api.answer({"ask": "board"}))["reply"]["page"]
    vote(ask, token)
    page = outcome(api.answer({"ask": "board"}))["reply"]["page"]
    assert "1 vote ·" in page
    assert outcome(api.answer({"ask": "board"}))["reply"]["page"] is page
    assert outcome(api.answer({"ask": "votes"}))["refused"] == "call"


def test_a_board_that_cannot_open_says_so_and_is_tried_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("survey.web.board_host.lineup", lambda names: MODELS)
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "votes.db").write_bytes(b"no database" * 500)
    host = BoardHost(tmp_path / "board", lambda: NAMES, paint, environ={})
    for _ in range(2):
        assert outcome(PreferApi(host).answer({"ask": "begin"}))["refused"] == "closed"
    assert outcome(BoardApi(host).answer({"ask": "board"}))["refused"] == "closed"
    assert [m for m in caplog.messages if m.startswith("The board is closed.")].__len__() == 1
    (tmp_path / "board" / "votes.db").unlink()
    monkeypatch.setattr(host, "_rests_until", 0.0)
    assert "reply" in outcome(PreferApi(host).answer({"ask": "begin"}))
    host.close()


def test_a_space_without_a_mirror_is_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("survey.web.board_host.lineup", lambda names: MODELS)
    host = BoardHost(tmp_path / "board", lambda: NAMES, paint, environ={"SYSTEM": "spaces"})
    host.board()
    assert "SURVEY_BOARD_REPO" in caplog.text
    host.close()


def test_a_picture_that_cannot_be_painted_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("survey.web.board_host.lineup", lambda names: MODELS)

    def broken(photo, name):
        raise ValueError("The weights are torn.")

    host = BoardHost(tmp_path / "board", lambda: NAMES, broken, environ={})
    api = PreferApi(host)
    token = outcome(api.answer({"ask": "begin"}))["reply"]
    said = outcome(api.answer({"ask": "next", "token": token}))
    assert said["refused"] == "broken" and "torn" not in said["sentence"]
    host.close()


def test_the_store_of_a_host_is_the_boards(host, ask, token):
    vote(ask, token)
    path = host.board().store.path
    host.close()
    again = BoardStore(path.parent, durable=False)
    assert len(again.transact(lambda ledger: ledger.votes())) == 1
    again.close()
