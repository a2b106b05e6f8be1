"""What can be chosen for a photo: made once from a request, checked, and passed on whole.

    python -c "from colorize.settings import Settings; print(Settings(temperature=0.2))"

Frozen and hashable, so that a photo that was painted with some settings can be found again by them.
Free of torch: whoever only chooses need not wait for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from colorize.hints.hint import Hint, check_hints

MOST_SATURATION = 4.0


@dataclass(frozen=True)
class Settings:
    """Page, API, command line and Python all say so what they want."""

    model: str = ""  # its name; empty where one is at hand already
    temperature: float | None = None  # 0: the likeliest colour, 1: the mean; None: the model's own
    saturation: float = 1.0  # times the model's chroma
    hints: Sequence[Hint] = ()  # colours that a person gives to places; kept as a tuple
    reference: str | None = None  # the path of a photo whose colours are carried over
    strength: float = 1.0  # of the reference: 0 leaves the model's colours, 1 takes its own

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
        if not 0 <= self.strength <= 1:
            raise ValueError(
                f"A strength of {self.strength} was given; it must lie between 0 (nothing of the "
                "reference photo) and 1 (its colours)."
            )
        object.__setattr__(self, "hints", check_hints(self.hints))


class Changes(TypedDict, total=False):
    """What can be chosen anew for a photo that a model has seen: all but the model."""

    temperature: float | None
    saturation: float
    hints: Sequence[Hint]
    reference: str | None
    strength: float


DEFAULTS = Settings()
