"""Intervals over photos: what a number might have been, had other photos of the kind been taken.

    python -m train evaluate rebalanced --data PHOTOS        # uses it

Photos are drawn again, with replacement, as many as there are; the middle 95 % of the numbers so
found is the interval. All models are seen on the same draws, so that the interval of a difference
between two of them is a paired one.
"""

import numpy as np

from train.evaluation.metrics import METRICS, Guess, counted

DRAWS = 2_000
MetricSums = dict[str, np.ndarray]  # metric -> (2, n, K): numerators and denominators of each photo


class MetricParts:
    """Collects the parts of every metric, photo by photo."""

    def __init__(self) -> None:
        self._parts: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}

    def add(self, guess: Guess) -> None:
        for name, metric in METRICS.items():
            self._parts[name].append(np.stack(metric.parts(guess)).astype(np.float32))

    def sums(self) -> MetricSums:
        return {name: np.stack(parts, axis=1) for name, parts in self._parts.items()}


def draw_weights(photos: int, seed: int, count: int = DRAWS) -> np.ndarray:
    """(1 + count, photos) how often each photo is taken; the first row takes each once."""
    random = np.random.default_rng(seed)
    again = random.multinomial(photos, np.full(photos, 1 / photos), size=count)
    return np.concatenate((np.ones((1, photos)), again)).astype(np.float32)


def resampled_values(sums: MetricSums, weights: np.ndarray) -> dict[str, np.ndarray]:
    """metric -> (1 + count,) its value, then its value under each draw."""
    return {
        name: metric.value(sums[name], weights, counted(sums[name]))
        for name, metric in METRICS.items()
    }


def interval(values: np.ndarray) -> list[float | None]:
    """The middle 95 % of the values under the draws: [low, high]."""
    known = values[1:][np.isfinite(values[1:])]
    low, high = np.percentile(known, (2.5, 97.5)) if len(known) else (np.nan, np.nan)
    return [json_number(low), json_number(high)]


def json_number(value: float) -> float | None:
    """For JSON, which knows no NaN: a number that could not be taken is None."""
    return round(float(value), 5) if np.isfinite(value) else None


def summary(values: dict[str, np.ndarray]) -> dict[str, object]:
    """metric -> value, and under "intervals" metric -> [low, high]; ready for JSON."""
    return {
        **{name: json_number(v[0]) for name, v in values.items()},
        "intervals": {name: interval(v) for name, v in values.items()},
    }


def difference(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """a minus b, draw by draw."""
    return {name: a[name] - b[name] for name in a}
