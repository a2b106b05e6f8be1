"""Every loss against hand-computed values, and every gradient against differences in float64."""

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck

from colorize.quantizer import SoftLabel
from train import losses
from train.losses import class_weights
from train.recipe import LOSSES


def plane(*values: float) -> Tensor:
    """One pixel of these channels: (1, C, 1, 1)."""
    return torch.tensor(values, dtype=torch.float64).view(1, -1, 1, 1)


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def random_bins(count: int, *shape: int) -> Tensor:
    return torch.randint(count, shape, generator=torch.Generator().manual_seed(3))


def soft_label(n: int, q: int, k: int, h: int, w: int) -> SoftLabel:
    order = random(n, q, h, w, seed=1).argsort(dim=1)[:, :k]
    return SoftLabel(order, torch.softmax(random(n, k, h, w, seed=2), dim=1))


def target(alpha=10.0, beta=10.0, gamma=2.0, strength=0.5, **parts: Tensor) -> SimpleNamespace:
    """What a loss is told, by hand."""
    recipe = SimpleNamespace(alpha=alpha, beta=beta, gamma=gamma, strength=strength)
    return SimpleNamespace(**{"recipe": recipe, "weights": None, **parts})


def dense(label: SoftLabel, q: int) -> Tensor:
    """(N, Q, h, w): the label written out."""
    n, _, h, w = label.indices.shape
    return torch.zeros(n, q, h, w, dtype=torch.float64).scatter_add_(
        1, label.indices, label.shares.double()
    )


def test_l2_is_half_the_squared_distance_a_pixel():
    predicted = torch.cat((plane(1, 2), plane(0, 0)))
    assert losses.l2(predicted, target(scaled_ab=torch.zeros(2, 2, 1, 1))).item() == (5 / 2 + 0) / 2


def test_cross_entropy_by_hand():
    """p = (1/4, 3/4); label (1/2, 1/2): -(ln 1/4 + ln 3/4) / 2, weighed by 3."""
    logits = plane(0, math.log(3))
    label = SoftLabel(torch.tensor([0, 1]).view(1, 2, 1, 1), plane(0.5, 0.5))
    by_hand = -(math.log(1 / 4) + math.log(3 / 4)) / 2
    assert losses.cross_entropy(logits, target(label=label)).item() == pytest.approx(by_hand)
    weights = torch.tensor([3.0, 7.0], dtype=torch.float64)
    weighed = target(label=label, weights=weights)
    assert losses.cross_entropy(logits, weighed).item() == pytest.approx(3 * by_hand)


def test_the_weight_is_that_of_the_largest_share():
    label = SoftLabel(torch.tensor([2, 0]).view(1, 2, 1, 1), plane(0.4, 0.6))
    weights = torch.tensor([10.0, 1, 1], dtype=torch.float64)
    found = losses.cross_entropy(plane(0, 0, 0), target(label=label, weights=weights))
    assert found.item() == pytest.approx(10 * math.log(3))


