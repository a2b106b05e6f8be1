"""What every way to cut colours into bins can do: labels for training, colours and beliefs after.

    python -c "from colorize.bins import *; print(*(q.__doc__ for q in QUANTIZERS.values()))"

The four of them are in bins.py. A quantizer stands between ab and the logits of a network.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

COLDEST = 1e-6  # below this temperature only the likeliest colour is left, and logits overflow


@dataclass(frozen=True)
class SoftLabel:
    """K bins a pixel and their shares, which sum to one."""

    indices: Tensor  # (N, K, H, W) int64
    shares: Tensor  # (N, K, H, W) float32

    @classmethod
    def hard(cls, bins: Tensor) -> "SoftLabel":
        """Bins (N, H, W) as labels that put all into one."""
        return cls(bins[:, None], torch.ones_like(bins[:, None], dtype=torch.float32))


class Colours(Protocol):
    """The colours of pixels, in the two ways in which quantizers ask for them."""

    @property
    def ab(self) -> Tensor: ...  # (N, 2, H, W)

    @property
    def rgb(self) -> Tensor: ...  # (N, 3, H, W) in [0, 1]


class Quantizer(nn.Module, ABC):
    """Bins of colours. A module, so that its tables move with the model."""

    centres: Tensor  # (Q, 2): the ab that `belief` is about

    @property
    def size(self) -> int:
        """Logits that a pixel needs."""
        return len(self.centres)

    @abstractmethod
    def encode(self, ab: Tensor) -> Tensor:
        """(N, 2, H, W) -> (N, H, W): the bin of each pixel."""

    @abstractmethod
    def encode_soft(self, ab: Tensor) -> SoftLabel:
        """(N, 2, H, W) -> a few bins of each pixel and their shares."""

    def nearest(self, colours: Colours) -> Tensor:
        """(N, H, W): the bin of each pixel, by whichever description of it the bins are made of."""
        return self.encode(colours.ab)

    def label(self, colours: Colours, soft: bool) -> SoftLabel:
        """What a network should say: a few bins, or the nearest alone."""
        return self.encode_soft(colours.ab) if soft else SoftLabel.hard(self.nearest(colours))

    def prior(self, labels: Iterable[SoftLabel]) -> Tensor:
        """(Q,): how often each bin is the label; sums to one."""
        counts = torch.zeros(self.size, dtype=torch.float64)
        for label in labels:
            shares = label.shares.flatten().double().cpu()
            counts += torch.bincount(label.indices.flatten().cpu(), shares, len(counts))
        return (counts / counts.sum()).float()

    def decode(self, logits: Tensor, temperature: float) -> Tensor:
        """(N, size, H, W) -> ab (N, 2, H, W), the annealed mean."""
        return annealed_mean(logits, self.centres, temperature)

    def belief(self, logits: Tensor) -> Tensor:
        """(N, size, H, W) -> (N, Q, H, W): how likely each of the centres is."""
        return torch.softmax(logits, dim=1)

    def choices(self, logits: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(N, size, H, W) -> what is chosen on its own: logits (N, Q, H, W) and colours (Q, C)."""
        return [(logits, self.centres)]

    def entropy(self, logits: Tensor) -> Tensor:
        """(N, size, H, W) -> (N, H, W) in nats: how undecided the logits are."""
        return entropy(logits)


# Decoding: from logits (N, Q, H, W) and centres (Q, C) to colours (N, C, H, W); C is 2 for ab, 1
# for one channel. Softmax is always taken in float32. `mean` and `sample` are there for notebooks
# of one's own.


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
