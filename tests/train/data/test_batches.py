import itertools
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from train.data.batches import Batch, batches, whole_photos
from train.data.cache import Cache, DataError
from train.data.draft import Draft, JournalLine

WHOLE = {"scale": (1.0, 1.0), "aspect": 1.0}


def make_cache(folder: Path, photos: list[np.ndarray]) -> Cache:
    with Draft(folder, {}) as draft:
        for i, pixels in enumerate(photos):
            height, width, _ = pixels.shape
            line = JournalLine(f"{i}.png", height, width, f"{i % 3}", "train", f"{i:032x}")
            draft.add([(line, pixels.tobytes())])
        draft.finish()
    return Cache.open(folder)


def plain(i: int) -> np.ndarray:
    """Photo i has a size of its own and one colour, which tells its number."""
    return np.full((10 + i % 5, 10 + i % 7, 3), (i, 2 * i, 255 - i), np.uint8)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return make_cache(tmp_path_factory.mktemp("batches") / "cache", [plain(i) for i in range(23)])


def take(cache: Cache, count: int, **options: object) -> list[Batch]:
    options = {"crop": 8, "batch_size": 6, "seed": 1} | options
    feed = batches(cache, options.pop("indices", np.arange(len(cache))), **options)
    taken = list(itertools.islice(feed, count))
    feed.close()
    return taken


def same(one: Batch, other: Batch) -> bool:
    return all(
        torch.equal(getattr(one, name), getattr(other, name))
        for name in ("pixels", "labels", "indices")
    )


def test_a_batch_is_what_it_says(cache):
    for batch in take(cache, 5):
        assert batch.pixels.shape == (6, 3, 8, 8)
        assert batch.pixels.dtype == torch.uint8
        assert batch.labels.dtype == batch.indices.dtype == torch.int64
        colours = torch.tensor([[i, 2 * i, 255 - i] for i in batch.indices.tolist()])
        assert (batch.pixels == colours[:, :, None, None]).all()
        assert batch.labels.tolist() == [int(cache.labels[i]) for i in batch.indices]


@settings(max_examples=30)
@given(count=st.integers(1, 23), batch_size=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_every_photo_once_an_epoch_in_a_new_order(cache, count, batch_size, seed):
    steps = -(-3 * count // batch_size)
    chosen = np.random.default_rng(0).permutation(23)[:count]
    taken = take(cache, steps, indices=chosen, batch_size=batch_size, seed=seed)
    stream = torch.cat([batch.indices for batch in taken]).tolist()
    epochs = [stream[i * count : (i + 1) * count] for i in range(3)]
    assert all(sorted(epoch) == sorted(chosen) for epoch in epochs)
    if count > 12:
        assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.parametrize("start", [1, 4, 9])
def test_resumed_equals_uninterrupted(cache, start):
    all_along = take(cache, 12)
    resumed = take(cache, 12 - start, start=start)
    assert all(same(*pair) for pair in zip(all_along[start:], resumed, strict=True))


def test_a_late_start_costs_nothing(cache):
    late = 10**9
    assert same(take(cache, 2, start=late)[1], take(cache, 1, start=late + 1)[0])


@pytest.mark.parametrize("world", [2, 3])
def test_processes_together_cut_what_one_would(cache, world):
    alone = take(cache, 6)
    ranks = [take(cache, 6, rank=rank, world=world) for rank in range(world)]
    for step, batch in enumerate(alone):
        parts = [rank[step] for rank in ranks]
        assert torch.equal(torch.cat([part.pixels for part in parts]), batch.pixels)
        assert torch.equal(torch.cat([part.indices for part in parts]), batch.indices)
        assert torch.equal(torch.cat([part.labels for part in parts]), batch.labels)


def test_threads_change_nothing_but_speed(cache):
    assert all(same(*pair) for pair in zip(take(cache, 9), take(cache, 9, threads=4), strict=True))


def test_the_seed_decides(tmp_path):
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (20, 20, 3), dtype=np.uint8) for _ in range(8)]
    cache = make_cache(tmp_path / "cache", noise)
    assert all(same(*pair) for pair in zip(take(cache, 3), take(cache, 3), strict=True))
    assert not torch.equal(take(cache, 1)[0].pixels, take(cache, 1, seed=2)[0].pixels)


