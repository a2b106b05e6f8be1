"""The sums that the database makes against single votes added up here, in both designs."""

import numpy as np
import pytest
from scipy.stats import norm

from survey import stats
from survey.comparison import Votes, difference, difference_p, permutation_p
from survey.report.evidence import open_evidence
from survey.report.findings import find
from tests.helpers.made_up_votes import poll
from tests.helpers.study import make_study

RATES = {"real": 0.7, "plain": 0.3, "vivid": 0.55}


def found(folder, design="single", **odd):
    study = make_study(folder, photos=24, design=design)
    poll(folder, RATES, 9, **odd)
    with open_evidence(folder) as evidence:
        query = "SELECT * FROM votes WHERE kind = 'trial'"
        return find(evidence.db, study), list(evidence.db.query(query))


def by_hand(rows, condition):
    mine = [row for row in rows if row["condition"] == condition]
    pair = mine[0]["answer"] in ("left", "right")
    told = [(r["answer"] != r["truth"]) if pair else r["answer"] == "real" for r in mine]
    return (np.array([r[k] for r in mine]) for k in ("participant", "photo")), np.array(told)


@pytest.mark.parametrize("design", ["single", "pair"])
def test_rates_and_intervals_are_those_of_the_votes(tmp_path, design):
    findings, rows = found(tmp_path, design)
    names = [condition.name for condition in findings.headline.conditions]
    assert names == (["real", "plain", "vivid"] if design == "single" else ["plain", "vivid"])
    for condition in findings.headline.conditions:
        (people, photos), told = by_hand(rows, condition.name)
        by_person, by_photo = stats.tally(people, told), stats.tally(photos, told)
        assert condition.rate == pytest.approx(
            [float(x) for x in stats.clustered(by_person, by_photo)]
        )
        alone = stats.clustered_on_participants(by_person)
        assert condition.rate_these_photos == pytest.approx([float(x) for x in alone])
        assert condition.rate_independent == pytest.approx(stats.wilson(told.mean(), len(told)))
        times = [r["response_ms"] for r in rows if r["condition"] == condition.name]
        assert findings.response[condition.name].median == pytest.approx(np.median(times), rel=0.05)
        assert (condition.called, condition.shown) == (told.sum(), len(told))


def test_differences_are_those_of_the_votes(tmp_path):
    findings, rows = found(tmp_path)
    (gap,) = findings.headline.gaps
    votes = votes_by_hand(rows, (gap.first, gap.second))
    assert gap.difference == pytest.approx([float(x) for x in difference(*votes)])
    assert gap.p == gap.p_holm == pytest.approx(difference_p(*votes))
    shuffled = permutation_p(votes[0][0], votes[1][0])
    assert gap.p_these_photos == gap.p_these_photos_holm == pytest.approx(shuffled)


def test_every_model_is_compared_with_the_real_photos(tmp_path):
    findings, rows = found(tmp_path)
    gaps = findings.headline.gaps_to_real
    assert [(gap.first, gap.second) for gap in gaps] == [("plain", "real"), ("vivid", "real")]
    for gap in gaps:
        votes = votes_by_hand(rows, (gap.first, gap.second))
        both = difference(*votes, level=1 - 0.05 / 2)
        assert gap.difference == pytest.approx([float(x) for x in both])
        assert gap.p_holm >= gap.p == pytest.approx(difference_p(*votes))
    assert found(tmp_path / "pairs", "pair")[0].headline.gaps_to_real == ()


def votes_by_hand(rows, names):
    """Of two conditions, by the nine people and the 24 photos."""
    votes = []
    for name in names:
        (people, photos), told = by_hand(rows, name)
        sums = []
        for ids, every in ((people, range(1, 10)), (photos, range(1, 25))):
            called = np.array([told[ids == i].sum() for i in every], dtype=float)
            sums.append(
                stats.Tally(called, np.array([(ids == i).sum() for i in every], dtype=float))
            )
        votes.append(Votes(*sums))
    return votes


def test_sensitivity_needs_the_real_photos(tmp_path):
    findings, _ = found(tmp_path)
    real, plain, vivid = findings.headline.conditions
    assert real.d_prime is None
    assert plain.d_prime.estimate > vivid.d_prime.estimate  # 0.3 is told apart better than 0.55
    hits, alarms = (norm.ppf((c.called + 0.5) / (c.shown + 1)) for c in (real, plain))
    assert plain.d_prime.estimate == pytest.approx(hits - alarms)
    assert plain.d_prime.low < plain.d_prime.estimate < plain.d_prime.high
    assert plain.criterion.estimate == pytest.approx(-(hits + alarms) / 2)
    assert plain.scarce == min(plain.called, real.shown - real.called, real.called)


def test_pairs_have_a_ranking_and_no_criterion(tmp_path):
    findings, _ = found(tmp_path, "pair")
    assert findings.headline.ranking["vivid"] > findings.headline.ranking["plain"]
    for condition in findings.headline.conditions:
        odds = np.log(condition.called / (condition.shown - condition.called))
        assert findings.headline.ranking[condition.name] == pytest.approx(odds)
        assert condition.criterion is None


def test_the_flagged_are_left_out_of_one_analysis_only(tmp_path):
    findings, rows = found(tmp_path, unfinished={2, 5}, catch={5})
    assert findings.excluded == 2
    assert findings.reasons == {"unfinished": 2, "catch": 1}
    assert findings.everyone.participants == 9
    assert findings.headline.participants == 7
    kept = sum(row["participant"] not in (2, 5) for row in rows)
    assert findings.headline.votes == kept == sum(r.shown for r in findings.per_photo)
    assert findings.everyone.votes == len(rows)


def test_practice_and_catch_votes_are_not_scored(tmp_path):
    findings, rows = found(tmp_path)
    assert findings.everyone.votes == len(rows) == 9 * 24


def test_no_votes_at_all(tmp_path):
    study = make_study(tmp_path)
    poll(tmp_path, RATES, 0)
    with open_evidence(tmp_path) as evidence:
        findings = find(evidence.db, study)
    assert findings.everyone.conditions == findings.headline.gaps == ()
    assert findings.exposure is findings.first_vote is None
