"""The Keras encoder-decoder of the fourth paper.

python -m train fit autoencoder --data CACHE --output RUN
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """The Keras encoder-decoder of the fourth paper: 6,219,410 parameters, ab / 128 by tanh."""

    WIDTHS = (64, 128, 128, 256, 256, 512, 512, 256, 128)  # strides 2, 1, 2, 1, 2, then 1

    def __init__(self, outputs: int = 2) -> None:
        super().__init__()
        layers, before = [], 1
        for number, width in enumerate(self.WIDTHS):
            stride = 2 if number in (0, 2, 4) else 1
            layers += [nn.Conv2d(before, width, 3, stride, padding=1), nn.ReLU(inplace=True)]
            before = width
        self.encoder = nn.Sequential(*layers)  # (N, 128, H / 8, W / 8)
        self.middle = nn.Conv2d(128, 64, 3, padding=1)
        self.late = nn.ModuleList(
            (nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 16, 3, padding=1))
        )
        self.head = nn.Conv2d(16, outputs, 3, padding=1)
        for module in self.modules():  # Keras's defaults: Glorot's uniform weights, zero biases
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % 8, 0, -height % 8), mode="replicate")
        x = F.interpolate(self.encoder(x), scale_factor=2.0)  # H / 4
        x = F.interpolate(F.relu(self.middle(x)), scale_factor=2.0)  # H / 2
        for conv in self.late:
            x = F.relu(conv(x))
        x = F.interpolate(torch.tanh(self.head(x)), scale_factor=2.0)
        return x[:, :, :height, :width]
