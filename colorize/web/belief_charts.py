"""Charts of a look inside, as HTML and SVG: the belief on the colour plane, and the maps.

    python -c "from colorize.web.belief_charts import AXES; print(AXES)"

The plane is that of Lab: a from green to red, b from blue to yellow. Every colour that the model
knows is a dot; the area of a disc is its probability.
"""

from html import escape
from math import sqrt

import numpy as np
from PIL import Image
from torch import Tensor

from colorize.web.belief import Belief, color_words, css, entropy_map, planes
from colorize.web.widgets import data_url

REACH = 118  # ab units from the middle of the plane to its border
CERTAIN = 46.0  # radius of the disc of a probability of one
LEAST = 0.002  # smaller probabilities are not drawn
LISTED = 5
MAP_SIDE = 560  # pixels of the longer side
AXES = (
    f'<path class="axis" d="M{-REACH} 0H{REACH}M0 {-REACH}V{REACH}"/>'
    f'<text x="{REACH - 1}" y="-4" text-anchor="end">red</text>'
    f'<text x="{1 - REACH}" y="-4">green</text>'
    f'<text x="4" y="{7 - REACH}">yellow</text><text x="4" y="{REACH - 2}">blue</text>'
)


def belief_chart(belief: Belief) -> str:
    """The belief at one pixel: the plane, and its likeliest colours as a list."""
    words = color_words(belief.lightness, *belief.painted)
    items = [_item(belief.lightness, *named) for named in belief.likeliest(LISTED)]
    if not items:
        items = ["<li>This model states one colour only, and no others that it held possible.</li>"]
    painted = f'<p class="small">Painted: {words}, the ring.</p>'
    own = ""
    if belief.original:
        own_words = color_words(belief.lightness, *belief.original)
        own = f'<p class="small">In the original: {own_words}, the diamond.</p>'
    listed = f'<ol class="hues">{"".join(items)}</ol>'
    return f'<div class="belief">{_plane(belief)}<div>{listed}{painted}{own}</div></div>'


def maps(painted: np.ndarray, entropy: Tensor | None) -> str:
    """Where the model was unsure, and the planes a and b, as figures."""
    image = Image.fromarray(painted)
    image.thumbnail((MAP_SIDE, MAP_SIDE), Image.Resampling.BOX)
    a, b = planes(np.asarray(image))
    figures = [
        _figure(a, "Green to red", "The first of the two planes that the model paints, called a."),
        _figure(b, "Blue to yellow", "The second plane, called b."),
    ]
    if entropy is not None:
        unsure = Image.fromarray(entropy_map(entropy)).resize(image.size, Image.Resampling.BICUBIC)
        words = f"Bright where it hesitates between colours. {entropy.mean():.1f} nats on average."
        figures.insert(0, _figure(np.asarray(unsure), "Where it is unsure", words))
    return f'<div class="maps">{"".join(figures)}</div>'


def _item(lightness: float, share: float, words: str, ab: tuple[float, float]) -> str:
    swatch = f'<i style="background:{css(lightness, *ab)}"></i>'
    return f"<li>{swatch}<b>{share:.0%}</b><span>{words}</span></li>"


def _plane(belief: Belief) -> str:
    """Colours of lines and words follow the page, by day and by night."""
    seen = min(85.0, max(45.0, belief.lightness))  # at black and white all dots would look alike
    shares = [0.0] * len(belief.centres) if belief.shares is None else belief.shares.tolist()
    dots, discs = [], []
    for (a, b), share in zip(belief.centres.tolist(), shares, strict=True):
        fill = css(seen, a, b)
        dots.append(_disc(a, b, 1.5, fill))
        if share >= LEAST:
            discs.append((share, _disc(a, b, CERTAIN * sqrt(share), fill)))
    large_first = "".join(disc for _, disc in sorted(discs, reverse=True))
    return (
        f'<svg class="plane" viewBox="{-REACH} {-REACH} {2 * REACH} {2 * REACH}" role="img" '
        f'aria-label="{escape(_sentence(belief))}">{AXES}<g opacity=".6">{"".join(dots)}</g>'
        f"<g>{large_first}</g>{_marks(belief)}</svg>"
    )


def _marks(belief: Belief) -> str:
    """A ring where the painted colour lies, a diamond where the original's does."""
    a, b = belief.painted
    marks = f'<circle class="painted" cx="{a:.1f}" cy="{-b:.1f}" r="5"/>'
    if belief.original:
        a, b = belief.original
        marks += f'<path class="original" d="M{a:.1f} {-b - 6:.1f}l6 6-6 6-6-6z"/>'
    return marks


def _sentence(belief: Belief) -> str:
    sentence = f"The colour plane. Painted: {color_words(belief.lightness, *belief.painted)}."
    for share, words, _ in belief.likeliest(1):
        sentence += f" Likeliest: {words}, {share:.0%}."
    return sentence


def _disc(a: float, b: float, radius: float, fill: str) -> str:
    return f'<circle cx="{a:.0f}" cy="{-b:.0f}" r="{radius:.1f}" fill="{fill}"/>'


def _figure(pixels: np.ndarray, name: str, words: str) -> str:
    return (
        f'<figure><img src="{data_url(pixels)}" alt="{name}">'
        f"<figcaption><b>{name}</b>{words}</figcaption></figure>"
    )
