"""A Hub of our own on this machine: as much of it as a mirror needs, with the faults of a real one.

with FakeHub() as hub:
    environ = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_x", "SURVEY_MIRROR_REPO": "you/votes"}
    hub.mood = "hang"     # or 500, 429, "dies", "well"
    hub.files             # {"votes-3f….jsonl": b"…"}, as committed
"""

import base64
import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c" * 40
DATASET = "/api/datasets/you/votes"


class FakeHub:
    """Answers on a port of its own, in the mood that it is given; counts what it was asked."""

    def __init__(self) -> None:
        self.mood: int | str = "well"
        self.asked = 0
        self.files: dict[str, bytes] = {}
        self._ends = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # whoever hung up no longer wants to hear it
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FakeHub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()

    def lines(self) -> list[dict]:
        return [json.loads(line) for text in self.files.values() for line in text.splitlines()]

    def commit(self, said: bytes) -> dict[str, Any]:
        for line in map(json.loads, said.splitlines()):
            if line["key"] == "file":
                self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        address = f"{self.url}/datasets/you/votes/commit/{COMMIT}"
        return {"success": True, "commitOid": COMMIT, "commitUrl": address}

    def about(self) -> dict[str, Any]:
        siblings = [{"rfilename": name} for name in self.files]
        return {"id": "you/votes", "private": True, "sha": COMMIT, "siblings": siblings}

    def hang(self) -> None:
        self._ends.wait()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, hub: FakeHub, *request: Any) -> None:
        self.hub = hub  # first, since the rest of this answers the request
        super().__init__(*request)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        dies = self.hub.mood == "dies" and "/commit/" in self.path
        said = self.rfile.read(length // 2 if dies else length)
        if dies or self._is_moody():
            self.close_connection = True
        elif self.path == "/api/repos/create":
            self._say({"url": f"{self.hub.url}/datasets/you/votes"})
        elif "/preupload/" in self.path:
            files = [file["path"] for file in json.loads(said)["files"]]
            mode = {"uploadMode": "regular", "shouldIgnore": False}
            self._say({"files": [{"path": path} | mode for path in files]})
        else:
            self._say(self.hub.commit(said))

    def do_GET(self) -> None:
        if self._is_moody():
            self.close_connection = True
        elif self.path.startswith(f"{DATASET}/tree/"):
            sizes = {name: len(content) for name, content in self.hub.files.items()}
            rows = [{"type": "file", "path": p, "size": n, "oid": p} for p, n in sizes.items()]
            self._say(rows)
        elif self.path.startswith(DATASET):
            self._say(self.hub.about())
        elif (name := self.path.rpartition("/")[2]) in self.hub.files:
            self._send(self.hub.files[name])
        else:
            self.send_error(404)

    do_HEAD = do_GET

    def _is_moody(self) -> bool:
        self.hub.asked += 1
        if self.hub.mood == "hang":
            self.hub.hang()
        elif isinstance(self.hub.mood, int):
            self.send_error(self.hub.mood)
        return self.hub.mood not in ("well", "dies")

    def _say(self, reply: object) -> None:
        self._send(json.dumps(reply).encode())

    def _send(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hash(content)}"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...
