"""What holds for every quantizer, whichever it is."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from colorize.bins import QUANTIZERS
from colorize.quantizer import Quantizer, SoftLabel

OPTIONS = {
    "grid": {"n": 6},
    "hull": {},
    "channels": {"n": 7},
    "palette": {"colors": [[0, 0], [50, 20], [-40, 30], [10, -60]]},
}


@pytest.fixture(params=QUANTIZERS)
def bins(request: pytest.FixtureRequest) -> Quantizer:
    return QUANTIZERS[request.param](**OPTIONS[request.param])


def logits_for(bins: Quantizer) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.randn(2, bins.size, 3, 4, generator=generator)


def colours(seed: int = 0) -> SimpleNamespace:
    generator = torch.Generator().manual_seed(seed)
    return SimpleNamespace(
        ab=120 * (torch.rand(2, 2, 8, 9, generator=generator) - 0.5),
        rgb=torch.rand(2, 3, 8, 9, generator=generator),
    )


def test_belief_is_a_distribution_over_the_centres(bins: Quantizer):
    belief = bins.belief(logits_for(bins))
    assert belief.shape == (2, len(bins.centres), 3, 4) and bins.centres.shape[1] == 2
    assert (belief >= 0).all()
    assert torch.allclose(belief.sum(1), torch.ones(2, 3, 4))


def test_the_mean_colour_is_that_of_the_belief(bins: Quantizer):
    """Decoding and belief tell of the same distribution."""
    logits = logits_for(bins)
    mean = torch.einsum("nqhw,qc->nchw", bins.belief(logits), bins.centres)
    assert torch.allclose(bins.decode(logits, 1.0), mean, atol=1e-3)


def test_the_coldest_colour_is_the_likeliest(bins: Quantizer):
    logits = logits_for(bins)
    likeliest = bins.centres[bins.belief(logits).argmax(1)].permute(0, 3, 1, 2)
    assert torch.allclose(bins.decode(logits, 0.0), likeliest)


def test_entropy_is_that_of_the_belief(bins: Quantizer):
    logits = logits_for(bins)
    belief = bins.belief(logits).double()
    expected = -(belief * belief.log()).sum(1)
    assert torch.allclose(bins.entropy(logits).double(), expected, atol=1e-4)
    none = torch.zeros(1, bins.size, 1, 1)
    assert bins.entropy(none).item() == pytest.approx(math.log(len(bins.centres)), abs=1e-4)


@pytest.mark.parametrize("soft", [True, False])
def test_what_the_label_says_is_decoded_to_about_its_colour(bins: Quantizer, soft: bool):
    """Logits that are sure of the nearest bin decode to a centre, the one nearest to the colour."""
    seen = colours()
    label = bins.label(seen, soft)
    sure = torch.full((2, bins.size, 8, 9), -1e4)
    sure.scatter_(1, label.indices, label.shares.log().clamp(min=-50))
    found = bins.decode(sure, 0.0)
    nearest = torch.cdist(seen.ab.permute(0, 2, 3, 1).reshape(-1, 2), bins.centres).amin(1)
    distance = (found - seen.ab).norm(dim=1).flatten()
    assert torch.allclose(distance, nearest, atol=1e-2)


@pytest.mark.parametrize("soft", [True, False])
def test_the_prior_is_the_share_of_each_bin_in_all_labels(bins: Quantizer, soft: bool):
    labels = [bins.label(colours(seed), soft) for seed in range(3)]
    prior = bins.prior(labels)
    counts = torch.zeros(bins.size, dtype=torch.float64)
    for label in labels:
        counts.index_add_(0, label.indices.flatten(), label.shares.flatten().double())
    assert prior.numel() == bins.size
    assert torch.allclose(prior.sum(-1), torch.ones(prior.shape[:-1]))  # a row a channel
    shares = (counts / counts.sum()).view_as(prior) * prior.shape[:-1].numel()
    assert torch.allclose(prior.double(), shares, atol=1e-6)


def test_a_hard_label_puts_all_into_one():
    label = SoftLabel.hard(torch.tensor([[[3, 0]]]))
    assert label.indices.tolist() == [[[[3, 0]]]] and label.shares.tolist() == [[[[1, 1]]]]
