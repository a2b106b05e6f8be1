"""A recipe: how one model is made, from its network to its learning rate. Data, not code.

python -c "from train.recipe import Recipe; print(Recipe('mine', 'My first.'))"
"""

from dataclasses import dataclass, field

LOSSES = (
    "l2",
    "cross-entropy",
    "channels",
    "focal",
    "focal-exact",
    "block",
    "palette-distance",
)
NAMING = ("unet", "mobile-unet")  # networks with a bottom to name photos from
OPTIMIZERS = ("adamw", "adam", "adamax", "rmsprop", "adadelta")


class RecipeError(ValueError):
    """A recipe that does not exist or make sense; the text is a sentence for people."""


@dataclass(frozen=True)
class Recipe:
    """How one model is made."""

    name: str
    sentence: str  # for people who choose a model
    # the model
    network: str = "unet"
    network_options: dict = field(default_factory=dict)
    bins: str | None = None
    bins_options: dict = field(default_factory=dict)
    source: str = "lightness"
    luma: bool = False  # learns from the third paper's grey, not from the lightness
    mean: float = 50.0
    scale: float = 100.0
    ab_scale: float = 110.0
    temperature: float = 0.38
    short_side: int = 160
    square: int | None = None
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
        for name, known in (("loss", LOSSES), ("optimizer", OPTIMIZERS)):
            value = getattr(self, name)
            if value not in known:
                raise RecipeError(
                    f"Recipe {self.name!r} has {name} {value!r}; it must be one of "
                    f"{', '.join(known)}."
                )
        if self.bins is None and self.loss in ("cross-entropy", "channels", "focal-exact"):
            raise RecipeError(
                f"Recipe {self.name!r} has loss {self.loss!r} but no bins to classify into. "
                "Give bins (hull, grid, channels, palette) or another loss."
            )
        if self.naming and self.network not in NAMING:
            raise RecipeError(
                f"Recipe {self.name!r} has naming {self.naming} but the network {self.network!r}; "
                f"only {' and '.join(NAMING)} name photos. Set naming to 0."
            )
