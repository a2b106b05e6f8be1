from collections import Counter

import pytest

from survey.simulate import MIX, simulate
from survey.store import Store
from tests.helpers.study import make_study


def sql(store: Store, query: str) -> list[tuple]:
    return store.transact(lambda ledger: [tuple(r) for r in ledger.db.execute(query).fetchall()])


@pytest.mark.slow
@pytest.mark.parametrize(("design", "people"), [("single", 1000), ("pair", 200)])
def test_a_study_of_which_a_fifth_quits_stays_balanced(tmp_path, design, people):
    make_study(tmp_path, design=design, models=("a", "b", "c"), photos=60, trials=12, practice=1)
    store = Store(tmp_path, durable=False)
    came = simulate(store, people, mix={"viewer": 0.8, "quitting": 0.2})
    assert sum(n for n, _, _ in came.kinds.values()) == people
    assert came.kinds["quitting"][0] > people / 8
    assert came.kinds["viewer"][:2] == (people - came.kinds["quitting"][0],) * 2

    repeats = "SELECT participant, photo FROM votes GROUP BY 1, 2 HAVING COUNT(*) > 1"
    assert sql(store, repeats) == []

    voted = """SELECT COUNT(v.id) FROM cells c LEFT JOIN votes v
               ON v.kind = 'trial' AND v.slot = c.slot AND v.photo = c.photo
               GROUP BY c.slot, c.photo"""
    counts = [n for (n,) in sql(store, voted)]
    assert len(counts) == 60 * 6
    assert max(counts) - min(counts) <= 2

    sides = """SELECT SUM(truth IN ('real', 'left')), SUM(truth IN ('synthesized', 'right'))
               FROM votes JOIN participants p ON p.id = participant
               WHERE finished_at IS NOT NULL AND kind = 'trial' GROUP BY participant"""
    assert set(sql(store, sides)) == {(6, 6)}
    models = "SELECT COUNT(*) FROM votes JOIN participants p ON p.id = participant WHERE "
    models += "finished_at IS NOT NULL AND kind = 'trial' AND condition <> 'real' "
    per_model = Counter(sql(store, models + "GROUP BY participant, condition"))
    assert set(per_model) == {(2,) if design == "single" else (4,)}
    store.close()


def test_each_kind_answers_in_its_own_way(tmp_path):
    make_study(tmp_path, photos=20, trials=20, practice=2)
    store = Store(tmp_path, durable=False)
    came = simulate(store, 90, mix=dict.fromkeys(MIX, 1))
    rate = {kind: right for kind, (_, _, right) in came.kinds.items()}
    assert set(rate) == set(MIX)
    assert rate["perfect"] == 1
    assert 0.35 < rate["guessing"] < 0.65
    assert rate["viewer"] > 0.6
    assert came.counters["refused early"] > 0
    query = """SELECT token, AVG(response_ms), AVG(answer = 'real') FROM votes
               JOIN participants p ON p.id = participant GROUP BY participant"""
    for token, response_ms, real in sql(store, query):
        assert (came.kind_of[token] == "bot") == (response_ms < 120)
        assert real > 0.8 or came.kind_of[token] not in ("biased",)
    store.close()


def test_a_simulation_can_be_replayed(tmp_path):
    votes = []
    for name in "ab":
        make_study(tmp_path / name)
        store = Store(tmp_path / name, durable=False)
        simulate(store, 12, seed=5)
        votes.append(sql(store, "SELECT * FROM votes ORDER BY id"))
        store.close()
    assert votes[0] == votes[1]


def test_a_full_study_turns_simulated_people_away(tmp_path):
    make_study(tmp_path, target=3)
    store = Store(tmp_path, durable=False)
    came = simulate(store, 8, mix={"viewer": 1})
    assert came.kinds["viewer"][:2] == (3, 3)
    assert came.counters["refused full"] == 5
    store.close()