@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_and_its_gradient_are_torchs_in_several_rows_of_chunks(weighted):
    n, q, h, w = 3, 7, 25, 30  # 2,250 pixels: more than two chunks
    logits, label = random(n, q, h, w).requires_grad_(), soft_label(n, q, 4, h, w)
    weights = random(q, seed=4).abs() if weighted else None
    of_pixel = weights[losses.dominant_bin(label)] if weighted else torch.ones(n, h, w)

    oracle = (F.cross_entropy(logits, dense(label, q), reduction="none") * of_pixel).mean()
    (expected,) = torch.autograd.grad(oracle, logits)
    ours = losses.cross_entropy(logits, target(label=label, weights=weights))
    (found,) = torch.autograd.grad(2 * ours, logits)  # the outer factor reaches it
    assert ours.item() == pytest.approx(oracle.item(), rel=1e-12)
    assert torch.allclose(found, 2 * expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_cross_entropy_takes_either_memory_format_and_half_precision(memory):
    logits, label = random(2, 5, 6, 7).contiguous(memory_format=memory), soft_label(2, 5, 2, 6, 7)
    half = logits.bfloat16().requires_grad_()
    loss = losses.cross_entropy(half, target(label=label))
    loss.backward()
    oracle = losses.cross_entropy(half.detach().double(), target(label=label))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(oracle.item(), rel=1e-6)  # sums in float32
    assert half.grad.dtype == torch.bfloat16
    assert half.grad.shape == logits.shape


def test_cross_entropy_of_the_label_itself_is_its_entropy():
    """The least value that the loss can have, and there its gradient is zero."""
    label = soft_label(1, 4, 4, 2, 2)
    logits = dense(label, 4).log().requires_grad_()
    loss = losses.cross_entropy(logits, target(label=label))
    loss.backward()
    entropy = -(label.shares * label.shares.log()).sum(1).mean()
    assert loss.item() == pytest.approx(entropy.item())
    assert logits.grad.abs().max() < 1e-12


def test_extreme_logits_stay_numbers():
    logits = torch.tensor([500.0, -500.0, 0.0]).view(1, 3, 1, 1).requires_grad_()
    loss = losses.cross_entropy(logits, target(label=SoftLabel.hard(torch.tensor([[[1]]]))))
    loss.backward()
    assert loss.item() == pytest.approx(1000)
    assert logits.grad.flatten().tolist() == pytest.approx([1, -1, 0])


def test_channel_cross_entropy_is_the_sum_of_two():
    logits, bins = random(2, 6, 3, 4), torch.randint(3, (2, 2, 3, 4))
    weights = random(2, 3).abs()
    oracle = sum(
        (F.cross_entropy(half, bins[:, c], reduction="none") * weights[c][bins[:, c]]).mean()
        for c, half in enumerate((logits[:, :3], logits[:, 3:]))
    )
    found = losses.channel_cross_entropy(logits, target(bins=bins, weights=weights))
    assert found.item() == pytest.approx(oracle.item())


def test_focal_mask_by_hand():
    loss = torch.tensor([[[0.0, 1.0], [2.0, 4.0]]])
    t = torch.tensor([0.0, 0.25, 0.5, 1.0])
    by_hand = 1 / (1 + 3 * torch.exp(-2 * t))
    assert torch.allclose(losses.focal_mask(loss, alpha=3, beta=2).flatten(), by_hand)
    assert losses.focal_mask(loss, alpha=0, beta=2).eq(1).all()  # no mask: plain L2


def test_focal_uses_the_largest_loss_of_each_image_and_a_constant_mask():
    predicted, truth = random(2, 2, 3, 3).requires_grad_(), random(2, 2, 3, 3, seed=1)
    loss = losses.focal(predicted, target(scaled_ab=truth, alpha=10, beta=10))
    loss.backward()
    error = predicted.detach() - truth
    pixel = error.square().sum(1) / 2
    mask = torch.stack([1 / (1 + 10 * torch.exp(-10 * p / p.max())) for p in pixel])
    assert loss.item() == pytest.approx((mask * pixel).mean().item())
    assert torch.allclose(predicted.grad, mask[:, None] * error / 18)


def test_focal_of_a_perfect_image_is_zero():
    truth = random(1, 2, 3, 3)
    assert losses.focal(truth, target(scaled_ab=truth)).item() == 0


def test_exact_focal_by_hand():
    logits = plane(0, math.log(3))  # p = (1/4, 3/4)
    bins = torch.tensor([[[1]]])
    by_hand = (1 / 4) ** 2 * -math.log(3 / 4)
    assert losses.focal_exact(logits, target(bins=bins, gamma=2)).item() == pytest.approx(by_hand)
    plain = F.cross_entropy(logits, bins).item()
    assert losses.focal_exact(logits, target(bins=bins, gamma=0)).item() == pytest.approx(plain)


def test_block_counts_uneven_colour_only_where_lightness_is_even():
    truth = torch.zeros(1, 2, 4, 8, dtype=torch.float64)
    predicted = truth.clone()
    predicted[0, 0, :2] = 2.0  # both blocks: half 2, half 0, variance 1
    lightness = torch.full((1, 1, 4, 8), 50.0, dtype=torch.float64)
    lightness[0, 0, :2, 4:] = 60.0  # the right block: variance 25, so it counts by exp(-1)
    told = target(scaled_ab=truth, lightness=lightness, strength=0.5)
    l2 = losses.l2(predicted, told)
    found = losses.block(predicted, told, size=4)
    assert (found - l2).item() == pytest.approx(0.5 * (1 + math.exp(-1)) / 2)


def test_block_variance_is_torchs_and_leaves_out_what_fills_no_block():
    x = random(1, 2, 9, 10)
    found = losses.block_variance(x, 4)
    assert found.shape == (1, 2, 2, 2)
    assert torch.allclose(found[0, 1, 1, 0], x[0, 1, 4:8, :4].var(correction=0))


def test_palette_distance_by_hand():
    """31 sigmoid(0) = 15.5: label 3 is 12.5 away, though colour 15 may look nothing like 3."""
    output = torch.zeros(1, 32, 1, 2)
    found = losses.palette_distance(output, target(bins=torch.tensor([[[3, 31]]])))
    assert found.item() == (12.5 + 15.5) / 2


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: losses.l2(x, target(scaled_ab=random(2, 4, 4, 4, seed=9))),
        lambda x: losses.cross_entropy(x, target(label=soft_label(2, 4, 3, 4, 4))),
        lambda x: losses.cross_entropy(
            x, target(label=soft_label(2, 4, 3, 4, 4), weights=random(4).abs())
        ),
        lambda x: losses.channel_cross_entropy(x, target(bins=random_bins(2, 2, 2, 4, 4))),
        lambda x: losses.focal_exact(
            x, target(bins=soft_label(2, 4, 1, 4, 4).indices[:, 0], gamma=2)
        ),
        lambda x: losses.block(
            x,
            target(scaled_ab=random(2, 4, 4, 4, seed=9), lightness=50 + random(2, 1, 4, 4)),
            size=2,
        ),
        lambda x: losses.palette_distance(x, target(bins=torch.zeros(2, 4, 4))),
    ],
    ids=["l2", "cross-entropy", "rebalanced", "channels", "focal-exact", "block", "palette"],
)
def test_gradients_are_those_of_differences(loss):
    assert gradcheck(loss, random(2, 4, 4, 4).requires_grad_())


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_that_a_recipe_can_name_is_a_function(name):
    assert callable(getattr(losses, LOSSES[name].function))


