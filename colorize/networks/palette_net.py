"""The small dense network of the third paper.

python -m train fit cartoon --data CACHE --output RUN
"""

import torch.nn.functional as F
from torch import Tensor, nn


class PaletteNet(nn.Module):
    """The third paper's network: one convolution, then two dense layers over the whole picture.

    Its size is side^4 * 64 and a little: 67 million weights at 32x32, a thousand million at 64x64.
    """

    LIMIT = 300_000_000  # weights; beyond this a slip in `side` would fill the memory

    def __init__(self, outputs: int = 32, side: int = 32, dropout: float = 0.5) -> None:
        super().__init__()
        pixels = side**2
        weights = pixels**2 * (32 + outputs)
        if weights > self.LIMIT:
            raise ValueError(
                f"A palette network for {side}x{side} pixels holds {weights:,} weights; at most "
                f"{self.LIMIT:,} are allowed. Choose a smaller side: 32 makes 67 million."
            )
        self.side, self.outputs = side, outputs
        self.conv = nn.Conv2d(1, 32, 3, padding=1)
        self.dense = nn.Linear(32 * pixels, pixels)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(pixels, outputs * pixels)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2:] != (self.side, self.side):
            raise ValueError(
                f"The palette network was given {x.shape[2]}x{x.shape[3]} pixels; it is made for "
                f"exactly {self.side}x{self.side}. Resize the picture first."
            )
        x = F.relu(self.conv(x)).flatten(1)
        x = self.head(self.dropout(F.relu(self.dense(x))))
        return x.view(-1, self.outputs, self.side, self.side)
