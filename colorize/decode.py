"""From a distribution over bins to a colour: annealed mean, mode, mean, or a seeded sample.

    from colorize.decode import sample
    sample(logits, model.bins.centres, temperature=0.4, seed=7)

Quantizers decode by `annealed_mean`; `mean` and `sample` are there for notebooks of one's own.

logits are (N, Q, H, W), centres (Q, C) (C = 2 for ab, 1 for one channel); the colour is
(N, C, H, W). Softmax is always taken in float32.
"""

import torch
from torch import Tensor

COLDEST = 1e-6  # below this temperature only the likeliest colour is left, and logits overflow


def annealed_mean(logits: Tensor, centres: Tensor, temperature: float) -> Tensor:
    """Expectation under softmax(logits / T): T = 1 is the mean, T -> 0 the mode.

    Zhang et al. 2016, equation 5. In between, one peak is chosen yet colours stay smooth.
    """
    if not 0 <= temperature <= 1:
        raise ValueError(f"A temperature of {temperature} was given; it must lie between 0 and 1.")
    if temperature < COLDEST:
        return mode(logits, centres)
    return expectation(torch.softmax(logits.float() / temperature, dim=1), centres)


def mean(logits: Tensor, centres: Tensor) -> Tensor:
    return annealed_mean(logits, centres, 1.0)


def mode(logits: Tensor, centres: Tensor) -> Tensor:
    return centres.to(logits.device)[logits.argmax(dim=1)].permute(0, 3, 1, 2)


def sample(logits: Tensor, centres: Tensor, temperature: float, seed: int) -> Tensor:
    """One bin drawn per pixel from softmax(logits / T), the same for the same seed and device."""
    generator = torch.Generator(logits.device).manual_seed(seed)
    uniform = torch.rand(logits.shape, generator=generator, device=logits.device)
    gumbel = -(-uniform.clamp(1e-9, 1 - 1e-7).log()).log()
    return mode(logits.float() / max(temperature, COLDEST) + gumbel, centres)


def expectation(probabilities: Tensor, centres: Tensor) -> Tensor:
    return torch.einsum("nqhw,qc->nchw", probabilities, centres.to(probabilities))


def entropy(logits: Tensor) -> Tensor:
    """(N, Q, H, W) -> (N, H, W) in nats: 0 where the model is sure, log Q where it has no idea."""
    log_p = torch.log_softmax(logits.float(), dim=1)
    return -(log_p.exp() * log_p).sum(dim=1)
