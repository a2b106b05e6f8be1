"""The whole app on an emulated ZeroGPU Space: tests/helpers/zero_gpu_space.py says how."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Event

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.stress.raw_client import RawClient, photo
from tests.stress.serving import STARTS_S, STRANGE, free_port

pytest.importorskip("spaces", reason="spaces is not installed: pip install --no-deps spaces")
pytestmark = pytest.mark.slow
API = "/gradio_api"
MODELS = ["rebalanced", "classification", "regression"]


@dataclass
class Space:
    """An emulated Space, and what its visitors were told."""

    folder: Path
    url: str
    told: list[str] = field(default_factory=list)

    def upload(self, picture: bytes, name: str) -> dict[str, object]:
        (path,) = httpx.post(f"{self.url}{API}/upload", files={"files": (name, picture)}).json()
        return photo(path=path, orig_name=name)

    def call(self, handler: str, *data: object, session: str = "visitor") -> list:
        """What the page gets when this handler is called as the page calls it."""
        config = httpx.get(f"{self.url}/config").json()
        (number,) = (d["id"] for d in config["dependencies"] if d["api_name"] == handler)
        body = {"data": data, "fn_index": number, "session_hash": session}
        httpx.post(f"{self.url}{API}/queue/join", json=body).raise_for_status()
        address = f"{self.url}{API}/queue/data?session_hash={session}"
        with httpx.stream("GET", address, timeout=300) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data:") or "{}")
                if message.get("msg") == "log":
                    self.told.append(message["log"])
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return message["output"]["data"]
        raise AssertionError("The queue ended without an answer.")

    def fetch(self, file: dict) -> bytes:
        return httpx.get(f"{self.url}{API}/file={file['path']}").raise_for_status().content

    def events(self) -> Counter[str]:
        """How often what was asked of the service that lends GPUs, and sent to workers."""
        return Counter(line.split()[0] for line in self.lines())

    def lines(self) -> list[str]:
        return (self.folder / "events.txt").read_text().splitlines()

    def sent(self) -> list[int]:
        return [int(line.split()[1]) for line in self.lines() if line.startswith("sent ")]


@contextmanager
def space(folder: Path, weights: Path, kind: str = "") -> Iterator[Space]:
    """A Space that runs until the end of the block."""
    shutil.copytree(weights, folder / "weights")
    environ = {name: value for name, value in os.environ.items() if name not in STRANGE}
    environ |= {"GRADIO_TEMP_DIR": str(folder / "uploads"), "PYTHONWARNINGS": "default"}
    port, log = free_port(), folder / "space.log"
    command = [sys.executable, "-m", "tests.helpers.zero_gpu_space", str(folder), str(port)]
    with log.open("w") as said:
        options = {"env": environ, "stdout": said, "stderr": subprocess.STDOUT}
        process = subprocess.Popen([*command, *([kind] if kind else [])], **options)
    try:
        wait(process, f"http://127.0.0.1:{port}/healthz", log)
        yield Space(folder, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait(process: subprocess.Popen, address: str, log: Path) -> None:
    for _ in range(int(STARTS_S / 0.2)):
        if process.poll() is not None:
            break
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            Event().wait(0.2)
    process.kill()
    raise RuntimeError(f"The Space did not start:\n{log.read_text()[-4000:]}")


def picture(seed: int, width: int, height: int) -> bytes:
    """A gray photo of soft shapes, as PNG."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 16), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def pixels(content: bytes) -> np.ndarray:
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def on_cpu(content: bytes, weights: Path, model: str, settings: tuple[float, float]) -> np.ndarray:
    """The photo as this process colours it on the CPU."""
    from colorize import Colorizer

    colorizer = Colorizer.load(weights / f"{model}.safetensors", "cpu")
    temperature, saturation = settings
    done = colorizer(content, temperature=temperature, saturation=saturation)
    return done.pixels.astype(int)


