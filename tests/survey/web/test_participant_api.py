"""The door to the outside: what is let in, what comes back, and what never does."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.protocol import StudyProtocol, completion_code
from survey.store import Store
from survey.web.participant_api import ASKED, BEGUN, WITHIN, ParticipantApi
from survey.web.study_host import StudyHost
from tests.helpers.study import TIMING, Participant, in_service, make_study, outcome

LINKS = [("Results", "results")]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@pytest.fixture
def api(survey):
    host = StudyHost(lambda: in_service(survey))
    host.opening().result()
    return ParticipantApi(host, LINKS)


@pytest.fixture
def ask(api):
    def ask(name: str, **given):
        said = outcome(api.answer({"ask": name, **given}))
        json.dumps(said)  # every reply is JSON
        return said

    return ask


@pytest.fixture
def token(ask) -> str:
    token = ask("begin", consent=True, panel_id="")["reply"]
    ask("colour_vision", token=token, answer="normal")
    return token


def test_a_participation_from_welcome_to_debrief(ask, clock, survey):
    words = ask("welcome")["reply"]
    token = ask("begin", consent=True, panel_id="")["reply"]
    assert ask("stage", token=token) == {"reply": "colour_vision"}
    assert ask("colour_vision", token=token, answer="unsure") == {"reply": None}
    trial = ask("next_trial", token=token)["reply"]
    shown = []
    while trial:
        shown.append((trial["kind"], trial["number"], trial["total"]))
        assert ask("shown", token=token, nonce=trial["nonce"]) == {"reply": None}
        clock.pass_(2)
        said = {"answer": trial["answers"][0], "timing": TIMING}
        ack = ask("vote", token=token, nonce=trial["nonce"], **said)["reply"]
        assert (ack["truth"] is None) == (ack["right"] is None) == (trial["kind"] == "trial")
        trial = ack["next"]
    assert shown[0] == ("practice", 1, words["practice"])
    assert shown[-1] == ("trial", words["trials"], words["trials"])
    end = ask("debrief", token=token)["reply"]
    assert end["code"] == completion_code(survey.study, token)
    assert end["links"] == LINKS


def test_images_travel_as_their_bytes(ask, token, store):
    (image,) = ask("next_trial", token=token)["reply"]["images"]
    content = base64.b64decode(image)
    files = (store.folder / "stimuli").iterdir()
    assert content in {file.read_bytes() for file in files}


def test_the_welcome_tells_nothing_that_must_stay_hidden(ask, study_names):
    said = json.dumps(ask("welcome"))
    assert not [name for name in study_names if name in said]


@pytest.fixture
def study_names(store) -> list[str]:
    """What tells conditions, files or the proof of a completion code."""
    names = {*store.study.models, store.study.sha256, store.study.stimuli}
    return sorted(names | {file.name for file in (store.folder / "stimuli").iterdir()})


def test_refusals_come_with_reason_and_sentence(ask, token):
    said = ask("stage", token="0" * 32)
    assert said["refused"] == "token"
    assert said["sentence"].endswith("start anew.")
    trial = ask("next_trial", token=token)["reply"]
    said = ask("vote", token=token, nonce=trial["nonce"], answer="real", timing=TIMING)
    assert said["refused"] == "unseen"
    assert ask("debrief", token=token)["refused"] == "phase"


@pytest.mark.parametrize(
    "call",
    [
        None, [], "stage", {}, {"ask": None}, {"ask": ["stage"]}, {"ask": "close"},
        {"ask": "store"}, {"ask": "_enrol"}, {"ask": "__init__"}, {"ask": "stage"},
        {"ask": "stage", "token": "x", "more": 1}, {"ask": "welcome", "token": "x"},
    ],
)  # fmt: skip
def test_calls_of_no_page_are_refused_and_counted(api, store, call):
    said = outcome(api.answer(call))
    assert said["refused"] == "call"
    assert store.transact(lambda ledger: ledger.totals())["refused call"] == 1


def test_one_address_begins_so_many_and_goes_on_with_all(survey, clock):
    host = StudyHost(lambda: in_service(survey))
    host.opening().result()
    api = ParticipantApi(host, clock=clock)
    begin = {"ask": "begin", "consent": True, "panel_id": ""}
    said = [outcome(api.answer(begin, "1.2.3.4")) for _ in range(BEGUN + 1)]
    assert [reply.get("refused") for reply in said] == [None] * BEGUN + ["crowd"]
    assert outcome(api.answer({"ask": "stage", "token": said[0]["reply"]}, "1.2.3.4"))["reply"]
    for elsewhere in ("1.2.3.5", "2a00:1450::1", "10.16.3.80", ""):
        assert outcome(api.answer(begin, elsewhere))["reply"]
    clock.pass_(WITHIN)
    assert outcome(api.answer(begin, "1.2.3.4"))["reply"]
    assert survey.store.transact(lambda ledger: ledger.totals())["refused crowd"] == 1


def test_a_study_that_leaves_the_language_open_is_told_in_all_of_them(tmp_path, clock):
    make_study(tmp_path, language="browser", panel="PID,SESSION", debrief="It was this.")
    store = Store(tmp_path, durable=False)
    survey = StudyProtocol(store, clock)
    host = StudyHost(lambda: in_service(survey))
    host.opening().result()
    api = ParticipantApi(host, LINKS)
    welcome = outcome(api.answer({"ask": "welcome"}))["reply"]
    assert welcome["words"]["question"] == "Real or synthesized?"
    assert welcome["translations"]["de"]["question"] == "Echt oder künstlich?"
    assert "It was this." not in json.dumps(welcome)
    begin = {"ask": "begin", "consent": True, "panel_id": "me"}
    token = outcome(api.answer(begin | {"panel_details": {"SESSION": "7"}}))["reply"]
    assert outcome(api.answer(begin))["reply"] == token  # a page from before sends less
    assert Participant(survey, clock, "me").finish().token == token
    end = outcome(api.answer({"ask": "debrief", "token": token}))["reply"]
    assert end["told"] == {"en": "It was this.", "de": "It was this."}
    store.close()


def test_half_a_character_is_refused(ask):
    assert ask("stage", token="\ud800")["refused"] == "token"


@given(st.sampled_from(sorted(ASKED)), st.data())
@settings(max_examples=60)
def test_no_value_whatsoever_breaks_a_call(api, store, name, data):
    call = {"ask": name} | {key: data.draw(ANYTHING) for key in ASKED[name]}
    said = outcome(api.answer(call))
    assert said.keys() in ({"reply"}, {"refused", "sentence"})
    votes = store.transact(lambda ledger: ledger.totals())["votes"]
    assert votes == 0


def test_people_are_asked_to_wait_and_told_when_it_will_not_open(survey, caplog):
    host = StudyHost(lambda: 1 / 0)
    api = ParticipantApi(host)
    host.opening().exception()
    said = outcome(api.answer({"ask": "welcome"}))
    assert said["refused"] == "closed"
    assert "ZeroDivisionError" in caplog.text
