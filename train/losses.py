"""The losses of the five systems, each a function of the network's answer and its `Target`.

    python -m train recipes        # which recipe uses which

A new one is a function here and a line in LOSSES of recipe.py. An answer is logits (N, Q, h, w), or
ab (N, 2, h, w) divided by the model's scale. All are computed in float32 (float64 stays) and
averaged over pixels.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from colorize.quantizer import SoftLabel
from train.target import Target

ROWS = 1024  # pixels at a time on a CPU: their logits stay in its cache


def squared_error(predicted: Tensor, truth: Tensor) -> Tensor:
    """Half the squared distance in ab, (N, h, w): the pixel's share of the L2 loss."""
    return (_wide(predicted) - truth).square().sum(dim=1) / 2


def l2(answer: Tensor, target: Target) -> Tensor:
    """1/2 sum ||Y - Y^||^2, averaged over pixels."""
    return squared_error(answer, target.scaled_ab).mean()


def cross_entropy(answer: Tensor, target: Target) -> Tensor:
    """-sum_q Z_q log Z^_q a pixel, times v(Z) = the weight of the label's largest bin."""
    return label_cross_entropy(answer, target.label, target.weights)


def label_cross_entropy(logits: Tensor, label: SoftLabel, weights: Tensor | None) -> Tensor:
    """`cross_entropy` of any logits: (N, Q, h, w)."""
    rows = logits.permute(0, 2, 3, 1).reshape(-1, logits.shape[1])  # a view if channels are last
    indices, shares = (x.permute(0, 2, 3, 1).flatten(0, 2) for x in (label.indices, label.shares))
    of_pixel = None if weights is None else weights[dominant_bin(label)].flatten()
    loss: Tensor = _CrossEntropy.apply(rows, indices, shares, of_pixel)  # type: ignore[no-untyped-call]
    return loss


class _CrossEntropy(torch.autograd.Function):
    """Mean over rows of -weight * sum_k share_k * log softmax(logits)[index_k].

    The gradient, weight * (softmax - label), is made along with the loss while the logits are at
    hand: made by autograd in several passes over pixels x Q, it costs seven times as much on a CPU.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, indices: Tensor, shares: Tensor, weights: Tensor | None
    ) -> Tensor:
        """logits (P, Q), indices and shares (P, K), weights (P,)."""
        count = len(logits)
        rows = ROWS if logits.device.type == "cpu" else count
        shares = shares.to(_wide(logits[:0]).dtype) / count
        shares = shares if weights is None else shares * weights[:, None]
        gradient = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        total = shares.new_zeros(())
        for start in range(0, count, rows):
            some = slice(start, start + rows)
            log_p = torch.log_softmax(_wide(logits[some]), dim=-1)
            total -= (log_p.gather(-1, indices[some]) * shares[some]).sum()
            if gradient is not None:
                step = log_p.exp_().mul_(shares[some].sum(-1, keepdim=True))
                gradient[some] = step.scatter_add_(-1, indices[some], -shares[some])
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * outer, None, None, None


def dominant_bin(label: SoftLabel) -> Tensor:
    """(N, h, w): the bin with the largest share."""
    place = label.shares.argmax(dim=1, keepdim=True)
    return label.indices.gather(1, place).squeeze(1)


def channel_cross_entropy(answer: Tensor, target: Target) -> Tensor:
    """The first paper's loss: a and b each classified into n bins, each with its own weights.

    answer (N, 2 n, h, w), bins (N, 2, h, w), weights (2, n). The two terms are summed, since they
    train two networks that share nothing.
    """
    a, b = (
        label_cross_entropy(
            half,
            SoftLabel.hard(target.bins[:, channel]),
            None if target.weights is None else target.weights[channel],
        )
        for channel, half in enumerate(answer.chunk(2, dim=1))
    )
    return a + b


def focal(answer: Tensor, target: Target) -> Tensor:
    """mean(mask * pixel loss): pixels that are nearly right count less. The mask is a constant."""
    loss = squared_error(answer, target.scaled_ab)
    mask = focal_mask(loss.detach(), target.recipe.alpha, target.recipe.beta)
    return (mask * loss).mean()


def focal_mask(loss: Tensor, alpha: float, beta: float) -> Tensor:
    """The fifth paper's mask 1 / (1 + alpha exp(-beta t)), t = loss / largest of the image."""
    largest = loss.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    return 1 / (1 + alpha * torch.exp(-beta * loss / largest))


def focal_exact(answer: Tensor, target: Target) -> Tensor:
    """(1 - p)^gamma times cross-entropy (Lin et al. 2017), p the probability of the true bin."""
    loss = F.cross_entropy(_wide(answer), target.bins, reduction="none")
    return ((-torch.expm1(-loss)).clamp(min=0) ** target.recipe.gamma * loss).mean()


def block(answer: Tensor, target: Target, size: int = 4) -> Tensor:
    """L2 plus the variance of predicted ab inside size x size blocks of one lightness.

    A block counts by exp(-(spread of L / 5)^2): edges within it lift the penalty.
    """
    flat = torch.exp(-block_variance(target.lightness, size).sum(1) / 25)
    uneven = block_variance(_wide(answer), size).sum(1)  # (N, h / size, w / size)
    return l2(answer, target) + target.recipe.strength * (flat * uneven).mean()


def block_variance(x: Tensor, size: int) -> Tensor:
    """(N, C, h, w) -> (N, C, h / size, w / size): the variance inside each block."""
    mean = F.avg_pool2d(x, size)
    centred = x[..., : mean.shape[2] * size, : mean.shape[3] * size]
    centred = centred - mean.repeat_interleave(size, 2).repeat_interleave(size, 3)
    return F.avg_pool2d(centred.square(), size)


def palette_distance(answer: Tensor, target: Target) -> Tensor:
    """The third paper's first loss, mean |label - 31 sigmoid(output)|: kept to show it failing.

    It treats colour numbers as if near numbers were near colours. Only the first logit is read.
    """
    top = answer.shape[1] - 1
    return (target.bins - top * torch.sigmoid(_wide(answer[:, 0]))).abs().mean()


def class_weights(prior: Tensor, mix: float = 0.5) -> Tensor:
    """w proportional to 1 / ((1 - mix) p + mix / Q), scaled so that E[w] = sum(p w) = 1.

    Zhang et al. 2016, equation 4: `mix` (their lambda) 1 is uniform weights, 0 pure rarity.
    """
    if not 0 <= mix <= 1:
        raise ValueError(f"A mix of {mix} was given; it must lie between 0 and 1.")
    prior = prior / prior.sum()
    weights = 1 / ((1 - mix) * prior + mix / len(prior)).clamp(min=1e-12)
    return weights / (prior * weights).sum()


def _wide(x: Tensor) -> Tensor:
    """Half precision has too few digits for sums and exponentials."""
    return x if x.dtype == torch.float64 else x.float()
