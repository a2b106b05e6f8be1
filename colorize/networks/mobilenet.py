"""The U-Net whose encoder has seen the world: MobileNetV2's features under the U-Net's decoder.

    python -m colorize models        # its size and cost, measured

A network that learns to colour from nothing first has to learn to see. This one begins from weights
that name the thousand things of ImageNet (docs/models.md has their origin and licence), so that it
spends its training on colour. It is shown the grey of sRGB in [-1, 1].
"""

import torch.nn.functional as F
from torch import Tensor, nn

from colorize.networks.unet import UNet

# outputs, expansion, repeats, stride of each stage: Sandler et al. 2018, table 2
STAGES = (
    (16, 1, 1, 1),
    (24, 6, 2, 2),
    (32, 6, 3, 2),
    (64, 6, 4, 2),
    (96, 6, 3, 1),
    (160, 6, 3, 2),
    (320, 6, 1, 1),
)
TAPS = {2: 24, 5: 32, 12: 96, 16: 320}  # last block at 1/4, 1/8, 1/16, 1/32: its channels


class Bottleneck(nn.Module):
    """Widen, look around in each channel, narrow; the norms are folded into the convolutions."""

    def __init__(self, width: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = width * expansion
        self.stride, self.shortcut = stride, stride == 1 and width == outputs
        self.expand = nn.Conv2d(width, wide, 1) if expansion != 1 else None
        self.depthwise = nn.Conv2d(wide, wide, 3, stride, 0 if stride == 2 else 1, groups=wide)
        self.project = nn.Conv2d(wide, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = F.relu6(self.depthwise(pad_late(y) if self.stride == 2 else y))
        narrow: Tensor = self.project(y)
        return x + narrow if self.shortcut else narrow


class MobileNet(nn.Module):
    """(N, 1, H, W) in [-1, 1] -> features at 1/4, 1/8, 1/16, 1/32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 32, 3, 2)  # the three colours' kernels, added up: it is shown grey
        blocks, width = [], 32
        for outputs, expansion, repeats, stride in STAGES:
            for number in range(repeats):
                blocks.append(Bottleneck(width, outputs, expansion, 1 if number else stride))
                width = outputs
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        x, taps = F.relu6(self.stem(pad_late(x))), []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in TAPS:
                taps.append(x)
        return taps


class Attention(nn.Module):
    """Every place looks at every other (Vaswani et al. 2017); begins as the identity."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, width)
        self.query_key_value = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.output = nn.Conv2d(width, width, 1)
        for parameter in self.output.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        n, width, height, breadth = x.shape
        mixed = self.query_key_value(self.norm(x))
        query, key, value = (  # (N, heads, places, width / heads)
            part.reshape(n, self.heads, -1, height * breadth).transpose(2, 3)
            for part in mixed.chunk(3, dim=1)
        )
        seen = F.scaled_dot_product_attention(query, key, value).transpose(2, 3)
        change: Tensor = self.output(seen.reshape(n, width, height, breadth))
        return x + change


class MobileUNet(UNet):
    """The U-Net, its levels fed by MobileNet's; the quarter level also sees the pixels."""

    def __init__(
        self,
        outputs: int,
        widths: tuple[int, ...] = (64, 128, 256, 288),
        depths: tuple[int, ...] = (1, 1, 1, 2),
        decoder_depth: int = 1,
        heads: int = 0,  # of attention at the bottom; 0: none
    ) -> None:
        super().__init__(outputs, 4, widths, depths, decoder_depth)
        self.down = nn.ModuleList()  # MobileNet goes down instead
        self.mobile = MobileNet()
        self.lateral = nn.ModuleList(
            nn.Conv2d(tap, width, 1) for tap, width in zip(TAPS.values(), widths, strict=True)
        )
        self.attention = Attention(widths[-1], heads) if heads else nn.Identity()

    def encode(self, x: Tensor) -> list[Tensor]:
        x = self.pad(x)
        levels = [lateral(tap) for lateral, tap in zip(self.lateral, self.mobile(x), strict=True)]
        levels[0] = levels[0] + self.stem(F.pixel_unshuffle(x, self.patch))
        levels = [blocks(level) for blocks, level in zip(self.encoder, levels, strict=True)]
        return [*levels[:-1], self.attention(levels[-1])]


def pad_late(x: Tensor) -> Tensor:
    """A row and a column of zeros behind: what TensorFlow pads, for even sizes at stride 2."""
    return F.pad(x, (0, 1, 0, 1))
