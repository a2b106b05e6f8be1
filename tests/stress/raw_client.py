"""A client without manners: sends whatever it likes, from whatever address it likes.

    client = RawClient(server.url, address="1.2.3.4")
    token = client.enrol()
    client.ask("vote", token=token, nonce="x", answer="real", timing=TIMING)   # {"refused": …}

Every call is a connection of its own, so that an answer can be rude without hurting the next.
"""

import json
import time
import uuid
from typing import Any

import httpx

from survey.bench.load import TIMING

API = "/gradio_api"
JSON = dict[str, Any]


class RawClient:
    def __init__(self, url: str, address: str = "127.0.0.1", **headers: str) -> None:
        given = {"X-Forwarded-For": address, "Connection": "close"} | headers
        self.http = httpx.Client(base_url=url, headers=given, timeout=60)
        parts = self.http.get("/config").json()["components"]
        self.components = {part["props"].get("elem_id"): part["id"] for part in parts}

    def ask(self, name: str, **given: object) -> JSON:
        """A call to the study, and whatever comes back."""
        return self.send("study", {"ask": name, **given})

    def open(self, secret: str) -> JSON:
        """A call to the results, with this secret."""
        return self.send("results", {"ask": "results", "secret": secret})

    def send(self, component: str, data: object) -> JSON:
        body = {"component_id": self.components[component], "fn_name": "ask", "data": data}
        body["session_hash"] = "raw"
        text = json.dumps(body)  # keeps NaN and half characters, which httpx would not send
        headers = {"content-type": "application/json"}
        answer = self.http.post(f"{API}/component_server", content=text, headers=headers)
        return answer.raise_for_status().json()

    def enrol(self, panel_id: str = "") -> str:
        panel_id = panel_id or uuid.uuid4().hex
        token = self.ask("begin", consent=True, panel_id=panel_id)["reply"]
        self.ask("colour_vision", token=token, answer="normal")
        return token

    def look(self, token: str) -> JSON:
        """The open trial, shown for as long as it must be; what a vote on it needs."""
        trial = self.ask("next_trial", token=token)["reply"]
        return self.watch(token, trial)

    def watch(self, token: str, trial: JSON) -> JSON:
        self.ask("shown", token=token, nonce=trial["nonce"])
        time.sleep((trial["exposure_ms"] or 0) / 1000)
        return {"token": token, "nonce": trial["nonce"], "answer": trial["answers"][0]}

    def vote(self, **vote: object) -> JSON:
        return self.ask("vote", **{"timing": TIMING} | vote)

    def finish(self, token: str) -> list[JSON]:
        """All votes that were taken, to the end."""
        votes = []
        trial = self.ask("next_trial", token=token)["reply"]
        while trial:
            votes.append(self.watch(token, trial))
            trial = self.vote(**votes[-1])["reply"]["next"]
        return votes

    def upload(self, name: str, content: bytes) -> httpx.Response:
        return self.http.post(f"{API}/upload", files={"files": (name, content)})

    def call(self, *data: object, endpoint: str = "colorize") -> str:
        """A call through the queue; the lines that it answers with."""
        answer = self.http.post(f"{API}/call/{endpoint}", json={"data": data})
        if answer.status_code != 200:
            return answer.text
        return self.http.get(f"{API}/call/{endpoint}/{answer.json()['event_id']}").text

    def close(self) -> None:
        self.http.close()


def photo(**fields: object) -> JSON:
    """A file as a page names it."""
    return {"path": "", "meta": {"_type": "gradio.FileData"}} | fields
