import numpy as np
import pytest

from train.evaluation import bootstrap
from train.evaluation.metrics import METRICS


def sums_of(values: np.ndarray) -> bootstrap.MetricSums:
    """As if every metric had these values, one a photo."""
    parts = np.stack((values, np.ones_like(values)))[..., None]  # (2, n, 1)
    return dict.fromkeys(METRICS, parts.astype(np.float32))


def test_the_interval_of_a_mean_is_the_known_one():
    values = np.random.default_rng(0).normal(10, 2, 400)
    weights = bootstrap.draw_weights(400, seed=1)
    spread = bootstrap.resampled_values(sums_of(values), weights)["psnr"]
    low, high = bootstrap.interval(spread)
    error = 1.96 * values.std() / 20
    assert spread[0] == pytest.approx(values.mean(), abs=1e-4)
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.03)


def test_a_difference_is_paired():
    """Two models that differ by 0.1 on every photo differ so for certain, hard photos or not."""
    values = np.random.default_rng(0).normal(10, 5, 100)
    weights = bootstrap.draw_weights(100, seed=1)
    a, b = (bootstrap.resampled_values(sums_of(v), weights) for v in (values + 0.1, values))
    low, high = bootstrap.interval(bootstrap.difference(a, b)["psnr"])
    assert (low, high) == pytest.approx((0.1, 0.1), abs=1e-4)


def test_draws_take_as_many_photos_as_there_are_and_follow_the_seed():
    weights = bootstrap.draw_weights(30, seed=5, count=200)
    assert weights.shape == (201, 30)
    assert (weights.sum(1) == 30).all()
    assert (weights[0] == 1).all()
    assert np.array_equal(weights, bootstrap.draw_weights(30, seed=5, count=200))
    assert not np.array_equal(weights, bootstrap.draw_weights(30, seed=6, count=200))


def test_a_bin_of_one_photo_keeps_its_value_where_the_photo_is_not_drawn():
    """Two bins, each filled by one photo: leaving one out would favour the draws without it."""
    sums = np.zeros((2, 2, 2), np.float32)
    sums[0] = [[900, 0], [0, 100]]
    sums[1] = [[1000, 0], [0, 1000]]
    metric = METRICS["auc_balanced"]
    found = metric.value(sums, np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([True, True]))
    assert found == pytest.approx([0.5, 0.5])
