"""Which two models to show next: where the ratings are least sure, or any two alike.

Try it: python -c "from survey.preference.pairing import next_pair; import numpy as np; \
print(next_pair(np.zeros((16, 3)), seed=[0, 1]))"
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survey.preference.bradley_terry import Numbers, chances, features, maximum
from survey.stats import Array

EVENLY = 0.25  # share of pairs that are drawn evenly, so that none is ever forgotten


def gains(votes: Array) -> Array:
    """How much surer one more vote on each pair would make the strengths: (…, models, models).

    The growth that it may be expected to bring to the logarithm of the information's determinant
    (as Glickman and Jensen 2005): large where the difference is unsure and its outcome open.
    `votes` is `bradley_terry.counts`, (…, models², 3).
    """
    models = round(votes.shape[-2] ** 0.5)
    design = features(models)
    theta, information = maximum(votes, design)
    chance, pull = chances(theta, design)
    unsure = np.linalg.inv(information)[..., :models, :models]
    strength = pull[..., :models]
    gain = np.einsum("...cam,...mn,...can,...ca->...c", strength, unsure, strength, chance)
    square: Array = gain.reshape(*gain.shape[:-1], models, models)
    return (square + np.swapaxes(square, -1, -2)) / 2  # whichever is on the left


def next_pair(votes: Array, seed: int | Sequence[int], *, surely: bool = True) -> tuple[int, int]:
    """Models on the left and on the right. The same votes and seed give the same answer.

    The seed is best the board's and the number of pairs shown before: [seed, shown].
    """
    rng = np.random.default_rng(seed)
    models = round(votes.shape[-2] ** 0.5)
    pairs = np.transpose(np.triu_indices(models, 1))
    if surely and rng.random() >= EVENLY:
        gain = gains(votes)[tuple(pairs.T)]
        pairs = pairs[gain >= gain.max() * (1 - 1e-9)]
    left, right = rng.permutation(pairs[rng.integers(len(pairs))])
    return int(left), int(right)


def next_pairs(votes: Array, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """The same for many boards at once, to simulate them: (boards, models², 3) -> two (boards,)."""
    boards = len(votes)
    pairs = np.transpose(np.triu_indices(round(votes.shape[-2] ** 0.5), 1))
    gain = gains(votes)[:, pairs[:, 0], pairs[:, 1]]
    wanted = (gain >= gain.max(-1, keepdims=True) * (1 - 1e-9)) | (rng.random((boards, 1)) < EVENLY)
    chosen = pairs[np.argmax(wanted * rng.random(wanted.shape), -1)]
    left, right = rng.permuted(chosen, axis=-1).T
    return left, right