class TestClassWeights:
    @pytest.fixture
    def prior(self) -> torch.Tensor:
        prior = torch.rand(313, generator=torch.Generator().manual_seed(0)) ** 6
        return prior / prior.sum()

    @pytest.mark.parametrize("mix", [0.01, 0.25, 0.5, 0.9, 1.0])
    def test_expected_weight_is_one(self, prior, mix):
        assert (prior * class_weights(prior, mix)).sum().item() == pytest.approx(1, abs=1e-5)

    def test_half_is_the_formula(self, prior):
        weights = 1 / (0.5 * prior + 0.5 / 313)
        assert torch.allclose(class_weights(prior, 0.5), weights / (prior * weights).sum())

    def test_one_weighs_all_alike(self, prior):
        assert torch.allclose(class_weights(prior, 1.0), torch.ones(313))

    def test_zero_weighs_by_rarity_alone(self, prior):
        weights = class_weights(prior, 0.0)
        seen = prior > 1e-6
        assert (weights * prior)[seen].std() < 1e-6  # every colour counts the same in the end

    def test_unseen_colours_keep_the_weights_finite(self):
        weights = class_weights(torch.tensor([0.0, 0.4, 0.6]), 0.0)
        assert torch.isfinite(weights).all() and weights[0] > weights[1] > weights[2]

    def test_counts_will_do_for_a_prior(self, prior):
        assert torch.allclose(class_weights(prior * 1000), class_weights(prior))

    def test_another_mix_is_refused(self, prior):
        with pytest.raises(ValueError, match=r"mix of 1\.5"):
            class_weights(prior, 1.5)
