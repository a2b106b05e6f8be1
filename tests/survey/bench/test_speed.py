import json

import pytest

from survey.bench import speed
from survey.bench.load import load
from survey.bench.sample_study import sample_study
from survey.protocol import Refused, StudyProtocol
from survey.store import Store


@pytest.fixture
def small(monkeypatch):
    """A sample small enough for a test."""
    monkeypatch.setattr(speed, "LEVELS", (1, 3))
    monkeypatch.setattr(
        speed,
        "sample_study",
        lambda folder, **settings: sample_study(folder, photos=42, **settings),
    )


def test_the_bench_prints_what_its_readers_expect(small, tmp_path, capsys):
    assert speed.main(1, 0.3, 1000, tmp_path, True) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {"participants", "report_million_s", "report_votes"}
    assert figures["report_votes"] == 1000
    assert set(figures["participants"]) == {"1", "3"}
    for row in figures["participants"].values():
        assert set(row) == {"votes_per_s", "p50_ms", "p95_ms", "p99_ms", "errors"}
        assert row["votes_per_s"] > 0
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["errors"] == 0
    levels = [line.split()[0] for line in speed.as_text(figures).splitlines()[1:3]]
    assert levels == ["1", "3"]
    assert list(tmp_path.iterdir()) == []


def test_acknowledged_votes_are_those_in_the_database(tmp_path):
    sample_study(tmp_path, photos=42, exposure_ms=None)
    store = Store(tmp_path, durable=False)
    told = []
    done = load(StudyProtocol(store), 5, 0.5, acknowledged=lambda *vote: told.append(vote))
    query = "SELECT token, position, answer FROM votes JOIN participants p ON p.id = participant"
    rows = store.transact(lambda ledger: ledger.db.execute(query).fetchall())
    assert sorted(map(tuple, rows)) == sorted(told)
    assert len(done.latencies) == len(told) > 5
    assert done.errors == []
    store.close()


def test_errors_are_counted(tmp_path):
    sample_study(tmp_path, photos=42, exposure_ms=None, target=1)
    store = Store(tmp_path, durable=False)
    done = load(StudyProtocol(store), 3, 0.2)
    assert [type(error) for error in done.errors][:2] == [Refused, Refused]  # the study is full
    store.close()


def test_filled_votes_keep_every_rule_of_the_store(tmp_path):
    sample_study(tmp_path, photos=42)
    speed.fill(tmp_path, 500)
    store = Store(tmp_path, durable=False)
    count = "SELECT COUNT(*) FROM votes"
    assert store.transact(lambda ledger: ledger.db.execute(count).fetchone())[0] == 500
    assert store.transact(lambda book: book.db.execute("PRAGMA foreign_key_check").fetchall()) == []
    store.close()
