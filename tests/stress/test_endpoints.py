"""Every endpoint of the app with values of wrong types and sizes: no error of the server's own.

CASES=500 python -m pytest tests/stress/test_endpoints.py    # of each endpoint; 25 in the suite
"""

import json
import os
import uuid

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.web.participant_api import ASKED
from survey.web.prefer_api import ASKED as PREFER
from tests.helpers.mutants import samples
from tests.stress.raw_client import API, photo

CASES = int(os.environ.get("CASES", "25"))
LONG = "x" * 70_000
EDGES = [None, True, "", "0", -1, 0, 1, 1e308, -1e-308, float("nan"), float("inf"), 2**63, 10**400]
EDGES += [LONG, "\0", "\ud800", "\u202e", "../../etc/passwd", "<script>", "{{7*7}}", "' OR 1=1 --"]
EDGES += [[], {}, [[]], [None] * 1000, {"path": "/etc/passwd"}, {"__type__": "update"}]
FILES = [photo(path=p) for p in ("", "/etc/passwd", "a", "\0", LONG, "http://127.0.0.1/x.png")]
FILES += [photo(url="http://127.0.0.1:1/"), photo(path=None), photo(path=3), photo(size=-1)]
SECONDS = 60.0
LEAVES = st.one_of(
    st.sampled_from(EDGES), st.sampled_from(FILES), st.integers(), st.floats(), st.text(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def deep(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


tried = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=CASES == 25,  # the suite tries the same each time
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def http(fort):
    with httpx.Client(base_url=fort.url, timeout=SECONDS) as http:
        yield http
        assert http.get("/healthz").status_code == 200  # it lives
    said = fort.said()
    assert "Traceback" not in said, said[-6000:]


@pytest.fixture(scope="module")
def config(http) -> dict:
    return http.get("/config").json()


@pytest.fixture(scope="module")
def upload(http) -> str:
    files = {"files": ("whole.png", samples()["png"])}
    return http.post(f"{API}/upload", files=files).json()[0]


def fine(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code < 500, (answer.request, answer.text[:2000])
    assert "Traceback" not in answer.text and "site-packages" not in answer.text
    return answer


def post(http: httpx.Client, path: str, value: object) -> httpx.Response:
    """As JSON with all that Python can write: NaN, half characters, any depth."""
    text = json.dumps(value).encode(errors="surrogatepass")
    return fine(http.post(path, content=text, headers={"content-type": "application/json"}))


def through_the_queue(http: httpx.Client, number: int, data: object, event: object) -> None:
    """As a page calls one of its functions; the last line says that it has ended."""
    session = uuid.uuid4().hex
    call = {"fn_index": number, "data": data, "event_data": event, "session_hash": session}
    joined = post(http, f"{API}/queue/join", call | {"trigger_id": 1})
    if joined.status_code == 200:
        lines = fine(http.get(f"{API}/queue/data", params={"session_hash": session})).text
        assert "process_completed" in lines or "unexpected_error" in lines, lines[-500:]


def mixed(inputs: int, upload: str) -> st.SearchStrategy:
    """Some values right, some wrong, and sometimes too many or too few."""
    hints = '[{"x": 0.5, "y": 0.5, "color": "#b03020"}]'
    right = [photo(path=upload), "regression", 0.4, 1.0, "PNG", hints, photo(path=upload), 1.0]
    right = right[:inputs]
    nearly = st.tuples(*(st.one_of(st.just(value), VALUES) for value in right)).map(list)
    return st.one_of(nearly, st.lists(VALUES, max_size=inputs + 2), VALUES)


@tried
@given(st.data())
def test_functions_of_the_pages(http, config, upload, data):
    function = data.draw(st.sampled_from([d for d in config["dependencies"] if d["backend_fn"]]))
    values = data.draw(mixed(len(function["inputs"]), upload))
    event = data.draw(st.one_of(st.just({"x": 1, "y": 1}), VALUES))
    through_the_queue(http, function["id"], values, event)


@tried
@given(st.data())
def test_the_endpoint_for_programs(http, upload, data):
    values = data.draw(mixed(8, upload))
    answer = post(http, f"{API}/call/colorize", {"data": values})
    if answer.status_code == 200:
        told = fine(http.get(f"{API}/call/colorize/{answer.json()['event_id']}")).text
        assert "event: complete" in told or "event: error" in told


@tried
@given(st.data())
def test_the_study_and_the_desk(http, config, data):
    ids = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    name = data.draw(st.sampled_from([*ASKED, "results", "export"]))
    fields = ASKED.get(name, {"secret"})
    given_ = {field: data.draw(VALUES) for field in sorted(fields)}
    call = data.draw(st.one_of(st.just({"ask": name, **given_}), VALUES))
    where = data.draw(st.sampled_from(["study", "results"]))
    body = {"component_id": ids[where], "fn_name": "ask", "data": call, "session_hash": "x"}
    said = post(http, f"{API}/component_server", body)
    if said.status_code == 200 and isinstance(call, dict):
        assert {"reply", "refused", "wait"} & set(said.json()), said.text


@tried
@given(st.data())
def test_the_open_board(http, config, data):
    ids = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    name = data.draw(st.sampled_from([*PREFER, "board"]))
    given_ = {field: data.draw(VALUES) for field in sorted(PREFER.get(name, ()))}
    call = data.draw(st.one_of(st.just({"ask": name, **given_}), VALUES))
    where = data.draw(st.sampled_from(["prefer", "board"]))
    body = {"component_id": ids[where], "fn_name": "ask", "data": call, "session_hash": "x"}
    said = post(http, f"{API}/component_server", body)
    if said.status_code == 200 and isinstance(call, dict):
        assert {"reply", "refused", "wait"} & set(said.json()), said.text


@tried
@given(st.data())
def test_what_gradio_itself_answers(http, data):
    paths = "queue/join call/colorize call/show run/colorize run/predict api/colorize reset cancel "
    paths += "component_server process_recording stream/x/y/z custom_component/x/y/z/w run/x"
    path = data.draw(st.sampled_from(paths.split()))
    post(http, f"{API}/{path}", data.draw(st.one_of(VALUES, st.just({"data": deep(900)}))))


ADDRESSES = (
    "queue/data queue/status call/colorize/x call/x/y heartbeat/x info startup-events "
    "upload_progress?upload_id=x file=x file=/etc/passwd file=%00 file=\u202e dev/reload app_id "
    "stream/a/b/c/playlist.m3u8 custom_component/x/y/z/w deep_link token user app_id/x"
)


@pytest.mark.parametrize("path", ADDRESSES.split())
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_addresses(http, method, path):
    try:
        with http.stream(method, f"{API}/{path}", timeout=SECONDS) as answer:
            assert answer.status_code < 500  # some would go on for ever: the head is enough
    except httpx.RemoteProtocolError as error:  # an answer without a body
        assert "without response" not in str(error)


@tried
@given(path=st.text(max_size=40))
def test_any_address(http, path):
    fine(http.get("/" + path.encode(errors="replace").hex() if "\0" in path else f"/{path!a}"))


@tried
@given(st.binary(max_size=200), st.sampled_from(["application/json", "multipart/form-data", "x"]))
def test_bodies_that_are_none(http, body, kind):
    for path in ("queue/join", "call/colorize", "component_server", "upload", "cancel", "reset"):
        fine(http.post(f"{API}/{path}", content=body, headers={"content-type": kind}))
