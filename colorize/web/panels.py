"""One photo through several models: what each made of it, in numbers a person can use.

    python -c "from colorize.web.panels import first_panel; print(first_panel('old.jpg').numbers)"

`Panel`s become a table with bars for the page (`measures_table`) and one picture to share
(`poster`).
"""

from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorize.colours import colorfulness, mean_delta_e
from colorize.photo import is_gray, open_photo, shrink
from colorize.settings import Settings
from colorize.web.studio import Studio

MEASURES = (  # of a panel: field, heading (with soft hyphens), form
    ("colorfulness", "Colour\u00adfulness", "{:.0f}"),
    ("distance", "Distance from the original", "{:.1f}"),
    ("seconds", "Seconds", "{:.2f}"),
    ("millions", "Million para\u00admeters", "{:.1f}"),
)
TALLEST = 1120  # of a photo on the poster, pixels
PANEL, GAP, MARGIN, HEAD, FOOT = 560, 28, 56, 60, 76  # of the poster, pixels
MOST_COLUMNS = 4
PAPER, INK, MUTED = "#faf8f4", "#1d1b18", "#655f56"


@dataclass(frozen=True)
class Panel:
    """A photo in the comparison, or the sentence that says why it is missing."""

    name: str
    sentence: str
    pixels: np.ndarray | None = None  # (H, W, 3) uint8
    colorfulness: float | None = None
    distance: float | None = None  # from the original, if there is one
    seconds: float | None = None  # of the network's pass
    millions: float | None = None  # of parameters
    problem: str = ""

    @property
    def numbers(self) -> str:
        """Colourfulness and distance in one line."""
        words = []
        if self.colorfulness is not None:
            words.append(f"colourfulness {self.colorfulness:.0f}")
        if self.distance is not None:
            words.append(f"distance {self.distance:.1f}")
        return ", ".join(words)


def first_panel(path: str) -> Panel:
    """The photo as it came; no model is needed for it."""
    photo = shrink(open_photo(path))
    pixels = photo.pixels
    if is_gray(photo):
        return Panel("as it came", "The photo without colours.", pixels)
    return Panel("original", "The photo's own colours, set aside.", pixels, colorfulness(pixels))


def model_panel(studio: Studio, path: str, name: str) -> Panel:
    """The photo as one model colours it."""
    preview, model = studio.preview(path, name), studio.colorizer(name).model
    pixels = studio.paint_preview(path, Settings(name))
    return Panel(
        name,
        model.config.sentence,
        pixels,
        colorfulness(pixels),
        None if preview.gray else mean_delta_e(pixels, preview.look.photo.pixels),
        preview.look.seconds["network"],
        model.parameters_count / 1e6,
    )


def measures_table(panels: list[Panel]) -> str:
    """The numbers as a table; a bar in each cell makes it a chart."""
    panels = [panel for panel in panels if panel.pixels is not None]
    shown = [m for m in MEASURES if any(getattr(panel, m[0]) is not None for panel in panels)]
    head = "".join(f'<th scope="col">{label}</th>' for _, label, _ in shown)
    rows = ""
    for panel in panels:
        cells = "".join(_cell(panel, panels, field, form) for field, _, form in shown)
        rows += f'<tr><th scope="row">{escape(panel.name)}</th>{cells}</tr>'
    head = f'<thead><tr><th scope="col">Photo</th>{head}</tr></thead>'
    return f'<table class="bars">{head}<tbody>{rows}</tbody></table>'


def poster(panels: list[Panel], title: str) -> Image.Image:
    """All photos as one picture, with their names and numbers."""
    found = [(panel, _fitted(panel.pixels)) for panel in panels if panel.pixels is not None]
    rows = -(-len(found) // MOST_COLUMNS)
    columns = -(-len(found) // rows)
    height = max(photo.height for _, photo in found)
    width = columns * (PANEL + GAP) - GAP
    size = (width + 2 * MARGIN, 2 * MARGIN + HEAD + rows * (height + FOOT))
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((MARGIN, MARGIN - 12), title, INK, ImageFont.load_default(30))
    for place, (panel, photo) in enumerate(found):
        x = MARGIN + place % columns * (PANEL + GAP)
        y = MARGIN + HEAD + place // columns * (height + FOOT)
        picture.paste(photo, (x, y))
        draw.text((x, y + height + 8), panel.name, INK, ImageFont.load_default(22))
        draw.text((x, y + height + 36), panel.numbers, MUTED, ImageFont.load_default(17))
    return picture


def _fitted(pixels: np.ndarray) -> Image.Image:
    """As wide as a panel, unless that made it too tall; never without a pixel."""
    height, width = pixels.shape[:2]
    scale = min(PANEL / width, TALLEST / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)


def _cell(panel: Panel, panels: list[Panel], field: str, form: str) -> str:
    value = getattr(panel, field)
    if value is None:
        return "<td></td>"
    most = max(getattr(other, field) or 0 for other in panels) or 1
    return (
        f"<td>{form.format(value)}"
        '<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{100 * value / most:.1f}" height="1"/></svg></td>'
    )
