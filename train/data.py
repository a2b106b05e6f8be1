"""Data: from a folder, tar shards or a hub data set to a cache that the training loop reads.

    python -m train prepare PHOTOS --output CACHE
    python -m train prepare hf:cifar10 --output CACHE --short-side 32

Every image is decoded once, shrunk, and stored as 8-bit RGB. Broken and nearly grey images are
skipped and listed in CACHE/skipped.csv. The side of a photo (train, val, test) follows from the
bytes of its file: neither its name nor the other photos can change it. A preparation that was
interrupted goes on where it stopped.
"""

import hashlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from train.cache import Cache, DataError
from train.draft import Draft, Line, difference
from train.sources import Item, Slice, count, items

CHUNK = 32  # images a task: large enough to hide the pipe, small enough to be little in flight


@dataclass(frozen=True)
class Settings:
    """What decides the content of a cache; kept in its meta.json."""

    source: str
    index: str
    short_side: int
    min_chroma: float
    square: bool
    splits: dict[str, float]
    limit: int | None

    def __post_init__(self) -> None:
        if self.short_side < 1:
            raise DataError(f"short_side is {self.short_side}; it must be at least 1 pixel.")
        if min(self.splits.values(), default=0) < 0 or sum(self.splits.values()) >= 1:
            raise DataError(f"The shares {self.splits} must be positive and leave some to train.")
        if "train" in self.splits:
            raise DataError("The share of 'train' is what the other splits leave: do not give it.")


def prepare(
    source: str | Path,
    output: str | Path,
    *,
    short_side: int = 160,
    min_chroma: float = 2.0,
    square: bool = False,
    workers: int = 2,
    splits: Mapping[str, float] | None = None,
    limit: int | None = None,
    index: str | Path | None = None,
    progress: bool = True,
) -> Cache:
    """Makes the cache `output` of the photos in `source`, or opens it if it is already made.

    `splits` gives the share of each side other than train (default: 5 % val); a side named in the
    source's own index other than "train" wins. `index` is a table (CSV) that names the photos to
    take; without it all are taken. `square` pads with white to a square first. `limit` stops after that many images of the source.
    """
    output = Path(output)
    shares = {"val": 0.05} if splits is None else dict(splits)
    place = str(Path(index).resolve()) if index else ""
    settings = Settings(_full(source), place, short_side, min_chroma, square, shares, limit)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        return _made(output, settings)

    def every() -> Iterator[Item]:
        return itertools.islice(items(source, Path(index) if index else None), limit)

    total = count(source, Path(index) if index else None)
    total = total if limit is None else min(total, limit)
    if not total:
        raise DataError(f"{source} holds no images and no tar shards of images.")
    with Draft(output, asdict(settings)) as draft:
        rest = draft.rest(every())
        bar = tqdm(total=total, initial=draft.done, unit=" images", disable=not progress)
        with bar, closing(_read_all(rest, settings, workers)) as chunks:
            for chunk in chunks:
                draft.add(chunk)
                bar.update(len(chunk))
        _check_any(draft, source)
        draft.finish()
    return Cache.open(output)


def _full(source: str | Path) -> str:
    return str(source) if str(source).startswith("hf:") else str(Path(source).resolve())


def _made(output: Path, settings: Settings) -> Cache:
    cache = Cache.open(output)
    if cache.settings != asdict(settings):
        raise DataError(
            f"{output} is already made, with {difference(cache.settings, asdict(settings))}. "
            "Choose another output, or delete it to make it anew."
        )
    return cache


def _check_any(draft: Draft, source: str | Path) -> None:
    if draft.size:
        return
    some = "; ".join(f"{line.name}: {line.problem}" for line in itertools.islice(draft.lines(), 3))
    draft.discard()
    raise DataError(f"None of the {draft.done} images of {source} can be used. The first: {some}.")


def _read_all(
    rest: Iterable[Item], settings: Settings, workers: int
) -> Iterator[list[tuple[Line, bytes]]]:
    """The lines and pixels of `rest`, in order, a chunk at a time."""
    chunks = iter(lambda: list(itertools.islice(rest, CHUNK)), [])
    if workers <= 1:
        yield from (read_chunk(chunk, settings) for chunk in chunks)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent)
    waiting: deque[Future[list[tuple[Line, bytes]]]] = deque()
    with pool:
        try:
            for chunk in chunks:
                waiting.append(pool.submit(read_chunk, chunk, settings))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise DataError(
                "A worker process was ended, perhaps for want of memory. "
                "Run the same command with fewer workers: it goes on where it stopped."
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _follow_parent() -> None:
    """A worker leaves Ctrl-C to its parent, and ends when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def follow() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def read_chunk(chunk: list[Item], settings: Settings) -> list[tuple[Line, bytes]]:
    return [read(item, settings) for item in chunk]


def read(item: Item, settings: Settings) -> tuple[Line, bytes]:
    """One image as a line of the journal and its pixels, shrunk; or the reason to skip it."""
    try:
        content = item.content.read() if isinstance(item.content, Slice) else item.content
        if isinstance(content, DataError):
            raise content
        pixels = content if isinstance(content, np.ndarray) else decode(content, item.name)
    except (OSError, ValueError) as error:
        return Line(item.name, problem=str(error)), b""
    pixels = shrink(pad_square(pixels) if settings.square else pixels, settings.short_side)
    chroma = mean_chroma(pixels)
    if chroma < settings.min_chroma:
        reason = f"nearly grey: mean chroma {chroma:.1f}, below {settings.min_chroma:g}"
        return Line(item.name, problem=reason), b""
    data = content.tobytes() if isinstance(content, np.ndarray) else content
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    split = item.split if item.split not in ("", "train") else side(digest, settings.splits)
    height, width, _ = pixels.shape
    return Line(item.name, height, width, item.label, split, digest), pixels.tobytes()


def decode(content: bytes, name: str) -> np.ndarray:
    """(H, W, 3) uint8, upright, transparent parts white."""
    try:
        with Image.open(BytesIO(content)) as image:
            image = ImageOps.exif_transpose(image).convert("RGBA")
    except (SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(f"{name} cannot be read ({error})") from error
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


def shrink(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """So that the shorter side is at most `short_side`; never enlarged."""
    height, width, _ = pixels.shape
    factor = short_side / min(height, width)
    if factor >= 1:
        return pixels
    size = max(short_side, round(width * factor)), max(short_side, round(height * factor))
    image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image)


def pad_square(pixels: np.ndarray) -> np.ndarray:
    """White on both sides of the shorter way."""
    height, width, _ = pixels.shape
    side = max(height, width)
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = pixels
    return square


def mean_chroma(pixels: np.ndarray) -> float:
    """Mean of sqrt(a² + b²) over at most about 4,096 pixels, evenly spread."""
    from skimage.color import rgb2lab

    step = max(1, round(np.sqrt(pixels.shape[0] * pixels.shape[1] / 4096)))
    ab = rgb2lab(pixels[::step, ::step])[..., 1:]
    return float(np.hypot(ab[..., 0], ab[..., 1]).mean())


def side(digest: str, shares: Mapping[str, float]) -> str:
    """The split of a photo, from the hash of its bytes alone."""
    place = int(digest[:16], 16) / 2**64  # uniform in [0, 1)
    for name, share in shares.items():
        if place < share:
            return name
        place -= share
    return "train"
