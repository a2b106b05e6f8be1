"""Which pair comes next: two models, a photo, and sides; from seed and votes alone.

    state = Drawing(["a@1", "b@2", "c@3"])
    state.add("cat.png", "a@1", "b@2", "first")
    state.draw([seed, 7], {"cat.png": [], "dog.png": [("a@1", "b@2")]})    # who saw what

The pair of models is the one on which the ratings are least sure, a quarter of the time any
(survey/preference/pairing.py). The photo is the one with the fewest votes on that pair, so that all
photos weigh alike. The side is Efron's biased coin (1971): who has been on the left more often is
there next with a chance of a third; sides stay balanced, and no one can foretell them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from survey.preference.pairing import EVENLY, gains
from survey.stats import Array

ANSWERS = ("first", "second", "tie")  # in the order of survey.preference.bradley_terry
LESS_OFTEN = 2 / 3  # chance that the left is whoever was there less often
Pair = tuple[str, str]


class Drawn(NamedTuple):
    """A photo in the versions of two models, the first on the left."""

    photo: str
    first: str
    second: str


class Drawing:
    """The votes on this lineup, counted."""

    def __init__(self, models: Sequence[str]) -> None:
        self.models = list(models)
        self._number = {model: number for number, model in enumerate(models)}
        self._votes = np.zeros((len(models) ** 2, len(ANSWERS)))
        self._on_photo: Counter[tuple[Pair, str]] = Counter()

    def add(self, photo: str, first: str, second: str, answer: str) -> None:
        """A vote; what was said of models that are not here any more changes nothing."""
        if first in self._number and second in self._number:
            cell = self._number[first] * len(self.models) + self._number[second]
            self._votes[cell, ANSWERS.index(answer)] += 1
            self._on_photo[one_way(first, second), photo] += 1

    def draw(self, seed: Sequence[int], seen: Mapping[str, Sequence[Pair]]) -> Drawn | None:
        """A pair on one of these photos that was not seen on it; None: all were."""
        photos = {
            pair: [photo for photo, pairs in seen.items() if pair not in pairs]
            for pair in combinations(sorted(self.models), 2)
        }
        pairs = [pair for pair, unseen in photos.items() if unseen]
        if not pairs:
            return None
        rng = np.random.default_rng(seed)
        pair = self._pair(pairs, rng)
        fewest = min(self._on_photo[pair, photo] for photo in photos[pair])
        rare = [photo for photo in photos[pair] if self._on_photo[pair, photo] == fewest]
        return Drawn(rare[rng.integers(len(rare))], *self._sides(pair, rng))

    def _pair(self, pairs: list[Pair], rng: np.random.Generator) -> Pair:
        """Where the ratings are least sure, or sometimes any."""
        if rng.random() >= EVENLY:
            gain = gains(self._votes)
            value = np.array([gain[self._number[a], self._number[b]] for a, b in pairs])
            pairs = [pairs[i] for i in np.flatnonzero(value >= value.max() * (1 - 1e-9))]
        return pairs[rng.integers(len(pairs))]

    def _sides(self, pair: Pair, rng: np.random.Generator) -> Pair:
        one, other = pair
        ahead = self._on_left(one, other) - self._on_left(other, one)
        chance = 0.5 if not ahead else LESS_OFTEN if ahead < 0 else 1 - LESS_OFTEN
        return pair if rng.random() < chance else (other, one)

    def _on_left(self, first: str, second: str) -> float:
        cell: Array = self._votes[self._number[first] * len(self.models) + self._number[second]]
        return float(cell.sum())


def one_way(first: str, second: str) -> Pair:
    """The same whichever is on the left."""
    return (first, second) if first < second else (second, first)
