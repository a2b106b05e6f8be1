"""Which pair is shown next: even when nothing is known, then where it helps; always replayable."""

import numpy as np
import pytest
from scipy.stats import chisquare

from survey.preference.bradley_terry import chances, features, maximum
from survey.preference.pairing import gains, next_pair

NOTHING = np.zeros((25, 3))  # five models


def widest(votes: np.ndarray) -> float:
    """The largest standard error of a strength, if votes are independent."""
    models = round(len(votes) ** 0.5)
    _, information = maximum(votes, features(models))
    against = np.eye(models, models + 2)
    against[:, :models] -= 1 / models
    return float(np.sqrt((against @ np.linalg.inv(information) @ against.T).diagonal().max()))


def played(strengths: np.ndarray, votes: np.ndarray, turns: int, seed: int, surely: bool):
    """The board after so many more votes, each on the pair that is next."""
    votes, rng = votes.copy(), np.random.default_rng(seed)
    models = len(strengths)
    chance, _ = chances(np.append(strengths, [0, -0.7]), features(models))
    for turn in range(turns):
        left, right = next_pair(votes, [seed, turn], surely=surely)
        pair = left * models + right
        votes[pair, rng.choice(3, p=chance[pair])] += 1
    return votes


def met(votes: np.ndarray) -> np.ndarray:
    """Votes on each unordered pair."""
    square = votes.sum(-1).reshape(5, 5)
    return (square + square.T)[np.triu_indices(5, 1)]


@pytest.mark.parametrize("surely", [True, False])
def test_all_pairs_and_sides_are_alike_when_nothing_is_known(surely):
    pairs = [next_pair(NOTHING, seed, surely=surely) for seed in range(1000)]
    shown = np.bincount([left * 5 + right for left, right in pairs], minlength=25)
    different = ~np.eye(5, dtype=bool).ravel()
    assert shown[~different].sum() == 0
    assert chisquare(shown[different]).pvalue > 1e-3


def test_equal_models_meet_more_evenly_than_by_chance():
    surely, by_chance = (
        np.concatenate([met(played(np.zeros(5), NOTHING, 100, s, way)) for s in range(5)])
        for way in (True, False)
    )
    assert np.var(surely) < np.var(by_chance)
    assert surely.min() >= 4  # of 10 on the average


def test_the_widest_interval_shrinks_faster_than_with_even_pairs():
    """Models far apart: even pairs waste votes on foregone conclusions."""
    strengths = np.array([2.5, 1.0, 0.0, -1.0, -2.5])
    ways = [
        np.mean([widest(played(strengths, NOTHING, 150, seed, way)) for seed in range(5)])
        for way in (True, False)
    ]
    assert ways[0] < 0.95 * ways[1]


def test_a_new_model_is_shown_first():
    old = played(np.zeros(5), NOTHING, 60, 0, surely=False)
    among_old = np.array([i != 4 and j != 4 for i in range(5) for j in range(5)])
    old = 5 * old * among_old[:, None]
    surely, evenly = (played(np.zeros(5), old, 60, 1, surely=way) for way in (True, False))
    shown = (surely - old)[~among_old].sum() / 60
    assert shown > 0.6  # 2 in 5 pairs hold it
    assert widest(surely) < 0.95 * widest(evenly)


def test_gains_are_the_growth_of_certainty():
    """Of one more vote, over the answers that it may have: by the determinant itself."""
    votes = played(np.array([1.0, 0.5, 0, -0.5, -1]), NOTHING, 200, 3, surely=False)
    design = features(5)
    theta, information = maximum(votes, design)
    chance, pull = chances(theta, design)

    def grown(pair: int) -> float:
        """By a small share of such a vote; what it says of side and tie does not count."""
        strength = np.where(np.arange(7) < 5, pull[pair], 0)
        more = np.einsum("ap,aq,a->pq", strength, strength, chance[pair])
        logs = [np.linalg.slogdet(information + s * more)[1] for s in (1e-6, 0)]
        return (logs[0] - logs[1]) / 1e-6

    for i, j in ((0, 1), (0, 4), (2, 3)):
        expected = (grown(5 * i + j) + grown(5 * j + i)) / 2  # either side
        assert gains(votes)[i, j] == gains(votes)[j, i] == pytest.approx(expected, rel=1e-4)


def test_the_same_votes_and_seed_show_the_same_pair():
    votes = played(np.zeros(5), NOTHING, 30, 4, surely=True)
    assert next_pair(votes, [7, 30]) == next_pair(votes.copy(), [7, 30])
    assert len({next_pair(votes, [7, turn]) for turn in range(30, 60)}) > 3
    assert played(np.zeros(5), NOTHING, 30, 4, surely=True).tolist() == votes.tolist()
