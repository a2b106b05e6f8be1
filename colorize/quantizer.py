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

from colorize import decode


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
        return decode.annealed_mean(logits, self.centres, temperature)

    def belief(self, logits: Tensor) -> Tensor:
        """(N, size, H, W) -> (N, Q, H, W): how likely each of the centres is."""
        return torch.softmax(logits, dim=1)

    def entropy(self, logits: Tensor) -> Tensor:
        """(N, size, H, W) -> (N, H, W) in nats: how undecided the logits are."""
        return decode.entropy(logits)
