"""d′ and criterion of the crowd: by hand, and their intervals in simulated studies."""

import numpy as np
import pytest
from scipy.stats import norm

from survey import dprime
from survey.comparison import Votes
from survey.dprime import criterion, sensitivity, sensitivity_pair
from survey.stats import Tally


def votes(answers: np.ndarray) -> Votes:
    """Everybody's answer on every photo (participants, photos), summed both ways."""
    shown = np.ones(answers.shape)
    return Votes(*(Tally(answers.sum(a).astype(float), shown.sum(a)) for a in (1, 0)))


@pytest.fixture
def crowd() -> tuple[Votes, Votes]:
    rng = np.random.default_rng(2)
    people, photos = rng.normal(0, 0.5, (20, 1)), rng.normal(0, 0.8, 30)
    return tuple(votes(rng.random((20, 30)) < norm.cdf(z + people + photos)) for z in (0.8, -0.6))


def test_estimates_are_those_of_the_rates(crowd):
    hit, alarm = (norm.ppf((v[0].called.sum() + 0.5) / 601) for v in crowd)
    assert sensitivity(*crowd).estimate == pytest.approx(hit - alarm)
    assert criterion(*crowd).estimate == pytest.approx(-(hit + alarm) / 2)
    assert sensitivity_pair(crowd[1]).estimate == pytest.approx(-np.sqrt(2) * alarm)


def whole(called: float, shown: float) -> Votes:
    """So many votes, as one person's and on one photo."""
    return Votes(*[Tally(np.array([called]), np.array([shown]))] * 2)


@pytest.mark.parametrize(("right", "d_prime"), [(15, 1.2750), (20, 3.9616)])
def test_figures_by_hand(right, d_prime):
    # 15.5 / 21 = 0.7381 -> z 0.6375; 5.5 / 21 -> -0.6375. 20.5 / 21 -> 1.9808; 0.5 / 21 -> -1.9808
    real, synthesized = whole(right, 20), whole(20 - right, 20)
    assert sensitivity(real, synthesized).estimate == pytest.approx(d_prime, abs=2e-4)
    assert criterion(real, synthesized).estimate == pytest.approx(0, abs=1e-12)


def test_criterion_is_negative_for_people_who_say_real():
    keen = whole(18, 20)
    assert criterion(keen, keen).estimate < 0
    assert sensitivity(keen, keen).estimate == 0


@pytest.mark.parametrize(
    ("fooled", "expected"), [(16.3, 1.39), (27.8, 0.83), (32.3, 0.65), (47.8, 0.08)]
)
def test_pairs_by_hand(fooled, expected):
    found = sensitivity_pair(whole(fooled * 1e6, 1e8)).estimate  # the correction vanishes
    assert found == pytest.approx(expected, abs=0.005)
    assert found == pytest.approx(-np.sqrt(2) * norm.ppf(fooled / 100), rel=1e-5)


def test_a_jackknife_by_hand():
    """Leaves out each person, then each photo, of the single votes themselves."""
    rng = np.random.default_rng(5)
    real, fake = (rng.random((8, 6)) < rate for rate in (0.7, 0.4))

    def d_prime(people: np.ndarray, photos: np.ndarray) -> float:
        kept = [answers[np.ix_(people, photos)] for answers in (real, fake)]
        hit, alarm = (norm.ppf((k.sum() + 0.5) / (k.size + 1)) for k in kept)
        return float(hit - alarm)

    whole = d_prime(np.arange(8), np.arange(6))
    people = [d_prime(np.delete(np.arange(8), k), np.arange(6)) for k in range(8)]
    photos = [d_prime(np.arange(8), np.delete(np.arange(6), k)) for k in range(6)]
    parts = [
        (len(each) - 1) / len(each) * ((np.array(each) - whole) ** 2).sum()
        for each in (people, photos)
    ]
    rates = [(answers.sum() + 0.5) / 49 for answers in (real, fake)]
    by_vote = sum(p * (1 - p) / 49 / norm.pdf(norm.ppf(p)) ** 2 for p in rates)
    variance = max(sum(parts) - by_vote, *parts, by_vote)
    found = sensitivity(votes(real), votes(fake))
    half = 2.5705818366 * np.sqrt(variance)  # Student's, 5 degrees of freedom
    assert (found.low, found.high) == pytest.approx((whole - half, whole + half))


def test_what_is_called_real_can_change_places(crowd):
    there, back = sensitivity(*crowd), sensitivity(*reversed(crowd))
    assert list(back) == pytest.approx([-there.estimate, -there.high, -there.low])
    assert list(criterion(*crowd)) == pytest.approx(list(criterion(*reversed(crowd))))
    assert sensitivity(crowd[0], crowd[0]).estimate == 0


def test_people_who_say_real_to_all_have_a_low_criterion():
    keen = votes(np.ones((6, 9)))
    found = criterion(keen, keen)
    assert found.estimate == pytest.approx(-norm.ppf(54.5 / 55))
    assert np.isfinite([found.low, found.high]).all()
    assert found.low < found.estimate < found.high


def test_clusters_without_votes_change_nothing(crowd):
    padded = [
        Votes(*(Tally(np.append(x.called, 0), np.append(x.shown, 0)) for x in v)) for v in crowd
    ]
    assert list(sensitivity(*padded)) == pytest.approx(list(sensitivity(*crowd)))


def test_one_person_says_nothing_about_others():
    alone = votes(np.array([[1, 0, 1, 1]]))
    found = sensitivity(alone, alone)
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_studies_side_by_side_equal_studies_one_by_one(crowd):
    both = [Votes(*(Tally(*(np.stack([x, x[::-1]]) for x in tally)) for tally in v)) for v in crowd]
    together = sensitivity(*both)
    for k in range(2):  # the order of people and photos means nothing
        assert [part[k] for part in together] == pytest.approx(list(sensitivity(*crowd)))


@pytest.mark.parametrize(
    ("cell", "mean"),
    [
        ("--sensitivity 1 --people 200 --photos 60", 1),  # 53 % with people alone
        ("--sensitivity 2.5 --people 40", 2.5),  # 49 %, and 2.30 on the average
        ("--sensitivity 0 --people 15 --photos 60", 0),
    ],
)
def test_intervals_hold_and_nothing_is_drawn_to_zero(cell, mean):
    """Promised 95 %; 600 studies are good to ±0.9 points (one standard error)."""
    args = dprime._parser().parse_args([*cell.split(), "--runs", "600"])
    found = [sensitivity(*pair) for pair in dprime.simulate(args)]
    estimate, low, high = (np.concatenate(part) for part in zip(*found, strict=True))
    assert 0.92 < ((low <= mean) & (mean <= high)).mean() < 0.99
    assert estimate.mean() == pytest.approx(mean, abs=0.02)


def test_the_command_prints_coverage(capsys):
    assert dprime.main(["--runs", "30", "--people", "10", "--photos", "54"]) == 0
    printed = capsys.readouterr().out
    assert "d′ 1: mean" in printed
    assert "criterion 0: mean" in printed
    assert printed.count("of 30 intervals") == 2
