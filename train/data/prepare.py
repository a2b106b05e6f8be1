"""Data: from a folder, tar shards or a hub data set to a cache that the training loop reads.

    python -m train prepare PHOTOS --output CACHE
    python -m train prepare hf:cifar10 --output CACHE --short-side 32
    python -m train prepare s3://photos/shards --output CACHE --workers 8

Every image is decoded once, shrunk, and stored as 8-bit RGB. Broken and nearly grey images are
skipped and listed in CACHE/skipped.csv. The side of a photo (train, val, test) follows from the
bytes of its file: neither its name nor the other photos can change it. A preparation that was
interrupted goes on where it stopped.
"""

import itertools
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tqdm import tqdm

from colorize.engine.address import Place, Remote, place
from train.data.cache import Cache, DataError
from train.data.draft import Draft, settings_difference
from train.data.intake import CacheSettings
from train.data.sources import SourceItem, count_items, is_hub, items
from train.data.workers import Lines, Workers, read_chunk

CHUNK = 32  # images a task: large enough to hide the pipe, small enough to be little in flight


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
    index: str | Place | None = None,
    progress: bool = True,
) -> Cache:
    """Makes the cache `output` of the photos in `source`, or opens it if it is already made.

    `splits` gives the share of each side other than train (default: 5 % val); a side named in the
    source itself other than "train" wins. `index` is a table (CSV) that names the photos to take;
    without it all are taken. `square` pads with white to a square first. `limit` stops after that
    many images of the source.
    """
    output = Path(output)
    shares = {"val": 0.05} if splits is None else dict(splits)
    index = place(_full(index)) if index else None
    settings = CacheSettings(
        _full(source), str(index or ""), short_side, min_chroma, square, shares, limit
    )
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        return _made(output, settings)

    def every() -> Iterator[SourceItem]:
        return itertools.islice(items(source, index), limit)

    total = count_items(source, index)
    if total is not None and limit is not None:
        total = min(total, limit)
    if total == 0:
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


def _full(source: str | Place) -> str:
    where = place(str(source))
    named = isinstance(where, Remote) or is_hub(source)
    return str(source) if named else str(Path(where).resolve())


def _made(output: Path, settings: CacheSettings) -> Cache:
    cache = Cache.open(output)
    if cache.settings != asdict(settings):
        change = settings_difference(cache.settings, asdict(settings))
        raise DataError(
            f"{output} is already made, with {change}. "
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
    rest: Iterable[SourceItem], settings: CacheSettings, workers: int
) -> Generator[Lines, None, None]:
    """The lines and pixels of `rest`, in order, a chunk at a time."""
    chunks = iter(lambda: list(itertools.islice(rest, CHUNK)), [])
    if workers <= 1:
        yield from (read_chunk(chunk, settings) for chunk in chunks)
        return
    with Workers(workers, partial(read_chunk, settings=settings)) as team:
        yield from team.map(chunks)
