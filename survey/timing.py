"""What a browser says about one trial: checked, then flagged, never trusted.

    Timing.parse({"response_ms": 640.2, "exposure_ms": 1001.1, "dropped_frames": 0, "blurs": 0,
                  "hidden": 0, "screen_width": 1440, "screen_height": 900, "pixel_ratio": 2,
                  "refresh_hz": 60}, elapsed_ms=1702.0)

Seven more tell how the trial was seen: "window_width", "window_height", "shown_width" (CSS pixels),
"modality" ("key", "touch", "mouse", "pen"), "browser" ("Firefox 128"), "gamut" ("srgb", "p3",
"rec2020") and "cover_ms". A page that was open before there were any sends none.

response_ms runs from when answering became possible (end of the exposure; if that is unlimited, the
first frame) to the key. exposure_ms may be null when it could not be measured, refresh_hz too.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

FRAME_MS = 1000 / 60  # where the refresh rate is unknown
SLACK_MS = 1_000.0  # a browser may count this much more than the server saw pass
# Field: (smallest, largest, may be null). Whole numbers where the bounds are.
BOUNDS: dict[str, tuple[float, float, bool]] = {
    "response_ms": (0.0, 86_400_000.0, False),
    "exposure_ms": (0.0, 86_400_000.0, True),
    "dropped_frames": (0, 1_000_000, False),
    "blurs": (0, 100_000, False),
    "hidden": (0, 100_000, False),
    "screen_width": (1, 100_000, False),
    "screen_height": (1, 100_000, False),
    "pixel_ratio": (0.1, 20.0, False),
    "refresh_hz": (1.0, 1_000.0, True),
}
LATER: dict[str, tuple[float, float, bool]] = {  # likewise, where a page sends them
    "window_width": (1, 100_000, True),
    "window_height": (1, 100_000, True),
    "shown_width": (1.0, 100_000.0, True),
    "cover_ms": (0.0, 86_400_000.0, True),
}
WORDS: dict[str, tuple[str, ...]] = {  # may be null; of a browser's name only the length is fixed
    "modality": ("key", "touch", "mouse", "pen"),
    "gamut": ("srgb", "p3", "rec2020"),
    "browser": (),
}
LONGEST_NAME = 40
KNOWN = {*BOUNDS, *LATER, *WORDS}


class TimingError(ValueError):
    """Values that no browser measures."""


@dataclass(frozen=True)
class Timing:
    response_ms: float
    exposure_ms: float | None
    dropped_frames: int
    blurs: int  # times the page lost the focus during the trial
    hidden: int  # times it was hidden
    screen_width: int  # CSS pixels
    screen_height: int
    pixel_ratio: float
    refresh_hz: float | None
    window_width: int | None = None  # CSS pixels
    window_height: int | None = None
    shown_width: float | None = None  # of the image, in CSS pixels
    cover_ms: float | None = None  # from the cover's first frame to the one without it
    modality: str | None = None
    gamut: str | None = None
    browser: str | None = None

    @classmethod
    def parse(cls, values: object, elapsed_ms: float) -> "Timing":
        """Check every value; `elapsed_ms` is what the server saw pass since the trial was shown."""
        if not isinstance(values, Mapping) or not set(BOUNDS) <= set(values) <= KNOWN:
            raise TimingError(
                f"A timing has the fields {', '.join(BOUNDS)}, may have "
                f"{', '.join((*LATER, *WORDS))}, and has no others."
            )
        given = [f.name for f in fields(cls) if f.name in values]
        timing = cls(**{name: _checked(name, values[name]) for name in given})
        claimed = max(timing.response_ms, timing.exposure_ms or 0.0)
        if claimed > elapsed_ms + SLACK_MS:
            raise TimingError(f"{claimed:.0f} ms cannot fit into the {elapsed_ms:.0f} that passed.")
        return timing

    def flags(self, requested_ms: float | None, fast_ms: float, showings: int) -> str:
        """What an analysis should know of this vote; nothing is thrown away for it."""
        return " ".join(sorted(self._flags(requested_ms, fast_ms, showings)))

    def _flags(self, requested_ms: float | None, fast_ms: float, showings: int) -> Iterator[str]:
        if self.blurs:
            yield "blur"
        if self.hidden:
            yield "hidden"
        if showings > 1:
            yield "reloaded"
        if self.response_ms < fast_ms:
            yield "fast"
        if requested_ms is not None:
            frame = 1000 / self.refresh_hz if self.refresh_hz else FRAME_MS
            if self.exposure_ms is None or abs(self.exposure_ms - requested_ms) > frame + 1:
                yield "exposure"  # off by more than a frame (and the clock's own millisecond)


def _checked(name: str, value: Any) -> Any:
    if name in WORDS:
        return _word(name, value)
    low, high, may_be_null = (BOUNDS | LATER)[name]
    if value is None and may_be_null:
        return None
    whole = isinstance(low, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise TimingError(f"{name} is {value!r:.40}; it must be a {'whole ' * whole}number.")
    if not (low <= value <= high and math.isfinite(value)):
        raise TimingError(f"{name} is {value!r:.40}; it must lie between {low} and {high}.")
    return value if whole else float(value)


def _word(name: str, value: Any) -> str | None:
    if value is None:
        return None
    known = WORDS[name]
    plain = isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_NAME
    if not plain or (known and value not in known):
        raise TimingError(f"{name} is {value!r:.40}; it must be {' or '.join(known) or 'a name'}.")
    return str(value)
