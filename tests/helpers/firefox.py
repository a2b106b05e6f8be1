"""A Firefox without a window, driven by WebDriver BiDi: JSON over a WebSocket of its own.

with Firefox(folder) as firefox:
    firefox.open("http://127.0.0.1:7860/study")
    firefox.evaluate("document.title")

As little of both protocols as that takes, since no driver for Debian's Firefox is installed.
"""

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
LISTENS = re.compile(r"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")
PATIENCE_S = 60.0
PREFERENCES = {  # nothing from elsewhere, and every frame as it comes
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}


class WebSocket:
    """Text messages of one connection, which this end opens."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._stream = self._socket.makefile("rb")
        assert b" 101 " in self._stream.readline()
        while self._stream.readline().strip():
            pass

    def send(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        size = len(data)  # of one whole text, masked; in as few bytes as it fits
        lengths = [(126, ">B", size), (1 << 16, ">BH", 126), (1 << 63, ">BQ", 127)]
        code, first = next((code, first) for most, code, first in lengths if size < most)
        sizes = (0x80 | first,) if code == ">B" else (0x80 | first, size)
        head = b"\x81" + struct.pack(code, *sizes)
        self._socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def receive(self) -> str:
        data = b""
        while True:
            first, second = self._stream.read(2)
            size = second & 0x7F
            if size > 125:
                width = 2 if size == 126 else 8
                size = int.from_bytes(self._stream.read(width), "big")
            part = self._stream.read(size)
            if first & 0x0F in (0, 1):  # of a text; pings and the like are left alone
                data += part
                if first & 0x80:
                    return data.decode()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


class Firefox:
    def __init__(self, folder: Path) -> None:
        assert FIREFOX, "no firefox is installed"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (folder / "user.js").write_text("\n".join(lines))
        command = [FIREFOX, "--headless", "--no-remote", "--profile", str(folder)]
        command += ["--remote-debugging-port=0", "--width=1280", "--height=900"]
        size = {"MOZ_HEADLESS_WIDTH": "1280", "MOZ_HEADLESS_HEIGHT": "900"}  # of the screen
        self._said = folder / "said.txt"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                command, stdout=said, stderr=said, env=os.environ | size
            )
        try:
            self._socket = WebSocket(self._port(), "/session")
        except BaseException:
            self._end()
            raise
        self._number = 0
        self._ask("session.new", capabilities={})
        (self._tab, *_) = self._ask("browsingContext.getTree")["contexts"]

    def _port(self) -> int:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self._process.poll() is None:
            if found := LISTENS.search(self._said.read_text(errors="replace")):
                return int(found[1])
            time.sleep(0.05)
        raise AssertionError(f"Firefox does not listen. It said: {self._said.read_text()[-500:]}")

    def _ask(self, method: str, **given: object) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": given}))
        while True:
            said = json.loads(self._socket.receive())
            if said.get("id") == self._number:
                assert said["type"] == "success", said
                return said["result"]

    def open(self, url: str) -> None:
        self._ask(
            "browsingContext.navigate", context=self._tab["context"], url=url, wait="complete"
        )

    def evaluate(self, script: str) -> Any:
        """What a script gives, as JSON knows it; a promise is waited for."""
        asked = f"Promise.resolve({script}).then((value) => JSON.stringify(value ?? null))"
        target = {"context": self._tab["context"]}
        said = self._ask("script.evaluate", expression=asked, target=target, awaitPromise=True)
        assert said["type"] == "success", said
        return json.loads(said["result"]["value"])

    def press(self, key: str) -> None:
        """A key, as WebDriver calls it."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        keys = [{"type": "key", "id": "keys", "actions": actions}]
        self._ask("input.performActions", context=self._tab["context"], actions=keys)

    def __enter__(self) -> "Firefox":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(30)
