"""A visitor of the Colorize page, over plain HTTP: upload, queue, download.

    jpeg = await colour(http, signed(photograph(12), 7))

The calls are those of README's block for programs. Photos are made of noise at all scales, and each
is signed with a number: no two are the same file, so nothing that the app remembers helps.
"""

import io
import json

import httpx
import numpy as np
from PIL import Image

API = "/gradio_api"


class Failed(Exception):
    """The app answered, but not with the photo."""


def photograph(megapixels: float, seed: int = 0) -> bytes:
    """A JPEG, 4:3, that looks like nothing but weighs as much as a photo."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3), np.float32)
    for side, weight in ((4, 70), (16, 40), (64, 20), (256, 10), (1024, 8)):
        noise = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        pixels += weight / 255 * np.asarray(noise.resize((width, height)), np.float32)
    image = Image.fromarray(
        (pixels + rng.normal(50, 4, (height, width, 1))).clip(0, 255).astype("u1")
    )
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def signed(jpeg: bytes, number: int) -> bytes:
    """The same photo in another file: a comment behind the first marker."""
    words = str(number).encode()
    return jpeg[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + jpeg[2:]


async def colour(http: httpx.AsyncClient, jpeg: bytes) -> bytes:
    """The photo in colour, as large as it was."""
    files = {"files": ("old.jpg", jpeg, "image/jpeg")}
    (path,) = (await http.post(f"{API}/upload", files=files)).raise_for_status().json()
    photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
    call = f"{API}/call/colorize"
    answer = await http.post(call, json={"data": [photo, "", 0.4, 1.0, ""]})
    event = answer.raise_for_status().json()["event_id"]
    url = await _result(http, f"{call}/{event}")
    done = (await http.get(url)).raise_for_status().content
    if _size(done) != _size(jpeg):
        raise Failed(f"A photo of {_size(jpeg)} came back as one of {_size(done)}.")
    return done


async def _result(http: httpx.AsyncClient, address: str) -> str:
    """Wait for the queue; the address of the result."""
    event = ""
    async with http.stream("GET", address) as lines:
        async for line in lines.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data" and event == "complete":
                return json.loads(value)[0]["url"]
            elif name == "data" and event == "error":
                raise Failed(value)
    raise httpx.ReadError("The queue hung up.")


def _size(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.size
