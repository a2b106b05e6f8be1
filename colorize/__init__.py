"""Colour for black-and-white photos: from a photo to a photo, through any of our models.

from colorize import Colorizer
Colorizer.load("rebalanced")("old.jpg").save("new.png")
"""

__all__ = ["Colorizer"]


def __getattr__(name: str):
    """`Colorizer` on demand: `python -m colorize --help` has no need of torch."""
    if name == "Colorizer":
        from colorize.colorizer import Colorizer

        return Colorizer
    raise AttributeError(f"module 'colorize' has no attribute {name!r}")
