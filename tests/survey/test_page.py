"""The pages over HTTP, as a curious participant would look at them with a script."""

import itertools
import json
import threading
import time
from pathlib import Path

import gradio as gr
import httpx
import pytest

from survey.lock import Lock
from survey.page import results_page, study_page
from survey.protocol import Protocol
from survey.store import Store
from survey.venue import Venue
from tests.survey.conftest import TIMING, in_service, make_study

MODELS = ("umber-7", "cobalt-9")
PUBLIC = (
    "/", "/study", "/results", "/config", "/openapi.json", "/theme.css", "/manifest.json",
    "/gradio_api/info", "/gradio_api/info?all_endpoints=true", "/gradio_api/startup-events",
    "/gradio_api/queue/status", "/gradio_api/app_id", "/monitoring", "/gradio_api/runs",
)  # fmt: skip


class Site:
    """A served study, and a script that talks to it."""

    def __init__(self, folder: Path, design: str) -> None:
        self.clock = itertools.count(1_000_000, 5)  # every look at it is five seconds later
        make_study(folder, design=design, models=MODELS, trials=4, practice=1)
        self.store = Store(folder, durable=False)
        venue = Venue(lambda: in_service(Protocol(self.store, lambda: float(next(self.clock)))))
        self.busy, self.done = threading.Semaphore(0), threading.Event()
        with gr.Blocks(analytics_enabled=False) as self.app:
            gr.Button().click(self.work, api_name="work", queue=False)
        with self.app.route("Study", "study", show_in_navbar=False):
            study_page(venue, [("Results", "results")])
        with self.app.route("Results", "results"):
            results_page(venue, Lock(""))
        options = {"prevent_thread_lock": True, "quiet": True, "ssr_mode": False, "max_threads": 2}
        options |= {"run_history": False, "enable_monitoring": False}
        self.http = httpx.Client(base_url=self.app.launch(**options)[1], timeout=20)
        config = self.http.get("/config").json()["components"]
        self.ids = {c["props"].get("elem_id"): c["id"] for c in config}
        self.heard: list[str] = []  # everything that came back

    def work(self) -> None:
        """A colorization that takes as long as it likes."""
        self.busy.release()
        self.done.wait()

    def ask(self, name: str, **given):
        body = {"data": {"ask": name, **given}, "fn_name": "ask", "session_hash": "s"}
        said = self.http.post(
            "/gradio_api/component_server/", json=body | {"component_id": self.ids["study"]}
        )
        self.heard.append(said.text)
        assert {"content-length", "content-type", "date", "server"} >= set(said.headers)
        return said.json()["reply"]

    def enrol(self) -> str:
        while "wait" in self.http.post(
            "/gradio_api/component_server/",
            json={"data": {"ask": "welcome"}, "fn_name": "ask", "session_hash": "s",
                  "component_id": self.ids["study"]},
        ).json():  # fmt: skip
            time.sleep(0.01)
        token = self.ask("begin", consent=True, panel_id="")
        self.ask("colour_vision", token=token, answer="normal")
        return token

    def take_part(self, token: str) -> list[dict]:
        """All trials as the page gets them."""
        trial, trials = self.ask("next_trial", token=token), []
        while trial:
            trials.append(trial)
            self.ask("shown", token=token, nonce=trial["nonce"])
            said = {"answer": trial["answers"][0], "timing": TIMING}
            trial = self.ask("vote", token=token, nonce=trial["nonce"], **said)["next"]
        return trials

    def close(self) -> None:
        self.done.set()
        self.http.close()
        self.app.close()
        self.store.close()


@pytest.fixture(scope="module", params=["single", "pair"])
def site(request, tmp_path_factory):
    site = Site(tmp_path_factory.mktemp(request.param) / "study", request.param)
    yield site
    site.close()


def test_nothing_tells_condition_model_or_file_before_the_debrief(site):
    pages = [site.http.get(path).text for path in PUBLIC]
    site.heard.clear()
    trials = site.take_part(site.enrol())
    site.ask("welcome")
    # In this study an image is its own file name, so that bytes are recognised; take them out.
    replies = "".join(site.heard)
    for image in {image for trial in trials for image in trial["images"]}:
        replies = replies.replace(image, "")
    photos = site.store.transact(lambda led: led.db.execute("SELECT name FROM photos").fetchall())
    files = site.store.transact(lambda led: led.db.execute("SELECT file FROM stimuli").fetchall())
    telling = {*MODELS, site.store.study.sha256, site.store.study.stimuli}
    telling |= {row[0] for row in (*photos, *files)} | {str(site.store.folder)}
    for text in (*pages, replies):
        assert not [name for name in telling if name in text]
    for word in ("condition", "catch", "slot", "/file=", "http"):
        assert word not in replies


def test_a_catch_trial_looks_like_any_other_and_no_truth_is_told(site):
    site.heard.clear()
    trials = site.take_part(site.enrol())
    scored = [trial for trial in trials if trial["kind"] == "trial"]
    assert len(scored) == site.store.study.trials + site.store.study.catches
    assert len({frozenset(trial) for trial in trials}) == 1
    acks = [
        ack
        for ack in map(json.loads, site.heard)
        if isinstance(ack["reply"], dict) and "next" in ack["reply"]
    ]
    told = [ack["reply"]["truth"] for ack in acks]
    assert [truth is None for truth in told] == [False] + [True] * len(scored)


def test_nonces_and_tokens_are_never_the_same_for_two_people(site):
    said = [(token := site.enrol(), site.take_part(token)) for _ in range(2)]
    keys = [token for token, _ in said]
    keys += [trial["nonce"] for _, trials in said for trial in trials]
    assert len(set(keys)) == len(keys)


def test_votes_do_not_wait_for_ten_busy_colorizations(site):
    def start() -> None:
        httpx.post(f"{site.http.base_url}gradio_api/run/work", json={"data": []}, timeout=60)

    site.done.clear()
    busy = [threading.Thread(target=start) for _ in range(10)]
    for thread in busy:
        thread.start()
    for _ in range(2):  # all of Gradio's own threads, of which this app has two
        assert site.busy.acquire(timeout=20)
    assert len(site.take_part(site.enrol())) == site.store.study.positions
    site.done.set()
    for thread in busy:
        thread.join()
