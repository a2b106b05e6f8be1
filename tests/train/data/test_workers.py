import itertools
from pathlib import Path

import pytest

from train.data.cache import DataError
from train.data.intake import CacheSettings
from train.data.sources import SourceItem, items
from train.data.workers import Worker, Workers, read_chunk

SETTINGS = CacheSettings("", "", 160, 0.0, False, {}, None)
LARGE = 2_000  # pixels a side: more than a pipe holds
WHOLE = CacheSettings("", "", LARGE, 0.0, False, {}, None)


def chunks_of(source: Path, size: int) -> list[list[SourceItem]]:
    every = items(source)
    return list(iter(lambda: list(itertools.islice(every, size)), []))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_answers_come_in_order_whoever_gives_them(album, count):
    chunks = chunks_of(album(11), 2)
    with Workers(count, SETTINGS) as workers:
        assert list(workers.read(chunks)) == [read_chunk(chunk, SETTINGS) for chunk in chunks]


def test_no_chunks_no_answers():
    with Workers(2, SETTINGS) as workers:
        assert list(workers.read([])) == []


def test_all_processes_leave_in_the_middle_of_work(album):
    chunks = chunks_of(album(12), 1)
    with Workers(2, SETTINGS) as workers:
        next(workers.read(chunks))
    assert not any(worker.process.is_alive() for worker in workers._team)


@pytest.fixture
def worker():
    worker = Worker(WHOLE)
    yield worker
    worker.process.kill()
    worker.end()


def test_one_that_is_killed_in_the_middle_of_an_answer_keeps_nobody_waiting(album, worker):
    (chunk,) = chunks_of(album(1, height=LARGE, width=LARGE), 1)
    worker.give(chunk)
    assert worker._pipe.poll(60)  # the first bytes of 12 million are there; the rest waits
    worker.process.kill()
    with pytest.raises(DataError, match="worker process was ended"):
        worker.take()


def test_one_that_is_killed_before_takes_nothing_more(album, worker):
    (chunk,) = chunks_of(album(1), 1)
    worker.process.kill()
    worker.process.join()
    with pytest.raises(DataError, match="with fewer workers"):
        worker.give(chunk)
        worker.take()


def test_a_defect_is_raised_where_it_is_seen(worker):
    worker.give([None])
    with pytest.raises(AttributeError):
        worker.take()
