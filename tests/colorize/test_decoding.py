import math

import pytest
import torch

from colorize.quantizer import annealed_mean, entropy, mean, mode, sample


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(2, 7, 5, 4, generator=torch.Generator().manual_seed(0)) * 3


@pytest.fixture
def centres() -> torch.Tensor:
    return torch.randn(7, 2, generator=torch.Generator().manual_seed(1)) * 40


def test_mean_is_the_expectation(logits, centres):
    shares = torch.softmax(logits, 1)
    expected = (shares[:, :, None] * centres[None, :, :, None, None]).sum(1)
    assert torch.allclose(mean(logits, centres), expected, atol=1e-4)
    assert torch.equal(annealed_mean(logits, centres, 1.0), mean(logits, centres))


def test_mode_is_the_likeliest_colour(logits, centres):
    found = mode(logits, centres)
    assert found.shape == (2, 2, 5, 4)
    assert torch.equal(found[1, :, 3, 2], centres[logits[1, :, 3, 2].argmax()])


def test_cooling_leads_to_the_mode(logits, centres):
    assert torch.equal(annealed_mean(logits, centres, 0.0), mode(logits, centres))
    for almost_zero in (1e-4, 1e-6, 1e-40):
        found = annealed_mean(logits, centres, almost_zero)
        assert torch.allclose(found, mode(logits, centres), atol=1e-2)


def test_cooling_is_monotone_between_two_colours():
    logits, centres = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1), torch.tensor([[10.0, 0], [0, 0]])
    found = [annealed_mean(logits, centres, t)[0, 0].item() for t in (0, 0.1, 0.38, 0.7, 1)]
    assert found == sorted(found, reverse=True) and found[0] == 10
    assert found[2] == pytest.approx(10 / (1 + math.exp(-1 / 0.38)), abs=1e-4)


@pytest.mark.parametrize("temperature", [-0.1, 1.01, float("nan")])
def test_other_temperatures_are_refused(logits, centres, temperature):
    with pytest.raises(ValueError, match="between 0 and 1"):
        annealed_mean(logits, centres, temperature)


def test_half_precision_logits_are_decoded_in_float32(logits, centres):
    found = annealed_mean(logits.bfloat16(), centres, 0.38)
    assert found.dtype == torch.float32
    assert torch.isfinite(annealed_mean(logits.half() * 1000, centres, 0.01)).all()


def test_samples_repeat_with_their_seed(logits, centres):
    assert torch.equal(sample(logits, centres, 1.0, seed=3), sample(logits, centres, 1.0, seed=3))
    assert not torch.equal(
        sample(logits, centres, 1.0, seed=3), sample(logits, centres, 1.0, seed=4)
    )


def test_samples_follow_the_distribution():
    logits = torch.tensor([0.0, 1.0, 2.0]).view(1, 3, 1, 1).expand(-1, -1, 200, 200)
    centres = torch.tensor([[0.0, 0], [1, 0], [2, 0]])
    for temperature in (1.0, 0.5):
        found = sample(logits, centres, temperature, seed=0)[0, 0].flatten()
        shares = torch.bincount(found.long(), minlength=3) / found.numel()
        expected = torch.softmax(torch.tensor([0.0, 1.0, 2.0]) / temperature, 0)
        assert torch.allclose(shares, expected, atol=0.01)  # four standard errors


def test_cold_samples_are_the_mode(logits, centres):
    assert torch.equal(sample(logits, centres, 0.0, seed=1), mode(logits, centres))


def test_entropy_in_nats():
    certain = torch.tensor([100.0, 0, 0, 0]).view(1, 4, 1, 1)
    assert entropy(certain).item() == pytest.approx(0, abs=1e-6)
    assert entropy(torch.zeros(1, 313, 1, 1)).item() == pytest.approx(math.log(313), abs=1e-5)
    half = torch.tensor([0.0, 0.0, -1e4]).view(1, 3, 1, 1)
    assert entropy(half).item() == pytest.approx(math.log(2), abs=1e-6)
