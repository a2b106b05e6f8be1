import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from survey.writer import Writer


@pytest.fixture
def db(tmp_path):
    db = sqlite3.connect(tmp_path / "x.db", isolation_level=None, check_same_thread=False)
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    yield db
    db.close()


def insert(db, n):
    return lambda: db.execute("INSERT INTO t VALUES (?)", (n,)).lastrowid


def numbers(db) -> list[int]:
    return [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")]


def test_work_from_many_threads_is_done_and_answered(db):
    writer = Writer(db, lambda: None)
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(lambda n: writer.run(insert(db, n)), range(200))) == list(range(200))
    writer.close()
    assert numbers(db) == list(range(200))


def together(db, writer: Writer, *works) -> list:
    """Run works in one transaction: they queue up behind one that waits for all of them."""
    running, gate, outcomes = threading.Event(), threading.Event(), [None] * len(works)

    def hold():
        running.set()
        gate.wait()

    def keep(i, work):
        try:
            outcomes[i] = writer.run(work)
        except Exception as error:
            outcomes[i] = error

    first = threading.Thread(target=writer.run, args=(hold,))
    first.start()
    running.wait()
    threads = [threading.Thread(target=keep, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    while writer._jobs.qsize() < len(works):
        pass
    gate.set()
    for thread in (first, *threads):
        thread.join()
    return outcomes


def test_failed_work_leaves_no_trace_and_harms_no_neighbour(db):
    commits = []
    writer = Writer(db, lambda: commits.append(numbers(db)))

    def half():
        insert(db, 100)()
        raise ValueError("broken off")

    outcomes = together(db, writer, insert(db, 1), half, insert(db, 2))
    writer.close()
    assert numbers(db) == [1, 2] == commits[-1]
    assert len(commits) == 2  # the waiting one, then all three together
    assert sorted(o for o in outcomes if isinstance(o, int)) == [1, 2]
    assert [str(o) for o in outcomes if isinstance(o, ValueError)] == ["broken off"]


def test_a_failed_commit_is_told_to_everyone_in_it(db):
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("CREATE TABLE u (n REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)")
    writer = Writer(db, lambda: None)
    dangling = lambda: db.execute("INSERT INTO u VALUES (9)")  # noqa: E731
    outcomes = together(db, writer, insert(db, 1), dangling)
    assert all(isinstance(outcome, sqlite3.IntegrityError) for outcome in outcomes)
    assert writer.run(insert(db, 5)) == 5  # and the writer lives on
    writer.close()
    assert numbers(db) == [5]


def test_a_failing_mirror_is_told_though_the_vote_is_kept(db):
    def full():
        raise OSError("disk full")

    writer = Writer(db, full)
    with pytest.raises(OSError, match="disk full"):
        writer.run(insert(db, 1))
    writer.close()
    assert numbers(db) == [1]


def test_a_closed_writer_refuses_and_closing_twice_is_fine(db):
    writer = Writer(db, lambda: None)
    writer.close()
    writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        writer.run(lambda: None)
