import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from train.catalogue import find_recipe
from train.data.prepare import prepare
from train.palette import fill_palette, kmeans, sample_colors


def inertia(points: torch.Tensor, centres: torch.Tensor) -> float:
    return torch.cdist(points, centres).amin(1).square().sum().item()


def test_kmeans_finds_separate_groups_the_most_common_first():
    random = np.random.default_rng(0)
    middles = np.array([[0, 0], [50, 0], [0, 50], [-60, -60]])
    groups = [m + random.normal(0, 1, (40 * (i + 1), 2)) for i, m in enumerate(middles)]
    points = torch.from_numpy(np.concatenate(groups)).float()
    centres = kmeans(points, 4, seed=0)
    expected = torch.from_numpy(np.stack([g.mean(0) for g in groups[::-1]])).float()
    assert torch.allclose(centres, expected, atol=1e-3)


def test_kmeans_is_about_as_good_as_scikit_learns():
    points = torch.from_numpy(np.random.default_rng(1).normal(size=(600, 3))).float()
    oracle = KMeans(16, n_init=10, random_state=0).fit(points.numpy()).inertia_
    assert inertia(points, kmeans(points, 16, seed=0)) < 1.1 * oracle


def test_kmeans_is_the_same_for_the_same_seed():
    points = torch.from_numpy(np.random.default_rng(1).normal(size=(300, 2))).float()
    assert torch.equal(kmeans(points, 8, seed=3), kmeans(points, 8, seed=3))


def test_more_colours_than_there_are_is_a_sentence():
    with pytest.raises(ValueError, match=r"hold 2 colours; 3 were asked for"):
        kmeans(torch.tensor([[0.0, 1.0], [5.0, 5.0]]).repeat(10, 1), 3, seed=0)


@pytest.mark.parametrize(("name", "width"), [("palette", 2), ("cartoon", 3)])
def test_a_palette_is_filled_from_the_training_photos(album, tmp_path, name, width):
    cache = prepare(album(12), tmp_path / "cache", workers=1, progress=False)
    recipe = fill_palette(find_recipe(name), cache, cache.split("train"), seed=0)
    colors = torch.tensor(recipe.model.bins.options["colors"])
    assert colors.shape == (32, width)
    points = sample_colors(cache, cache.split("train"), 0, "ab" if width == 2 else "rgb", 5_000)
    assert inertia(points, colors) < 0.2 * inertia(points, points.mean(0, keepdim=True))
    assert fill_palette(recipe, cache, cache.split("train"), seed=1) is recipe  # already filled


def test_other_recipes_need_no_palette(album, tmp_path):
    cache = prepare(album(2), tmp_path / "cache", workers=1, progress=False)
    recipe = find_recipe("rebalanced")
    assert fill_palette(recipe, cache, cache.split("train"), seed=0) is recipe
