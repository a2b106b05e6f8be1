"""Votes forged, replayed, reordered, foreign and parallel, sent to the app over HTTP."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from survey.protocol import StudyProtocol
from survey.store import Store
from tests.helpers.study import TIMING, make_study

AT_ONCE = 50
JUNK = (None, True, 0, -1, 1.5, 10**400, float("nan"), "", "x" * 5_000, "\0", "\ud800", [], {})


@pytest.fixture
def me(connect):
    return connect()


@pytest.fixture
def votes(fort):
    """votes(token) -> rows of this participant"""
    query = "SELECT * FROM votes WHERE participant = (SELECT id FROM participants WHERE token = ?)"
    return lambda token: fort.rows(f"{query} ORDER BY id", token)


def test_forged_votes_are_refused_whatever_they_say(me, votes):
    token, other = me.enrol(), me.enrol()
    vote, theirs = me.look(token), me.look(other)
    forged = [
        *({"nonce": nonce} for nonce in (theirs["nonce"], secrets.token_hex(16), *JUNK)),
        *({"token": junk} for junk in (secrets.token_hex(16), token.upper() + " ", *JUNK)),
        *({"answer": answer} for answer in ("left", "REAL", "catch", *JUNK)),
        *({"timing": junk} for junk in ({**TIMING, "position": 3}, *JUNK)),
        *({"timing": {**TIMING, "response_ms": value}} for value in (-1, 9e9, None, "0", [])),
    ]
    for lie in forged:
        said = me.vote(**{"timing": TIMING} | vote | lie)
        assert said["refused"] in ("stale", "token", "answer", "timing"), lie
    assert votes(token) == votes(other) == []
    for extra in ({"position": 0}, {"truth": "real"}, {"__proto__": {}}, {"kind": "trial"}):
        assert me.vote(**vote, **extra)["refused"] == "call"


def test_the_same_vote_fifty_times_at_once_is_one(me, votes):
    token = me.enrol()
    vote = me.look(token)
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        said = list(crowd.map(lambda _: me.vote(**vote), range(AT_ONCE)))
    taken = [reply for reply in said if "reply" in reply]
    assert len(taken) == 1
    assert {reply["refused"] for reply in said if "refused" in reply} == {"stale"}
    assert len(votes(token)) == 1


def test_fifty_different_votes_on_one_trial_at_once_are_one(me, votes):
    token = me.enrol()
    vote = me.look(token)
    answers = ["real", "synthesized"] * (AT_ONCE // 2)
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        said = list(crowd.map(lambda answer: me.vote(**vote | {"answer": answer}), answers))
    taken = [a for a, reply in zip(answers, said, strict=True) if "reply" in reply]
    assert [row["answer"] for row in votes(token)] == taken
    assert len(taken) == 1


def test_two_tabs_of_one_participant_share_one_sequence(me, votes, fort):
    """Both load, show and vote as they like; what is kept is one answer a position, in order."""
    token = me.enrol()

    def tab(_: int) -> None:
        while me.ask("stage", token=token)["reply"] != "done":
            trial = me.ask("next_trial", token=token).get("reply")
            if trial:
                me.vote(**me.watch(token, trial))

    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(tab, range(2)))
    rows = votes(token)
    assert [row["position"] for row in rows] == list(range(fort.study.positions))
    assert len({row["photo"] for row in rows}) == fort.study.positions
    assert me.ask("debrief", token=token)["reply"]["total"] == fort.study.trials


def test_replays_in_any_order_change_nothing_even_after_the_end(me, votes):
    token = me.enrol()
    sent = me.finish(token)
    before = votes(token)
    assert len(before) == len(sent)
    for vote in (*reversed(sent), *sent):
        assert me.vote(**vote)["refused"] == "stale"
        assert me.ask("shown", token=token, nonce=vote["nonce"])["refused"] == "stale"
    assert me.ask("next_trial", token=token) == {"reply": None}
    assert votes(token) == before


def test_no_vote_before_its_photo_was_seen(me, votes):
    token = me.enrol()
    trial = me.ask("next_trial", token=token)["reply"]
    vote = {"token": token, "nonce": trial["nonce"], "answer": trial["answers"][0]}
    assert me.vote(**vote)["refused"] == "unseen"
    me.ask("shown", token=token, nonce=trial["nonce"])
    assert me.ask("shown", token=token, nonce=trial["nonce"])["refused"] == "twice"
    assert me.ask("debrief", token=token)["refused"] == "phase"
    assert votes(token) == []


def test_another_studys_keys_open_nothing(me, tmp_path):
    make_study(tmp_path / "other", exposure_ms=None)
    store = Store(tmp_path / "other", durable=False)
    there = StudyProtocol(store)
    token = there.begin(True)
    there.colour_vision(token, "normal")
    trial = there.next_trial(token)
    assert me.vote(token=token, nonce=trial.nonce, answer="real")["refused"] == "token"
    vote = me.look(me.enrol())
    assert me.vote(**vote | {"nonce": trial.nonce})["refused"] == "stale"
    store.close()


HOSTILE = (
    "'; DROP TABLE votes; --", "1 OR 1=1", '" OR ""="', "x'); DELETE FROM votes; --", "%", "*",
    "NULL", "\\", "a\\'b", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "__proto__",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_are_values_and_never_code(me, fort, text):
    before = fort.rows("SELECT COUNT(*) AS n FROM votes")
    begun = me.ask("begin", consent=True, panel_id=text)["reply"]
    assert fort.rows("SELECT panel_id FROM participants WHERE token = ?", begun) == [
        {"panel_id": text}
    ]
    for name in ("stage", "next_trial", "debrief"):
        assert me.ask(name, token=text)["refused"] == "token"
    assert me.ask("shown", token=begun, nonce=text)["refused"] == "stale"
    assert me.ask("colour_vision", token=begun, answer=text)["refused"] == "answer"
    assert me.ask(text)["refused"] == "call"
    assert fort.rows("SELECT COUNT(*) AS n FROM votes") == before
