import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch import Tensor

from train import losses
from train.catalogue import find
from train.learner import naming
from train.objective import Objective, Trainee, build, see, shrink

NARROW = {"widths": (16, 16), "depths": (1, 1)}


def pixels_of(*colours: tuple[int, int, int], size: int = 16) -> Tensor:
    """One photo of a single colour each: (N, 3, size, size) uint8."""
    return torch.tensor(colours, dtype=torch.uint8)[:, :, None, None].expand(-1, -1, size, size)


def random_pixels(*shape: int) -> Tensor:
    return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_see_is_lab():
    pixels = random_pixels(2, 3, 5, 6)
    view = see(pixels, "lightness")
    oracle = rgb2lab(pixels.permute(0, 2, 3, 1).numpy())
    assert np.abs(view.lightness[:, 0].numpy() - oracle[..., 0]).max() < 1e-3
    assert np.abs(view.ab.permute(0, 2, 3, 1).numpy() - oracle[..., 1:]).max() < 1e-3


def test_gray_source_shows_the_third_papers_luma():
    """0.21 r + 0.72 g + 0.07 b, as the lightness of a grey photo; the colours stay the photo's."""
    pixels = pixels_of((255, 255, 255), (255, 0, 0))
    view = see(pixels, "gray")
    grey = np.full((1, 1, 3), 0.21)
    assert view.lightness[0].mean() == pytest.approx(100, abs=1e-3)
    assert view.lightness[1].mean() == pytest.approx(rgb2lab(grey)[0, 0, 0], abs=1e-3)
    assert torch.equal(view.ab, see(pixels, "lightness").ab)


def test_a_tone_changes_the_lightness_that_is_shown_and_no_colour():
    pixels = pixels_of((255, 255, 255), (200, 60, 60), (200, 60, 60), (0, 0, 0))
    plain, toned = see(pixels, "lightness"), see(pixels, "lightness", torch.tensor([2, 2, 0.5, 2]))
    assert torch.equal(toned.ab, plain.ab) and torch.equal(toned.rgb, plain.rgb)
    assert toned.lightness[[0, 3]].flatten(1).mean(1).tolist() == pytest.approx([100, 0], abs=1e-3)
    light = float(plain.lightness[1].mean()) / 100
    assert float(toned.lightness[1].mean()) / 100 == pytest.approx(light**2, rel=1e-5)
    assert float(toned.lightness[2].mean()) / 100 == pytest.approx(light**0.5, rel=1e-5)


def test_shrink_averages():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert shrink(x, torch.Size((2, 2))).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert shrink(x, x.shape[2:]) is x


def objective_of(name: str, **changes) -> Objective:
    recipe = find(name, network="unet", network_options=NARROW, **changes)
    return Objective(recipe, build(recipe))


def test_regression_is_told_ab_over_its_scale():
    objective = objective_of("regression", naming=0.0)
    view = see(random_pixels(1, 3, 8, 8), "lightness")
    answer = torch.zeros(1, 2, 2, 2)
    oracle = losses.l2(answer, shrink(view.ab, answer.shape[2:]) / 110)
    assert objective(answer, view).item() == pytest.approx(oracle.item())


def test_labels_are_soft_or_hard_as_the_recipe_says():
    view, size = see(pixels_of((200, 60, 60)), "lightness"), torch.Size((4, 4))
    soft = objective_of("classification", soft=True).label(view, size)
    one = objective_of("classification", soft=False).label(view, size)
    assert soft.indices.shape == (1, 5, 4, 4)
    assert soft.shares.sum(1) == pytest.approx(1)
    assert one.indices.shape == (1, 1, 4, 4)
    assert (one.shares == 1).all()
    assert torch.equal(one.indices[:, 0], losses.dominant_bin(soft))


def test_a_palette_of_rgb_colours_is_chosen_in_rgb():
    """White, grey and black share one ab; in RGB they are as far apart as colours can be."""
    colors = [[0, 0, 0], [255, 255, 255], [120, 120, 120], [255, 0, 0]]
    objective = objective_of("cartoon", bins_options={"colors": colors}, square=None)
    view = see(pixels_of((250, 250, 240), (100, 110, 100), (12, 0, 9), (200, 30, 10)), "gray")
    label = objective.label(view, torch.Size((1, 1)))
    assert label.indices.flatten().tolist() == [1, 2, 0, 3]


def test_the_prior_counts_labels():
    objective = objective_of("classification", soft=False, bins_options={})
    view = see(pixels_of((200, 60, 60), (60, 60, 200), (60, 60, 200), (60, 60, 200)), "lightness")
    prior = objective.prior([view, view], torch.Size((4, 4)))
    bins = objective.nearest(view, torch.Size((1, 1))).flatten()
    assert prior.sum().item() == pytest.approx(1)
    assert prior[bins[0]].item() == pytest.approx(1 / 4)
    assert prior[bins[1]].item() == pytest.approx(3 / 4)


def test_channels_have_a_prior_and_weights_each():
    recipe = find("channels", network_options=NARROW)
    objective = Objective(recipe, build(recipe))
    view = see(random_pixels(2, 3, 16, 16), "lightness")
    prior = objective.prior([view], torch.Size((16, 16)))
    objective.weigh(prior)
    assert prior.shape == objective.weights.shape == (2, 10)
    assert prior.sum(1).tolist() == pytest.approx([1, 1])
    assert (prior * objective.weights).sum(1).tolist() == pytest.approx([1, 1])
    assert not torch.equal(objective.weights[0], objective.weights[1])


def test_weights_average_one_under_the_prior_and_favour_the_rare():
    objective = objective_of("rebalanced")
    prior = torch.softmax(torch.randn(313, generator=torch.Generator().manual_seed(0)), 0)
    objective.weigh(prior)
    assert (prior * objective.weights).sum().item() == pytest.approx(1, abs=1e-5)
    assert objective.weights.argmax() == prior.argmin()


def test_naming_trains_the_trunk_and_ignores_photos_without_label():
    recipe = find("classification", network_options=NARROW)
    trainee = Trainee(build(recipe), classes=3)
    lightness = torch.rand(4, 1, 20, 28) * 100
    answer, names = trainee(lightness)
    assert torch.equal(answer, trainee.model(lightness))
    loss = naming(names, torch.tensor([2, -1, 0, -1]))
    oracle = torch.nn.functional.cross_entropy(names[[0, 2]], torch.tensor([2, 0]))
    assert loss.item() == pytest.approx(oracle.item() * 2 / 4)
    loss.backward()
    assert trainee.model.network.stem.weight.grad.abs().sum() > 0
    assert naming(names, torch.full((4,), -1)).item() == 0
