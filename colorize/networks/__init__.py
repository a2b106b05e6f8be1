"""The networks, each readable from top to bottom.

    python -m colorize models        # their sizes and costs, measured

Every network takes a normalised grey image (N, 1, H, W) and returns (N, outputs, h, w): logits
over bins, or ab divided by a scale. Normalisation and decoding are the `Model`'s (model.py).
"""

from collections.abc import Callable

from torch import nn

from colorize.networks.autoencoder import Autoencoder
from colorize.networks.mobilenet import MobileUNet
from colorize.networks.palette_net import PaletteNet
from colorize.networks.unet import UNet, UNetPair
from colorize.networks.zhang import Siggraph17, Zhang

NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "unet": UNet,
    "mobile-unet": MobileUNet,
    "unet-pair": UNetPair,
    "autoencoder": Autoencoder,
    "palette-net": PaletteNet,
    "zhang": Zhang,
    "siggraph17": Siggraph17,
}