def numbered(height: int, width: int) -> np.ndarray:
    """Every pixel tells its row and its column."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows, columns, np.full_like(rows, 7)], -1).astype(np.uint8)


def test_a_window_of_the_crop_size_is_cut_without_scaling(tmp_path):
    cache = make_cache(tmp_path / "cache", [numbered(20, 30)])
    options = {"crop": 20, "batch_size": 400, "aspect": 1.0, "scale": (1.0, 1.0)}
    pixels = take(cache, 1, **options)[0].pixels.int()  # (N, 3, 20, 20)
    rows, columns = pixels[:, 0], pixels[:, 1]
    assert (rows == torch.arange(20)[None, :, None]).all()
    steps = columns.diff(dim=2)
    mirrored = (steps == -1).all((1, 2))
    assert ((steps == 1).all((1, 2)) | mirrored).all()
    # A fair coin and a uniform place: five standard deviations, and every place seen.
    assert abs(int(mirrored.sum()) - 200) < 5 * 10
    assert Counter(columns.amin((1, 2)).tolist()).keys() == set(range(11))


def test_windows_reach_the_last_row_and_differ_from_step_to_step(tmp_path):
    cache = make_cache(tmp_path / "cache", [numbered(30, 20)])
    options = {"crop": 20, "batch_size": 200, "aspect": 1.0, "scale": (1.0, 1.0), "flip": False}
    first, second = (batch.pixels[:, 0, 0, 0].tolist() for batch in take(cache, 2, **options))
    assert set(first) == set(range(11))
    assert first != second


def test_flip_can_be_turned_off(tmp_path):
    cache = make_cache(tmp_path / "cache", [numbered(20, 30)])
    pixels = take(cache, 1, crop=20, batch_size=64, flip=False, **WHOLE)[0].pixels.int()
    assert (pixels[:, 1].diff(dim=2) == 1).all()


def test_windows_have_the_asked_sides_and_proportions(tmp_path):
    """On a ramp, the extent of a crop's values is the extent of its window."""
    cache = make_cache(tmp_path / "cache", [numbered(200, 250)])
    options = {"crop": 100, "batch_size": 300, "scale": (0.5, 0.8), "aspect": 1.2, "flip": False}
    pixels = take(cache, 1, **options)[0].pixels.float()
    height = (pixels[:, 0, -1, 50] - pixels[:, 0, 0, 50]) * 100 / 99
    width = (pixels[:, 1, 50, -1] - pixels[:, 1, 50, 0]) * 100 / 99
    side = (height * width).sqrt() / 200
    assert 0.48 < side.min() < 0.53
    assert 0.77 < side.max() < 0.82
    ratio = width / height
    assert 1 / 1.25 < ratio.min() < 1 / 1.15
    assert 1.15 < ratio.max() < 1.25
    assert pixels[:, 2].unique().tolist() == [7.0]


def test_a_photo_smaller_than_the_crop_is_enlarged(cache):
    assert take(cache, 1, crop=40)[0].pixels.shape == (6, 3, 40, 40)


def test_scaling_agrees_with_pillow(tmp_path):
    from PIL import Image

    photo = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    cache = make_cache(tmp_path / "cache", [photo])
    for crop in (25, 90):
        ours = take(cache, 1, crop=crop, batch_size=1, flip=False, **WHOLE)[0].pixels[0]
        oracle = np.asarray(Image.fromarray(photo).resize((crop, crop), Image.Resampling.BILINEAR))
        assert np.abs(ours.permute(1, 2, 0).numpy().astype(int) - oracle).max() <= 1


def test_whole_photos_in_the_given_order(cache):
    taken = list(whole_photos(cache, np.array([5, 0, 9])))
    assert [int(batch.indices[0]) for batch in taken] == [5, 0, 9]
    for batch in taken:
        i = int(batch.indices[0])
        assert np.array_equal(batch.pixels[0].permute(1, 2, 0).numpy(), cache.photo(i))
        assert batch.labels.tolist() == [cache.labels[i]]


