"""Colour for black-and-white photos: from a photo to a photo, through any of our models.

from colorize import Colorizer
Colorizer.load("rebalanced")("old.jpg").save("new.png")
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colorize.colorizer import Colorizer

__all__ = ["Colorizer"]


def __getattr__(name: str) -> object:
    """`Colorizer` on demand: `python -m colorize --help` has no need of torch."""
    if name == "Colorizer":
        from colorize.colorizer import Colorizer

        return Colorizer
    raise AttributeError(f"module 'colorize' has no attribute {name!r}")
