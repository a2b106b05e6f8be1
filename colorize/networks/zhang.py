"""Zhang et al.'s two published networks, written so that the published weights load by name.

    python -m colorize photo.jpg --model eccv16 --output out/     # fetches the weights once

ECCV 2016 ("Colorful Image Colorization") is also the recipe `zhang` of the training room; SIGGRAPH
2017 serves as a peer only; it takes hints. The names model1 .. model_out are those of the
published state dicts; the numbers within follow from convolution, ReLU, ..., batch norm.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def convs(before: int, width: int, count: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """`count` 3x3 convolutions, each with a ReLU, the last with the stride; then batch norm."""
    layers: list[nn.Module] = []
    for number in range(count):
        step = stride if number == count - 1 else 1
        layers += [
            nn.Conv2d(before if number == 0 else width, width, 3, step, dilation, dilation),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, nn.BatchNorm2d(width))


class Zhang(nn.Module):
    """Eight blocks, dilated in five and six; 64x64x313 out of 256x256; 32.2 M weights."""

    def __init__(self, outputs: int = 313) -> None:
        super().__init__()
        self.model1 = convs(1, 64, 2, stride=2)
        self.model2 = convs(64, 128, 2, stride=2)
        self.model3 = convs(128, 256, 3, stride=2)
        self.model4 = convs(256, 512, 3)
        self.model5 = convs(512, 512, 3, dilation=2)
        self.model6 = convs(512, 512, 3, dilation=2)
        self.model7 = convs(512, 512, 3)
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, outputs, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2] // 4, x.shape[3] // 4
        x = F.pad(x, (0, -x.shape[3] % 8, 0, -x.shape[2] % 8), mode="replicate")
        for number in range(1, 8):
            x = getattr(self, f"model{number}")(x)  # at last (N, 512, H / 8, W / 8)
        logits: Tensor = self.model8(x)
        return logits[:, :, :height, :width]


class Siggraph17(nn.Module):
    """Zhang, Zhu, Isola et al. 2017: grey and hints in, ab / 110 out at full resolution.

    Hints are three more planes (N, 3, H, W): a and b, both / 110, and 1 where they are given.
    `model_class` (the 529-bin head of its training) is kept so that the published file loads whole;
    it is not run.
    """

    takes_hints = True

    def __init__(self, outputs: int = 2) -> None:
        super().__init__()
        self.model1 = convs(4, 64, 2)  # L, and hints a, b, mask
        self.model2 = convs(64, 128, 2)
        self.model3 = convs(128, 256, 3)
        self.model4 = convs(256, 512, 3)
        self.model5 = convs(512, 512, 3, dilation=2)
        self.model6 = convs(512, 512, 3, dilation=2)
        self.model7 = convs(512, 512, 3)
        self.model8up = nn.Sequential(nn.ConvTranspose2d(512, 256, 4, 2, 1))
        self.model3short8 = nn.Sequential(nn.Conv2d(256, 256, 3, padding=1))
        self.model8 = nn.Sequential(nn.ReLU(), *convs(256, 256, 2))
        self.model9up = nn.Sequential(nn.ConvTranspose2d(256, 128, 4, 2, 1))
        self.model2short9 = nn.Sequential(nn.Conv2d(128, 128, 3, padding=1))
        self.model9 = nn.Sequential(nn.ReLU(), *convs(128, 128, 1))
        self.model10up = nn.Sequential(nn.ConvTranspose2d(128, 128, 4, 2, 1))
        self.model1short10 = nn.Sequential(nn.Conv2d(64, 128, 3, padding=1))
        self.model10 = nn.Sequential(
            nn.ReLU(), nn.Conv2d(128, 128, 3, padding=1), nn.LeakyReLU(0.2)
        )
        self.model_class = nn.Sequential(nn.Conv2d(256, 529, 1))
        self.model_out = nn.Sequential(nn.Conv2d(128, outputs, 1), nn.Tanh())

    def forward(self, x: Tensor, hints: Tensor | None = None) -> Tensor:
        height, width = x.shape[2:]
        if hints is None:
            hints = x.new_zeros(x.shape[0], 3, height, width)
        x = torch.cat((x, hints), dim=1)
        x = F.pad(x, (0, -width % 8, 0, -height % 8), mode="replicate")
        one = self.model1(x)
        two = self.model2(one[:, :, ::2, ::2])
        three = self.model3(two[:, :, ::2, ::2])
        x = self.model4(three[:, :, ::2, ::2])
        x = self.model7(self.model6(self.model5(x)))
        x = self.model8(self.model8up(x) + self.model3short8(three))
        x = self.model9(self.model9up(x) + self.model2short9(two))
        x = self.model10(self.model10up(x) + self.model1short10(one))
        ab: Tensor = self.model_out(x)
        return ab[:, :, :height, :width]