def test_tones_are_drawn_evenly_and_change_nothing_else(cache):
    plain, toned = take(cache, 50, seed=3), take(cache, 50, seed=3, tone=1.5)
    assert all(same(a, b) and a.tones is None for a, b in zip(plain, toned, strict=True))
    powers = torch.cat([batch.tones for batch in toned])
    assert len(powers) == 300 and powers.min() >= 1 / 1.5 and powers.max() <= 1.5
    assert abs(powers.log().mean()) < 0.05  # as many darker as paler
    assert powers.log().std() == pytest.approx(np.log(1.5) / np.sqrt(3), rel=0.1)  # uniform


def test_processes_draw_the_tones_that_one_would(cache):
    (whole,) = take(cache, 1, tone=1.5)
    parts = [take(cache, 1, tone=1.5, rank=rank, world=2)[0].tones for rank in range(2)]
    assert torch.equal(torch.cat(parts), whole.tones)


def test_closing_ends_the_threads(cache):
    before = threading.active_count()
    feed = batches(cache, np.arange(5), crop=8, batch_size=2, seed=0, threads=3)
    next(feed)
    workers = [t for t in threading.enumerate() if t.name.startswith("ThreadPool")]
    assert workers
    feed.close()
    for worker in workers:
        worker.join(timeout=10)
    assert threading.active_count() == before


def test_an_error_on_a_thread_reaches_the_loop(cache):
    feed = batches(cache, np.array([0, 99]), crop=8, batch_size=2, seed=0)
    with pytest.raises(IndexError):
        next(feed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indices": np.array([], int)}, "this side of the split is empty"),
        ({"batch_size": 0}, "must be at least 1"),
        ({"crop": 0}, "must be at least 1"),
        ({"batch_size": 7, "world": 2}, "divisible among 2"),
        ({"rank": 2, "world": 2}, "rank 2 must be one of the 2"),
        ({"scale": (0.0, 1.0)}, r"must lie in \(0, 1\]"),
        ({"scale": (0.9, 0.5)}, r"must lie in \(0, 1\]"),
        ({"scale": (0.9, 1.5)}, r"must lie in \(0, 1\]"),
        ({"aspect": 0.5}, "aspect 0.5 and tone 1.0 be at least 1"),
        ({"tone": 0.5}, "tone 0.5 be at least 1"),
    ],
)
def test_impossible_batches(cache, options, message):
    with pytest.raises(DataError, match=message):
        take(cache, 1, **options)


MEMORY = """
import itertools, json, re, sys
import torch
from pathlib import Path
from train.data.batches import batches
from train.data.cache import Cache

def resident():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"RssAnon:\\s+(\\d+) kB", status)[1]) / 1024

torch.set_num_threads(1)
found = []
for folder in sys.argv[1:]:
    before = resident()
    cache = Cache.open(folder)
    feed = batches(cache, cache.split("train"), crop=32, batch_size=64, seed=0)
    list(itertools.islice(feed, 100))
    found.append(resident() - before)
    feed.close()
print(json.dumps(found))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_many_photos_cost_no_more_memory_than_few(tmp_path):
    """100,000 photos against 1,000: the same, but for their numbers and labels."""
    pixels = np.zeros((24, 24, 3), np.uint8).tobytes()
    for name, count in (("warm", 1000), ("few", 1000), ("many", 100_000)):
        with Draft(tmp_path / name, {}) as draft:
            for start in range(0, count, 1000):
                lines = (
                    JournalLine(f"{i}.png", 24, 24, "", "train", f"{i:032x}")
                    for i in range(start, start + 1000)
                )
                draft.add([(line, pixels) for line in lines])
            draft.finish()
    command = [sys.executable, "-c", MEMORY, *(str(tmp_path / n) for n in ("warm", "few", "many"))]
    one_heap = os.environ | {"MALLOC_ARENA_MAX": "1"}  # or each thread may begin one of its own
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=one_heap)
    _, few, many = json.loads(done.stdout)
    assert many - few < 8  # MiB; all 100,000 photos are 165 MiB
