import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch import Tensor

from train import losses
from train.catalogue import find_recipe
from train.learner import naming_loss
from train.objective import ModelWithNaming, Objective, untrained_model
from train.target import area_mean, make_examples

NARROW = {"widths": (16, 16), "depths": (1, 1)}


def pixels_of(*colours: tuple[int, int, int], size: int = 16) -> Tensor:
    """One photo of a single colour each: (N, 3, size, size) uint8."""
    return torch.tensor(colours, dtype=torch.uint8)[:, :, None, None].expand(-1, -1, size, size)


def random_pixels(*shape: int) -> Tensor:
    return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_examples_are_lab():
    pixels = random_pixels(2, 3, 5, 6)
    examples = make_examples(pixels, luma=False)
    oracle = rgb2lab(pixels.permute(0, 2, 3, 1).numpy())
    assert np.abs(examples.lightness[:, 0].numpy() - oracle[..., 0]).max() < 1e-3
    assert np.abs(examples.ab.permute(0, 2, 3, 1).numpy() - oracle[..., 1:]).max() < 1e-3


def test_gray_source_shows_the_third_papers_luma():
    """0.21 r + 0.72 g + 0.07 b, as the lightness of a grey photo; the colours stay the photo's."""
    pixels = pixels_of((255, 255, 255), (255, 0, 0))
    examples = make_examples(pixels, luma=True)
    grey = np.full((1, 1, 3), 0.21)
    assert examples.lightness[0].mean() == pytest.approx(100, abs=1e-3)
    assert examples.lightness[1].mean() == pytest.approx(rgb2lab(grey)[0, 0, 0], abs=1e-3)
    assert torch.equal(examples.ab, make_examples(pixels, luma=False).ab)


def test_a_tone_changes_the_lightness_that_is_shown_and_no_colour():
    pixels = pixels_of((255, 255, 255), (200, 60, 60), (200, 60, 60), (0, 0, 0))
    plain = make_examples(pixels, luma=False)
    toned = make_examples(pixels, luma=False, tones=torch.tensor([2, 2, 0.5, 2]))
    assert torch.equal(toned.ab, plain.ab) and torch.equal(toned.rgb, plain.rgb)
    assert toned.lightness[[0, 3]].flatten(1).mean(1).tolist() == pytest.approx([100, 0], abs=1e-3)
    light = float(plain.lightness[1].mean()) / 100
    assert float(toned.lightness[1].mean()) / 100 == pytest.approx(light**2, rel=1e-5)
    assert float(toned.lightness[2].mean()) / 100 == pytest.approx(light**0.5, rel=1e-5)


def test_shrink_averages():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert area_mean(x, torch.Size((2, 2))).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert area_mean(x, x.shape[2:]) is x


def objective_of(name: str, **changes) -> Objective:
    recipe = find_recipe(name, network="unet", network_options=NARROW, **changes)
    return Objective(recipe, untrained_model(recipe))


def test_regression_is_told_ab_over_its_scale():
    objective = objective_of("regression", naming=0.0)
    examples = make_examples(random_pixels(1, 3, 8, 8), luma=False)
    answer = torch.zeros(1, 2, 2, 2)
    oracle = losses.squared_error(answer, area_mean(examples.ab, answer.shape[2:]) / 110).mean()
    assert objective(answer, examples).item() == pytest.approx(oracle.item())


def test_labels_are_soft_or_hard_as_the_recipe_says():
    examples, size = make_examples(pixels_of((200, 60, 60)), luma=False), torch.Size((4, 4))
    soft = objective_of("classification", soft=True).target(examples, size).label
    one = objective_of("classification", soft=False).target(examples, size).label
    assert soft.indices.shape == (1, 5, 4, 4)
    assert soft.shares.sum(1) == pytest.approx(1)
    assert one.indices.shape == (1, 1, 4, 4)
    assert (one.shares == 1).all()
    assert torch.equal(one.indices[:, 0], losses.dominant_bin(soft))


def test_a_palette_of_rgb_colours_is_chosen_in_rgb():
    """White, grey and black share one ab; in RGB they are as far apart as colours can be."""
    colors = [[0, 0, 0], [255, 255, 255], [120, 120, 120], [255, 0, 0]]
    objective = objective_of("cartoon", bins_options={"colors": colors}, square=None)
    pixels = pixels_of((250, 250, 240), (100, 110, 100), (12, 0, 9), (200, 30, 10))
    examples = make_examples(pixels, luma=True)
    label = objective.target(examples, torch.Size((1, 1))).label
    assert label.indices.flatten().tolist() == [1, 2, 0, 3]


def test_the_prior_counts_labels():
    objective = objective_of("classification", soft=False, bins_options={})
    pixels = pixels_of((200, 60, 60), (60, 60, 200), (60, 60, 200), (60, 60, 200))
    examples = make_examples(pixels, luma=False)
    prior = objective.prior([examples, examples], torch.Size((4, 4)))
    bins = objective.target(examples, torch.Size((1, 1))).bins.flatten()
    assert prior.sum().item() == pytest.approx(1)
    assert prior[bins[0]].item() == pytest.approx(1 / 4)
    assert prior[bins[1]].item() == pytest.approx(3 / 4)


def test_channels_have_a_prior_and_weights_each():
    recipe = find_recipe("channels", network_options=NARROW)
    objective = Objective(recipe, untrained_model(recipe))
    examples = make_examples(random_pixels(2, 3, 16, 16), luma=False)
    prior = objective.prior([examples], torch.Size((16, 16)))
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
    recipe = find_recipe("classification", network="unet", network_options=NARROW)
    trainee = ModelWithNaming(untrained_model(recipe), classes=3)
    lightness = torch.rand(4, 1, 20, 28) * 100
    answer, names = trainee(lightness)
    assert torch.equal(answer, trainee.model(lightness))
    loss = naming_loss(names, torch.tensor([2, -1, 0, -1]))
    oracle = torch.nn.functional.cross_entropy(names[[0, 2]], torch.tensor([2, 0]))
    assert loss.item() == pytest.approx(oracle.item() * 2 / 4)
    loss.backward()
    assert trainee.model.network.stem.weight.grad.abs().sum() > 0
    assert naming_loss(names, torch.full((4,), -1)).item() == 0
