import sqlite3
import threading
from concurrent.futures import Future, ThreadPoolExecutor

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


def together(writer: Writer, *works) -> list[Future]:
    """Run works in one transaction."""
    jobs = [(work, Future()) for work in works]
    writer._transact(jobs)
    return [done for _, done in jobs]


def test_failed_work_leaves_no_trace_and_harms_no_neighbour(db):
    commits = []
    writer = Writer(db, lambda: commits.append(numbers(db)))

    def half():
        insert(db, 100)()
        raise ValueError("broken off")

    first, second, third = together(writer, insert(db, 1), half, insert(db, 2))
    writer.close()
    assert (first.result(), third.result()) == (1, 2)
    assert str(second.exception()) == "broken off"
    assert numbers(db) == [1, 2]
    assert commits[0] == [1, 2]


def test_work_that_meets_a_running_transaction_waits_for_the_next(db):
    writer = Writer(db, lambda: None)
    running, gate = threading.Event(), threading.Event()
    first = threading.Thread(target=writer.run, args=(lambda: running.set() or gate.wait(),))
    first.start()
    running.wait()
    with ThreadPoolExecutor(5) as pool:
        later = [pool.submit(writer.run, insert(db, n)) for n in range(5)]
        assert not any(work.done() for work in later)
        gate.set()
        assert [work.result() for work in later] == list(range(5))
    first.join()
    writer.close()


def test_a_failed_commit_is_told_to_everyone_in_it(db):
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("CREATE TABLE u (n REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)")
    writer = Writer(db, lambda: None)
    dangling = lambda: db.execute("INSERT INTO u VALUES (9)")  # noqa: E731
    outcomes = together(writer, insert(db, 1), dangling)
    assert all(isinstance(done.exception(), sqlite3.IntegrityError) for done in outcomes)
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
