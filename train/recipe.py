"""A recipe: how one model is made, from its network to its learning rate. Data, not code.

python -c "from train.recipe import Recipe; from colorize.config import ModelConfig; \
print(Recipe(ModelConfig('mine', 'My first.'), loss='cross-entropy'))"
"""

from dataclasses import dataclass
from typing import Any

from colorize.config import ModelConfig, flat, flat_types


@dataclass(frozen=True)
class Loss:
    """A loss that recipes can name."""

    function: str  # in losses.py, which needs torch as recipes do not
    needs_bins: bool = False  # or ab itself


LOSSES = {
    "l2": Loss("l2"),
    "cross-entropy": Loss("cross_entropy", needs_bins=True),
    "channels": Loss("channel_cross_entropy", needs_bins=True),
    "focal": Loss("focal"),
    "focal-exact": Loss("focal_exact", needs_bins=True),
    "block": Loss("block"),
    "palette-distance": Loss("palette_distance", needs_bins=True),
}
NAMING = ("unet", "mobile-unet")  # networks with a bottom to name photos from
OPTIMIZERS = ("adamw", "adam", "adamax", "rmsprop", "adadelta")


class RecipeError(ValueError):
    """A recipe that does not exist or make sense; the text is a sentence for people."""


@dataclass(frozen=True)
class Recipe:
    """How one model is made."""

    model: ModelConfig
    # the loss
    loss: str = "l2"
    rebalance: bool = False  # weigh pixels by the rarity of their colour
    mix: float = 0.5  # lambda: 0 weighs by pure rarity, 1 not at all
    soft: bool = True  # labels spread over near bins, or the nearest alone
    alpha: float = 10.0  # of the focal mask
    beta: float = 10.0
    gamma: float = 2.0  # of the exact focal loss
    strength: float = 0.5  # of the block penalty
    naming: float = 0.0  # weight of naming the photo's label from the bottom of the U-Net
    # the training
    luma: bool = False  # learns from the third paper's grey, not from the lightness
    crop: int = 128
    least: float = 0.6  # smallest window, as a share of the photo's shorter side
    aspect: float = 1.1
    tone: float = 1.0  # lightness is shown to a power within 1/tone .. tone
    aged: float = 0.0  # share of the windows that are shown as old prints
    batch: int = 32
    steps: int = 20_000
    optimizer: str = "adamw"
    rate: float = 1e-3
    decay: float = 0.02  # of the weights
    warmup: int = 300  # steps
    cosine: bool = True
    encoder_rate: float = 1.0  # of the encoder's weights, as a share of `rate`
    average: float = 0.999  # of the weights' moving average
    clip: float = 1.0  # largest norm of the gradient
    # the data, where it is a folder and not a prepared cache
    pad: bool = False  # photos to squares, with white
    held: float = 0.05  # share of the photos for validation

    def __post_init__(self) -> None:
        for name, value, known in (
            ("loss", self.loss, [*LOSSES]),
            ("optimizer", self.optimizer, [*OPTIMIZERS]),
        ):
            if value not in known:
                raise RecipeError(
                    f"Recipe {self.name!r} has {name} {value!r}; it must be one of "
                    f"{', '.join(known)}."
                )
        needs_bins, bins = LOSSES[self.loss].needs_bins, self.model.bins.kind
        if needs_bins and bins is None:
            raise RecipeError(
                f"Recipe {self.name!r} has loss {self.loss!r} but no bins to classify into. "
                "Give bins (hull, grid, channels, palette) or another loss."
            )
        if bins is not None and not needs_bins:
            raise RecipeError(
                f"Recipe {self.name!r} has loss {self.loss!r}, which compares colours, but the "
                f"bins {bins!r}. Set bins to none, or give a loss that classifies."
            )
        if self.naming and self.model.network.kind not in NAMING:
            raise RecipeError(
                f"Recipe {self.name!r} has naming {self.naming} but the network "
                f"{self.model.network.kind!r}; only {' and '.join(NAMING)} name photos. Set naming "
                "to 0."
            )

    @property
    def name(self) -> str:
        return self.model.name


FIELDS = {name: kind for name, kind in flat_types(Recipe).items() if name != "about"}


def flat_recipe(recipe: Recipe) -> dict[str, Any]:
    """The fields side by side, as checkpoints and a model's JSON keep them."""
    return {name: value for name, value in flat(recipe).items() if name in FIELDS}
