"""Every other way in: files, addresses, other sites' pages, the secret, requests without end."""

import hashlib
import json
import os
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from survey.web.operator_access import WRONG
from survey.web.participant_api import BEGUN
from tests.stress.conftest import SECRET
from tests.stress.raw_client import API, RawClient, photo
from tests.stress.serving import ROOT

MARKS = (
    "SQLite format",
    "sha256",
    "root:",
    "import ",
    "PATH=",
    "safetensors",
    '"photos"',
    "[core]",
)
ROUTES = (f"{API}/file=", f"{API}/file/", "/static/", "/assets/", "/file=", "/svelte/")


def ways(path: str) -> list[str]:
    """The same path as a file route may be told it."""
    relative = os.path.relpath(path, ROOT)
    twice = quote(quote(path, safe=""), safe="")
    return [
        path, quote(path, safe=""), twice, relative, f"./{relative}", f"/proc/self/root{path}",
        f"/proc/self/cwd/{relative}", f"//{path}", f"file://{path}", f"\\\\127.0.0.1\\c${path}",
        path.replace("/", "\\"), f"{path}%00.png", f"{path}/.", f"/tmp/..{path}", f"{path}?x=.png",
    ]  # fmt: skip


@pytest.fixture
def secrets_of_the_server(fort) -> list[str]:
    study = fort.place / "study"
    of_study = [study / "study.json", study / "manifest.json", *(study / "stimuli").iterdir()]
    of_code = [ROOT / "app.py", ROOT / "survey" / "protocol.py", ROOT / ".git" / "config"]
    weights = sorted((ROOT / "colorize" / "weights").glob("*.json"))[:1]
    of_machine = ["/etc/passwd", "/proc/self/environ", "/proc/self/cmdline", str(fort.log)]
    paths = [fort.data / "votes.db", fort.data / "votes.db-wal", *of_study[:3], *of_code, *weights]
    mirror = list((fort.data / "mirror").iterdir())
    return [str(path) for path in (*paths, *of_machine, *mirror[:1])]


def test_no_file_of_the_server_is_served(fort, secrets_of_the_server):
    with httpx.Client(base_url=fort.url, timeout=60) as http:
        for number, secret in enumerate(secrets_of_the_server):
            routes = ROUTES if number < 2 else ROUTES[:1]
            for address in (route + way for route in routes for way in ways(secret)):
                answer = http.get(address)
                assert answer.status_code in (400, 403, 404), address
                assert not [mark for mark in MARKS if mark in answer.text]


def test_no_file_of_the_server_is_a_photo(connect, secrets_of_the_server):
    me = connect()
    for secret in secrets_of_the_server:
        lines = me.call(photo(path=secret, orig_name="a.png"), "", 0.4, 1.0, "")
        assert "event: error" in lines
        assert not [mark for mark in MARKS if mark in lines]


@pytest.mark.parametrize(
    "name",
    ["../../../escape.png", "/etc/escape.png", "..\\..\\escape.png", "a/b/escape.png", "x" * 300,
     "escape\0.png", "..", "a\nb.png", "\u202egnp.escape", ".escape"],
)  # fmt: skip
def test_uploads_stay_where_uploads_go(connect, fort, name):
    answer = connect().upload(name, b"not a photo")
    assert answer.status_code in (200, 400)
    for path in answer.json() if answer.status_code == 200 else []:
        real = Path(path).resolve()
        assert real.is_relative_to(fort.temporary / "gradio")
        assert real.is_file()


def test_another_visitors_photo_has_an_address_that_cannot_be_guessed(connect):
    """Not even by whoever has the same photo: the folder is a keyed hash of it."""
    me, content = connect(), b"a photo of mine"
    folder = Path(me.upload("mine.png", content).json()[0]).parent
    assert len(folder.name) == 64 and folder.name != hashlib.sha256(content).hexdigest()
    for guess in (folder.parent, folder, folder.with_name("0" * 64) / "mine.png"):
        assert me.http.get(f"{API}/file={guess}").status_code == 403


