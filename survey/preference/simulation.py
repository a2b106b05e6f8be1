"""Simulated boards of preference, and what is true of them.

People differ in which models they like, photos in which models they suit, people also in how they
favour a side and how often they cannot decide: normal deviations, all in logits. Some people vote
much more than others, some pairs meet more than others, and a cycle of models can beat each other
in turn, which no ranking explains.

Try it: python -m survey power --preference --coverage --runs 200
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from scipy.special import roots_hermitenorm, softmax

from survey.preference.bradley_terry import Board, Numbers, features, maximum, weigh
from survey.preference.pairing import next_pairs
from survey.preference.transitivity import free_features
from survey.stats import Array

Answers: TypeAlias = Callable[[Any, Numbers, Numbers], Numbers]
AT_ONCE = 300_000  # votes simulated in one array, to bound memory
LARGE = 1e9  # votes that an endless board is taken to hold: beside them the prior is nothing


@dataclass(frozen=True)
class Scenario:
    """Boards to simulate. Deviations (`_sd`) and strengths are in logits."""

    strengths: tuple[float, ...] = (0.5, 0.2, -0.2, -0.5)
    people: int = 200
    photos: int = 100
    votes: int = 2000
    tie: float = -0.7  # log of Davidson's ν: a fifth of the votes between equals
    side: float = 0.1
    person_sd: float = 0.4  # of a person's liking of a model
    photo_sd: float = 0.6  # of a photo's suiting of a model
    side_sd: float = 0.3
    tie_sd: float = 0.5
    zipf: float = 0.0  # the person of rank r votes in proportion to r^−zipf; 0: all alike
    uneven: float = 1.0  # how many times as often the commonest pair meets as the rarest
    unsure: bool = False  # pairs meet where the votes until then leave the ratings least sure
    cycle: float = 0.0  # by how much each model beats the next beyond what strengths say

    def __post_init__(self) -> None:
        for name, number, least in (
            ("models", self.models, 2),
            ("people", self.people, 2),
            ("photos", self.photos, 2),
            ("votes", self.votes, 1),
        ):
            if number < least:
                raise ValueError(f"A board of {number} {name} tells nothing; use {least} or more.")

    @property
    def models(self) -> int:
        return len(self.strengths)

    @property
    def distances(self) -> Array:
        """How far the row's model is above the column's, for this board's typical person."""
        strengths = np.asarray(self.strengths)
        ahead = np.roll(np.eye(self.models), 1, axis=1) * self.cycle
        distances: Array = strengths[:, None] - strengths + ahead - ahead.T
        return distances

    @property
    def share_of_pairs(self) -> Array:
        """Chance of each of the pairs (first < second) to meet."""
        often = np.geomspace(1, self.uneven, self.models * (self.models - 1) // 2)
        share: Array = often / often.sum()
        return share


def simulate(scenario: Scenario, runs: int, seed: int) -> Iterator[Board]:
    """Boards of (some runs, votes), `runs` in all."""
    rng = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // scenario.votes)
    for done in range(0, runs, at_once):
        yield _boards(scenario, min(at_once, runs - done), rng)


def _boards(scenario: Scenario, runs: int, rng: np.random.Generator) -> Board:
    shape, run = (runs, scenario.votes), np.arange(runs)[:, None]
    pairs = None if scenario.unsure else _pairs(scenario, shape, rng)
    person, photo = _people(scenario, shape, rng), rng.integers(0, scenario.photos, shape)

    def deviations(sd: float, *size: int) -> Array:
        return rng.normal(0, sd, (runs, *size))

    liking = deviations(scenario.person_sd, scenario.people, scenario.models)
    suiting = deviations(scenario.photo_sd, scenario.photos, scenario.models)
    side = scenario.side + deviations(scenario.side_sd, scenario.people)[run, person]
    tie = scenario.tie + deviations(scenario.tie_sd, scenario.people)[run, person]
    favour = liking[run, person] + suiting[run, photo]  # (runs, votes, models)
    drawn = rng.random(shape)

    def answers(turn: Any, first: Numbers, second: Numbers) -> Numbers:
        """Of some of the votes, when these models meet in them."""
        distance = scenario.distances[first, second] + side[:, turn]
        distance += np.take_along_axis(favour[:, turn], first[..., None], -1)[..., 0]
        distance -= np.take_along_axis(favour[:, turn], second[..., None], -1)[..., 0]
        left, right, _ = np.moveaxis(_chances(distance, tie[:, turn]), -1, 0)
        said: Numbers = (drawn[:, turn] > left).astype(int) + (drawn[:, turn] > left + right)
        return said

    if pairs is None:
        met = _one_by_one(scenario, shape, rng, answers)
    else:
        met = *pairs, answers(slice(None), *pairs)
    return Board(scenario.models, *met, person, photo, weigh(person))


def _one_by_one(
    scenario: Scenario, shape: tuple[int, int], rng: np.random.Generator, answers: Answers
) -> tuple[Numbers, Numbers, Numbers]:
    """First and second model and the answer of every vote; the pair depends on those before."""
    (runs, turns), each = shape, np.arange(shape[0])
    votes = np.zeros((runs, scenario.models**2, 3))
    met = np.zeros((3, runs, turns), dtype=int)
    for turn in range(turns):
        first, second = next_pairs(votes, rng)
        said = answers(turn, first, second)
        votes[each, first * scenario.models + second, said] += 1
        met[:, :, turn] = first, second, said
    return met[0], met[1], met[2]


def _chances(distance: Array, tie: Array) -> Array:
    """Of first, second, tie (…, 3)."""
    logs = np.broadcast_arrays(distance / 2, -distance / 2, tie)
    chance: Array = softmax(np.stack(logs, axis=-1), axis=-1)
    return chance


def _pairs(
    scenario: Scenario, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """First and second model of every vote, the sides random."""
    pairs = np.array(list(combinations(range(scenario.models), 2)))
    met = pairs[rng.choice(len(pairs), shape, p=scenario.share_of_pairs)]
    turned = rng.random(shape) < 0.5
    first, second = np.moveaxis(met, -1, 0)
    return np.where(turned, second, first), np.where(turned, first, second)


def _people(scenario: Scenario, shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Who casts each vote: in turns, or by Zipf's law."""
    if not scenario.zipf:
        return np.broadcast_to(np.arange(shape[1]) % scenario.people, shape)
    share = np.arange(1.0, scenario.people + 1) ** -scenario.zipf
    return rng.choice(scenario.people, shape, p=share / share.sum())


def expected(scenario: Scenario) -> Array:
    """Votes of an endless board of endless people and photos: (pairs, answers), LARGE in all."""
    nodes, weights = roots_hermitenorm(60)
    weights = weights / weights.sum()
    by_model = 2 * (scenario.person_sd**2 + scenario.photo_sd**2)
    spread = np.sqrt(by_model + scenario.side_sd**2) * nodes
    distance = scenario.distances.reshape(-1, 1, 1) + scenario.side + spread[:, None]
    chance = _chances(distance, scenario.tie + scenario.tie_sd * nodes)
    met = np.zeros((scenario.models, scenario.models))
    met[np.triu_indices(scenario.models, 1)] = scenario.share_of_pairs
    met = (met + met.T).reshape(-1, 1) / 2
    votes: Array = LARGE * met * np.einsum("pdta,d,t->pa", chance, weights, weights)
    return votes


def truth(scenario: Scenario) -> tuple[Array, Array]:
    """What Bradley–Terry and the free pairs would say of an endless board: their parameters.

    The ranking that comes nearest, where none is right.
    """
    votes = expected(scenario)
    ranked, _ = maximum(votes, features(scenario.models))
    free, _ = maximum(votes[:, :2], free_features(scenario.models))
    return ranked, free
