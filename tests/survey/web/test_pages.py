"""The whole app over HTTP, as a curious participant would look at it with a script."""

import json
import threading
import time
from pathlib import Path

import gradio as gr
import httpx
import pytest

from survey.store import read_only
from tests.helpers.study import TIMING, make_study

MODELS = ("rebalanced", "regression")  # the names that the other pages use for theirs
QUICK = {"models": MODELS, "trials": 4, "practice": 1, "exposure_ms": 50}
PUBLIC = (
    "/", "/compare", "/study", "/results", "/config", "/openapi.json", "/theme.css",
    "/manifest.json", "/gradio_api/info", "/gradio_api/info?all_endpoints=true",
    "/gradio_api/startup-events", "/gradio_api/queue/status", "/gradio_api/app_id",
    "/monitoring", "/gradio_api/runs",
)  # fmt: skip


class Site:
    """The app with a study of this design, and a script that talks to it."""

    def __init__(self, folder: Path, design: str) -> None:
        import app
        from colorize.web.studio import Studio

        self.folder, self.study = folder, make_study(folder, design=design, **QUICK)
        self.demo = app.build(Studio("cpu"), folder)
        self.busy, self.done = threading.Semaphore(0), threading.Event()
        with self.demo:
            gr.Button().click(self.work, api_name="work", queue=False)
        url = app.launch(self.demo, prevent_thread_lock=True, quiet=True, max_threads=2)[1]
        self.http = httpx.Client(base_url=url, timeout=20)
        parts = self.http.get("/config").json()["components"]
        (self.page,) = (part["id"] for part in parts if part["props"].get("elem_id") == "study")
        self.heard: list[str] = []  # all that came back

    def work(self) -> None:
        """A colorization that takes as long as it likes."""
        self.busy.release()
        self.done.wait()

    def ask(self, name: str, **given):
        body = {"data": {"ask": name, **given}, "fn_name": "ask", "session_hash": "anybody"}
        path = "/gradio_api/component_server/"
        said = self.http.post(path, json=body | {"component_id": self.page})
        self.heard.append(said.text)
        assert {"content-length", "content-type", "date", "server"} >= set(said.headers)
        return said.json()["reply"]

    def enrol(self) -> str:
        token = self.ask("begin", consent=True, panel_id="")
        self.ask("colour_vision", token=token, answer="normal")
        return token

    def take_part(self, token: str) -> list[dict]:
        """All trials as the page gets them."""
        trial, trials = self.ask("next_trial", token=token), []
        while trial:
            trials.append(trial)
            self.ask("shown", token=token, nonce=trial["nonce"])
            time.sleep(trial["exposure_ms"] / 1000)
            said = {"answer": trial["answers"][0], "timing": TIMING}
            trial = self.ask("vote", token=token, nonce=trial["nonce"], **said)["next"]
        return trials

    def names(self) -> set[str]:
        """Whatever tells conditions, files, or the proof of a completion code."""
        study = self.study
        said = {*study.models, study.sha256, study.stimuli, str(self.folder)}
        db = read_only(self.folder / "data" / "votes.db")
        rows = [*db.query("SELECT name FROM photos"), *db.query("SELECT file FROM stimuli")]
        db.close()
        return said | {text for row in rows for text in row.values()}

    def close(self) -> None:
        self.done.set()
        self.http.close()
        self.demo.close(verbose=False)


@pytest.fixture(scope="module", params=["single", "pair"])
def site(request, tiny_weights, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorize.zoo.WEIGHTS", tiny_weights)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        site = Site(tmp_path_factory.mktemp(request.param) / "study", request.param)
        yield site
        site.close()


def test_nothing_tells_condition_model_or_file_before_the_debrief(site):
    pages = [site.http.get(path).text for path in PUBLIC]
    site.heard.clear()
    site.take_part(site.enrol())
    site.ask("welcome")
    replies = "".join(site.heard)
    telling = site.names()
    for text in (*pages, replies):
        assert not [name for name in telling if name in text]
    for word in ("condition", "catch", "slot", "/file=", "http"):
        assert word not in replies


def test_a_catch_trial_looks_like_any_other_and_no_truth_is_told(site):
    site.heard.clear()
    trials = site.take_part(site.enrol())
    scored = [trial for trial in trials if trial["kind"] == "trial"]
    assert len(scored) == site.study.trials + site.study.catches
    assert len({frozenset(trial) for trial in trials}) == 1
    replies = [json.loads(text)["reply"] for text in site.heard]
    told = [reply["truth"] for reply in replies if isinstance(reply, dict) and "truth" in reply]
    assert [truth is None for truth in told] == [False] + [True] * len(scored)


def test_nonces_and_tokens_are_never_the_same_for_two_people(site):
    said = [(token := site.enrol(), site.take_part(token)) for _ in range(2)]
    keys = [token for token, _ in said]
    keys += [trial["nonce"] for _, trials in said for trial in trials]
    assert len(set(keys)) == len(keys)


def test_votes_do_not_wait_for_ten_busy_colorizations(site):
    def start() -> None:
        httpx.post(f"{site.http.base_url}gradio_api/call/work", json={"data": []}, timeout=60)

    site.done.clear()
    busy = [threading.Thread(target=start) for _ in range(10)]
    for thread in busy:
        thread.start()
    assert site.busy.acquire(timeout=20)  # the queue lets one of them work at a time
    assert len(site.take_part(site.enrol())) == site.study.positions
    site.done.set()
    for thread in busy:
        thread.join()
