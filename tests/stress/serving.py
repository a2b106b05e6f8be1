"""The app in a process of its own: started, killed at any moment, started again where it was.

with Server(folder, study="studies/mine") as server:
    httpx.get(f"{server.url}/healthz")
    server.kill()   # kill -9: nothing is tidied up
    server.start()  # the same address, study, votes and temporary files
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
STARTS_S = 600.0  # patience with a start on a busy machine


class Server:
    """`python app.py` on a free port of this machine; what it writes stays within `place`."""

    def __init__(
        self,
        place: str | Path,
        study: str | Path | None = None,
        data: str | Path | None = None,
        **environ: str,
    ) -> None:
        self.place = Path(place).resolve()
        self.data = Path(data or self.place / "votes").resolve()
        self.temporary = self.place / "temporary"  # of Gradio, and of Python
        self.log = self.place / "server.log"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._study = ["--study", str(Path(study).resolve())] if study else []
        self._environ = {
            "GRADIO_TEMP_DIR": str(self.temporary / "gradio"),
            "TMPDIR": str(self.temporary),
            "GRADIO_ANALYTICS_ENABLED": "False",
        } | environ
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        assert self._process, "start it first"
        return self._process.pid

    def start(self) -> "Server":
        """Back when it answers."""
        command = [sys.executable, "app.py", *self._study]
        command += ["--data", str(self.data), "--port", str(self.port)]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={name: os.environ[name] for name in os.environ if name not in STRANGE}
                | self._environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()
        return self

    def kill(self) -> None:
        """At once, as by a power cut of this process alone."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        """As an operator would."""
        self._end(subprocess.Popen.terminate)

    def said(self) -> str:
        """Everything it has printed, over all starts."""
        return self.log.read_text(errors="replace") if self.log.is_file() else ""

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"The app did not start. It said:\n{self.said()[-4000:]}")

    def _end(self, how: Callable[[subprocess.Popen], None]) -> None:
        process, self._process = self._process, None
        if process:
            how(process)
            process.wait(timeout=60)


STRANGE = ("SURVEY_MIRROR_REPO", "HF_TOKEN", "SYSTEM", "SPACES_ZERO_GPU")  # never outside


def free_port() -> int:
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        return ours.getsockname()[1]