@pytest.mark.parametrize("name", ["evil.html", "evil.svg", "evil.xml", "evil.xhtml", "evil.js"])
def test_an_uploaded_page_is_a_download_and_no_page(connect, name):
    me = connect()
    (path,) = me.upload(name, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").json()
    headers = me.http.get(f"{API}/file={path}").headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-type"] == "application/octet-stream"


@pytest.fixture
def listener():
    """A server on this machine that must never be asked; gives its port and who asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as ours:
        ours.settimeout(0.2)
        listening = threading.Event()
        listening.set()

        def listen() -> None:
            while listening.is_set():
                try:
                    connection, _ = ours.accept()
                except TimeoutError:
                    continue
                with connection:
                    asked.append(connection.recv(1000))

        thread = threading.Thread(target=listen)
        thread.start()
        yield ours.getsockname()[1], asked
        listening.clear()
        thread.join()


def test_the_server_asks_nobody_on_behalf_of_a_stranger(connect, listener):
    port, asked = listener
    me = connect()
    names = ("127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "[::ffff:127.0.0.1]")
    for host in names:
        url = f"http://{host}:{port}/a.png"
        for route in (f"{API}/file=", f"{API}/file/", f"{API}/proxy="):
            assert me.http.get(route + url).status_code in (400, 403, 404)
        for named in (photo(path=url), photo(url=url), photo(path=url, url=url), url):
            assert "event: error" in me.call(named, "", 0.4, 1.0, "")
    assert asked == []


def test_no_public_address_is_fetched_either(connect):
    """Gradio would, into memory, whatever the size."""
    me = connect()
    for url in ("https://huggingface.co/a.png", "http://example.org/a.png"):
        assert "not fetched from elsewhere" in me.call(photo(path=url), "", 0.4, 1.0, "")
        assert me.http.get(f"{API}/file={url}").json()["detail"] == "This is not offered here."


@pytest.mark.parametrize(
    "path",
    ["process_recording", "custom_component/x%0Aforged/client/a/b", "deep_link?session_hash=x",
     "file=https://example.org", "file/https://example.org", "file=http%3A//example.org"],
)  # fmt: skip
def test_doors_that_no_page_uses_are_closed(connect, path):
    http = connect().http
    for answer in (http.get(f"{API}/{path}"), http.post(f"{API}/{path}")):
        assert (answer.status_code, answer.json()["detail"]) == (404, "This is not offered here.")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_pages_can_neither_vote_nor_guess(connect, site):
    """Such a page would use its visitors' addresses, and their browsers say where it comes from."""
    me = connect(**{"Sec-Fetch-Site": site, "Origin": "https://evil.example"})
    assert me.ask("begin", consent=True, panel_id=uuid.uuid4().hex)["refused"] == "elsewhere"
    assert me.open(SECRET)["refused"] == "elsewhere"
    here = connect(**{"Sec-Fetch-Site": "same-origin"})
    assert here.ask("begin", consent=True, panel_id=uuid.uuid4().hex)["reply"]


def test_there_is_no_cookie_to_ride_on_and_a_space_can_be_embedded(connect):
    """A token is in the page's own memory: who has it, has it from there."""
    me = connect()
    me.finish(me.enrol())
    me.open(SECRET)
    for page in ("/", "/compare", "/study", "/results", "/config"):
        answer = me.http.get(page)
        assert not {"x-frame-options", "content-security-policy"} & set(answer.headers)
        assert SECRET not in answer.text
    assert not me.http.cookies


def test_who_guesses_the_secret_locks_out_nobody_else(connect, fort):
    guesser, operator = connect("1.2.3.4"), connect("1.2.3.5")
    with ThreadPoolExecutor(20) as crowd:
        said = list(crowd.map(lambda i: guesser.open(f"guess {i}")["sentence"], range(5 * WRONG)))
    assert said.count("That is not the secret.") == WRONG
    assert "wait" in guesser.open(SECRET)["sentence"]
    assert operator.open(SECRET)["reply"]["operator"]
    (counted,) = fort.rows("SELECT n FROM counters WHERE name = 'refused secret'")
    assert counted["n"] >= WRONG


def test_one_address_cannot_fill_a_study(connect):
    me = connect("1.2.4.1")
    said = [me.ask("begin", consent=True, panel_id=uuid.uuid4().hex) for _ in range(BEGUN + 1)]
    assert ["reply" in reply for reply in said] == [True] * BEGUN + [False]
    assert said[-1]["refused"] == "crowd"
    assert connect("1.2.4.2").ask("begin", consent=True, panel_id=uuid.uuid4().hex)["reply"]


def test_large_calls_are_refused_before_they_are_held(connect, fort):
    me, before = connect(), memory(fort.pid)
    large = json.dumps({"data": "x" * 50_000_000}).encode()
    for path in ("component_server", "call/colorize", "queue/join", "cancel"):
        assert me.http.post(f"{API}/{path}", content=large).status_code == 413
        assert me.http.post(f"{API}/{path}", content=parts(large)).status_code in (400, 413)
    assert memory(fort.pid) < before + 100
    deep = b'{"data":' + b"[" * 400_000 + b"]" * 400_000 + b"}"
    assert me.http.post(f"{API}/component_server", content=deep).status_code == 400


def parts(content: bytes):
    """Without a length announced."""
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


def memory(pid: int) -> int:
    """Megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def test_the_study_goes_on_beside_slow_and_silent_strangers(connect, fort):
    """Streams that nobody reads, uploads and headers that never end."""
    host = ("127.0.0.1", fort.port)
    idle = [socket.create_connection(host) for _ in range(150)]
    for number, connection in enumerate(idle):
        stream = f"GET {API}/heartbeat/{number} HTTP/1.1\r\nHost: x\r\n\r\n"
        upload = f"POST {API}/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n--x"
        header = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
        connection.sendall((stream, upload, header)[number % 3].encode())
    me = connect()
    assert len(me.finish(me.enrol())) == fort.study.positions
    for connection in idle:
        connection.close()


def test_errors_and_headers_tell_nothing_of_the_server(connect, fort):
    me = connect()
    component = f"{API}/component_server"
    wrong = {"data": 1, "fn_name": "ask", "session_hash": "x", "component_id": 10**9}
    answers = [
        me.http.post(component, json=wrong),  # an exception
        me.http.post(component, json=wrong | {"component_id": "x"}),
        me.http.post(component, json=wrong | {"fn_name": "__init__", "component_id": 1}),
        me.http.post(f"{API}/call/nothing", json={"data": []}),
        me.http.post(f"{API}/run/predict", json={"data": [], "fn_index": 10**6}),
        me.http.get(f"{API}/file=/nothing"),
        me.http.get("/nothing"),
        me.http.request("BREW", "/"),
        me.http.get("/study"),
    ]
    telling = (str(ROOT), str(fort.place), "Traceback", "site-packages", "python/", "uvicorn/")
    for answer in answers:
        said = str(answer.headers) + (answer.text if answer.status_code >= 400 else "")
        assert not [word for word in telling if word in said], said
        assert answer.headers["server"] == "uvicorn"  # no version


def test_the_log_keeps_no_keys_and_no_names(connect, fort):
    me = connect("9.8.7.6")
    token = me.enrol(panel_id="panel-member-77")
    votes = me.finish(token)
    me.open("a guess worth hiding")
    me.open(SECRET)
    me.upload("my-private-holiday.png", b"no photo")
    (path,) = me.upload("my-private-holiday.png", b"still no photo").json()
    me.call(photo(path=path, orig_name="my-private-holiday.png"), "", 0.4, 1.0, "")
    me.vote(**votes[0] | {"timing": None})
    time.sleep(0.5)
    hidden = [token, "panel-member-77", "a guess worth hiding", SECRET, "9.8.7.6", path]
    hidden += ["my-private-holiday", *(vote["nonce"] for vote in votes)]
    log = fort.said()
    assert "Running on" in log
    assert not [text for text in hidden if text in log]


def test_nobody_is_told_that_it_is_down(fort):
    """All of the above, and it still lives."""
    assert httpx.get(f"{fort.url}/healthz").json() == {"status": "ok"}
    assert RawClient(fort.url).ask("welcome")["reply"]["title"] == "Test"