def visit(here: Space, weights: Path) -> None:
    """Two visitors at once; a comparison; a ZIP; somebody in the study. All see true colours."""
    large, small, other = picture(1, 4000, 3000), picture(2, 300, 200), picture(3, 200, 300)
    files = [here.upload(p, f"{n}.png") for n, p in enumerate((large, small, other))]
    tuned = ["rebalanced", 0.4, 1.0]
    with ThreadPoolExecutor(2) as visitors:
        jobs = [
            visitors.submit(here.call, "colorize", file, *tuned, "PNG", session=f"visitor{n}")
            for n, file in enumerate(files[:2])
        ]
    for job, given in zip(jobs, (large, small), strict=True):
        same(pixels(here.fetch(job.result()[0])), on_cpu(given, weights, "rebalanced", (0.4, 1.0)))
    here.call("model_choices")  # as the page does when it opens
    wall, _ = here.call("compare", files[1], MODELS, [])
    assert all(panel["picture"] for panel in wall) and len(wall) == 1 + len(MODELS)
    archive, _ = here.call("bundle", [files[1], files[2]], *tuned, "", "PNG", None, 1.0)
    with zipfile.ZipFile(BytesIO(here.fetch(archive))) as inside:
        last = inside.read(sorted(inside.namelist())[-1])
    same(pixels(last), on_cpu(other, weights, "rebalanced", (0.4, 1.0)))
    take_part(RawClient(here.url))


def same(seen: np.ndarray, wanted: np.ndarray) -> None:
    """The same colours, but for what bfloat16 rounds; zeros for an answer would make others."""
    assert seen.shape == wanted.shape
    assert np.ptp(wanted, axis=2).mean() > 10
    assert np.abs(seen - wanted).mean() < 2, "other colours"


def take_part(client: RawClient) -> None:
    """The demonstration, once it is built."""
    for _ in range(600):
        if "wait" not in (said := client.ask("begin", consent=True, panel_id="")):
            break
        Event().wait(0.2)
    client.ask("colour_vision", token=said["reply"], answer="normal")
    assert client.ask("next_trial", token=said["reply"])["reply"]["answers"]
    client.close()


def everything_was_lent(here: Space) -> None:
    """One lent call for each pass of a visitor, none at start, and little was sent."""
    seen = here.events()
    passes = 2 + 2 + 1  # two photos; two more models on one of them; one more photo in the ZIP
    assert here.lines()[:2] == ["startup-report", "launched"]
    lent = (seen["schedule"], seen["release"], len(here.sent()))
    assert lent == (passes,) * 3, f"other lent calls: {lent}"
    assert max(here.sent()) < 2_000_000
    assert not here.told


def test_all_passes_run_on_a_lent_gpu(tiny_weights, tmp_path):
    with space(tmp_path, tiny_weights) as here:
        visit(here, tiny_weights)
        everything_was_lent(here)


def test_peers_that_were_fetched_before_lie_on_the_gpu_too(monkeypatch):
    """And a file that is damaged keeps nobody from starting."""
    from colorize import zoo
    from colorize.colorizer import Colorizer
    from colorize.config import ModelError
    from colorize.web.zero_gpu import load_all

    def load(name: str, device: str) -> str:
        if name == "siggraph17":
            raise ModelError("damaged")
        return f"{name} on {device}"

    monkeypatch.setattr(zoo, "shipped", lambda: ["rebalanced"])
    monkeypatch.setattr(zoo, "fetched", lambda: ["eccv16", "siggraph17"])
    monkeypatch.setattr(Colorizer, "load", load)
    assert load_all() == {"rebalanced": "rebalanced on cuda", "eccv16": "eccv16 on cuda"}


def test_where_every_gpu_is_refused_the_cpu_colours(tiny_weights, tmp_path):
    """And the visitor is told, once an event."""
    with space(tmp_path, tiny_weights, "refused") as here:
        visit(here, tiny_weights)
        assert here.events()["schedule"] == len(here.told) == 2 + 1 + 1
        assert all("coloured on the CPU" in words for words in here.told)


@pytest.mark.parametrize(
    ("mistake", "noticed"), [("lazy", "other lent calls: .0, 0, 0"), ("unlent", "other colours")]
)
def test_a_mistake_is_noticed(tiny_weights, tmp_path, mistake, noticed):
    """Models that visitors' threads move, and models that answer zeros without a lent call."""
    failure = pytest.raises(AssertionError, match=noticed)
    with space(tmp_path, tiny_weights, mistake) as here, failure:
        visit(here, tiny_weights)
        everything_was_lent(here)
