"""Hints in words: what each shows at its spot, how far it reaches, what its spot cannot show.

    from colorize.web.hint_words import hint_notes
    hint_notes(look, hints, temperature=None)

The page reads them out to those who cannot see the pins, and beside the pins to all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from colorize.hints.hint import Hint
from colorize.hints.kriging import weights
from colorize.hints.pins import Pins, pins_on, shown_colors
from colorize.hints.planes import takes_hints
from colorize.hints.steer import WIDE, distances, reach
from colorize.lab import rgb_to_lab
from colorize.look import Look
from colorize.web.belief import color_words

NOTABLE = 0.2  # weight from which on a place is counted as reached
FAR, SOME = 0.12, 0.03  # shares of the photo that are reached
MISSING = 8.0  # ab units of its chroma that a spot cannot show, before it is said
DARK, BRIGHT = 40.0, 70.0  # L


@dataclass(frozen=True)
class HintNote:
    """What the page says of one hint."""

    hint: Hint
    color: str | None  # "#rrggbb" as its spot shows it
    words: str  # "dark red"
    reach: str  # "reaches far"
    remark: str = ""  # of a colour that the spot's lightness cannot show


def hint_notes(
    look: Look, hints: Sequence[Hint], temperature: float | None = None
) -> list[HintNote]:
    """One for each hint, in their order."""
    if not hints:
        return []
    shown = shown_colors(hints, look.shown.lightness)
    return [
        HintNote(hint, color, _words(color), _reach_words(share), _remark(hint.color, color))
        for hint, color, share in zip(hints, shown, reached(look, hints, temperature), strict=True)
    ]


@torch.inference_mode()
def reached(
    look: Look, hints: Sequence[Hint], temperature: float | None = None
) -> list[float | None]:
    """The share of the photo that takes up each hint; None where the network decides that."""
    if takes_hints(look.model):
        return [None] * len(hints)
    own = look.own(temperature)
    pins: Pins = pins_on(own, [hints])
    apart = distances(look.model, look.output, look.shown.lightness, own, pins)
    wide = weights(WIDE, apart, pins) * reach(own, pins)[:, None]
    shares: list[float] = (wide[0] > NOTABLE).float().mean(0).tolist()
    return list(shares)


def _reach_words(share: float | None) -> str:
    if share is None:
        return ""
    if share >= FAR:
        return "reaches far"
    return "reaches some way" if share >= SOME else "keeps to its spot"


def _lab(color: str) -> tuple[float, float, float]:
    rgb = torch.tensor(list(bytes.fromhex(color[1:])))[:, None, None] / 255
    lightness, a, b = rgb_to_lab(rgb).flatten().tolist()
    return lightness, a, b


def _words(color: str | None) -> str:
    return "as it is" if color is None else color_words(*_lab(color))


def palette_words(hints: Sequence[Hint], most: int = 4) -> str:
    """The colours that some hints give, each named once."""
    names = dict.fromkeys(_words(hint.color) for hint in hints if hint.color)
    return ", ".join(list(names)[:most])


def _remark(wanted: str | None, shown: str | None) -> str:
    if wanted is None or shown is None:
        return ""
    (_, *wish), (lightness, *got) = _lab(wanted), _lab(shown)
    if torch.dist(torch.tensor(wish), torch.tensor(got)) < MISSING:
        return ""
    spot = "dark" if lightness < DARK else "bright" if lightness > BRIGHT else "light"
    return f"shown as near as a spot so {spot} can show it"
