"""The U-Net that we train, and a pair of them.

python -m colorize models        # their sizes and costs, measured
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut; `context` lets the whole picture gate it."""

    def __init__(self, width: int, context: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(width // 16, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(width // 16, width)
        self.gate = Gate(width) if context else nn.Identity()
        nn.init.constant_(self.norm2.weight, 0.2)  # blocks begin near the identity

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(x + self.gate(self.norm2(self.conv2(y))))


class Gate(nn.Module):
    """Squeeze and excitation (Hu et al. 2018): the whole decides what its parts may be."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, width // 4)
        self.excite = nn.Linear(width // 4, width)

    def forward(self, x: Tensor) -> Tensor:
        whole = x.mean(dim=(2, 3))  # (N, C)
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(whole))))
        return x * gate[:, :, None, None]


class UNet(nn.Module):
    """The workhorse: a U-Net that sees the picture in patches of 4x4 pixels.

    All its convolutions run at a quarter of the resolution or below, where colour lives anyway: the
    eye's and the JPEG's colour is coarse, and full detail comes back from the lightness. Most of
    the depth sits at 1/16 and 1/32, where one looks at things and no longer at texture.
    """

    def __init__(
        self,
        outputs: int,
        patch: int = 4,
        widths: tuple[int, ...] = (64, 128, 256, 288),
        depths: tuple[int, ...] = (1, 2, 3, 2),
        decoder_depth: int = 1,
    ) -> None:
        super().__init__()
        self.patch, self.bottom = patch, widths[-1]  # `bottom`: channels of the last level
        self.stride = patch * 2 ** (len(widths) - 1)  # inputs are padded to a multiple of this
        self.stem = nn.Conv2d(patch**2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 2, stride=2)
            for fine, coarse in zip(widths, widths[1:], strict=False)
        )
        self.encoder = nn.ModuleList(
            nn.Sequential(*(Block(width, context=level > 0) for _ in range(depth)))
            for level, (width, depth) in enumerate(zip(widths, depths, strict=True))
        )
        self.up = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in zip(widths, widths[1:], strict=False)
        )
        self.decoder = nn.ModuleList(
            nn.Sequential(*(Block(width, context=False) for _ in range(decoder_depth)))
            for width in widths[:-1]
        )
        self.head = nn.Conv2d(widths[0], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x), x.shape)

    def encode(self, x: Tensor) -> list[Tensor]:
        """(N, 1, H, W) -> features at 1/4, 1/8, 1/16, 1/32 (for patch 4), the last the bottom."""
        x = self.stem(F.pixel_unshuffle(self.pad(x), self.patch))
        levels = [self.encoder[0](x)]
        for down, blocks in zip(self.down, self.encoder[1:], strict=True):
            levels.append(blocks(down(levels[-1])))
        return levels

    def pad(self, x: Tensor) -> Tensor:
        """Up to sides that every level can halve."""
        short_y, short_x = -x.shape[2] % self.stride, -x.shape[3] % self.stride
        return F.pad(x, (0, short_x, 0, short_y), mode="replicate")

    def decode(self, levels: list[Tensor], shape: torch.Size) -> Tensor:
        """Features of all levels of an (N, 1, H, W) -> (N, outputs, H / patch, W / patch)."""
        x = levels[-1]
        for level in reversed(range(len(self.up))):
            x = F.interpolate(self.up[level](x), scale_factor=2.0, mode="bilinear")
            x = self.decoder[level](x + levels[level])
        answer: Tensor = self.head(x[:, :, : shape[2] // self.patch, : shape[3] // self.patch])
        return answer


class UNetPair(nn.Module):
    """Two U-Nets that share nothing, one for a and one for b (the first paper's two models)."""

    def __init__(self, outputs: int, **options: Any) -> None:
        super().__init__()
        if outputs % 2:
            raise ValueError(f"{outputs} outputs cannot be halved between the a and the b network.")
        self.a = UNet(outputs // 2, **options)
        self.b = UNet(outputs // 2, **options)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.a(x), self.b(x)), dim=1)  # (N, outputs, H / patch, W / patch)
