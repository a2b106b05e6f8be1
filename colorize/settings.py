"""What can be chosen for a photo: made once from a request, checked, and passed on whole.

    python -c "from colorize.settings import Settings; print(Settings(temperature=0.2))"

Frozen and hashable, so that a photo that was painted with some settings can be found again by them.
Free of torch: whoever only chooses need not wait for it.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypedDict

MOST_SATURATION = 4.0


@dataclass(frozen=True)
class Settings:
    """Page, API, command line and Python all say so what they want."""

    model: str = ""  # its name; empty where one is at hand already
    temperature: float | None = None  # 0: the likeliest colour, 1: the mean; None: the model's own
    saturation: float = 1.0  # times the model's chroma
    hints: tuple[Hashable, ...] = ()  # colours that a person gives to places
    reference: str | None = None  # a photo whose colours are carried over

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature <= 1:
            raise ValueError(
                f"A temperature of {self.temperature} was given; it must lie between 0 (the "
                "likeliest colour) and 1 (the mean of all)."
            )
        if not 0 <= self.saturation <= MOST_SATURATION:
            raise ValueError(
                f"A saturation of {self.saturation} was given; it must lie between 0 (grey) and "
                f"{MOST_SATURATION:g}. 1 leaves the model's colours as they are."
            )
        if self.hints or self.reference is not None:
            raise ValueError("Hints and reference photos are not painted yet; leave them out.")


class Changes(TypedDict, total=False):
    """What can be chosen anew for a photo that a model has seen: all but the model."""

    temperature: float | None
    saturation: float


DEFAULTS = Settings()
