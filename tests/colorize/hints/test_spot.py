import numpy as np
import torch
from torch import Tensor

from colorize.colorizer import Colorizer
from colorize.hints import Hint
from colorize.hints.spot import hold
from colorize.lab import pixels_to_lab, rgb_to_ab
from colorize.photo import Photo
from colorize.upsample import fit_lines
from tests.helpers.photos import speckled

HINTS = [Hint(0.31, 0.42, "#906050"), Hint(0.74, 0.6, "#507088"), Hint(0.5, 0.9)]


def stripes() -> Tensor:
    """(1, 1, 64, 96) lightness: edges everywhere, so that answers are mixed across them."""
    light = torch.full((1, 1, 64, 96), 40.0)
    light[..., ::14] = light[..., 1::14] = light[..., 2::14] = 75.0
    return light


def answers() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    return tuple(15 * torch.randn(1, 2, 16, 24, generator=random) for _ in range(2))


def at(ab: Tensor, hint: Hint) -> Tensor:
    return ab[0, :, int(hint.y * ab.shape[2]), int(hint.x * ab.shape[3])]


def test_spots_have_their_colours_and_kept_ones_the_models():
    light, (hinted, before) = stripes(), answers()
    lines, own = fit_lines(light, hinted), fit_lines(light, before)
    held = hold(lines, own, light, HINTS).at(light)
    off = []
    for hint in HINTS:
        kept = hint.rgb is None
        wanted = at(own.at(light), hint) if kept else rgb_to_ab(torch.tensor([hint.rgb]) / 255)[0]
        assert (at(held, hint) - wanted).norm() < 0.2
        off.append((at(lines.at(light), hint) - wanted).norm())
    assert min(off) > 2  # there was something to do


def test_an_enlarged_photo_shows_them_on_edges_too():
    """Each pixel that lies under a hint, at eight times the size."""
    light, (hinted, before) = stripes(), answers()
    held = hold(fit_lines(light, hinted), fit_lines(light, before), light, HINTS)
    large = torch.nn.functional.interpolate(light, scale_factor=8)
    own = fit_lines(light, before).at(large)
    for hint in HINTS:
        kept = hint.rgb is None
        wanted = at(own, hint) if kept else rgb_to_ab(torch.tensor([hint.rgb]) / 255)[0]
        assert (at(held.at(large), hint) - wanted).norm() < 0.1


def test_elsewhere_nothing_changes():
    light, (hinted, before) = stripes(), answers()
    lines, own = fit_lines(light, hinted), fit_lines(light, before)
    change = (hold(lines, own, light, HINTS[:1]).at(light) - lines.at(light)).norm(dim=1)[0]
    y, x = np.mgrid[0:64, 0:96]
    near = np.hypot(x - 0.31 * 96, y - 0.42 * 64) < 0.15 * (64 * 96) ** 0.5
    assert (change[~torch.from_numpy(near)] < 0.05).all() and change.max() > 2


def test_the_painted_photo_shows_it(make_model):
    """Where the lightness has room for the colour."""
    colorizer = Colorizer(make_model(short_side=64), device="cpu")
    photo = Photo(speckled(128, 192, gray=True).clip(90, 150))
    painted = colorizer(photo, hints=HINTS[:2]).pixels
    for hint in HINTS[:2]:
        row, column = int(hint.y * 128), int(hint.x * 192)
        spot = painted[row - 1 : row + 2, column - 1 : column + 2]
        wanted = rgb_to_ab(torch.tensor([hint.rgb]) / 255)[0]
        assert (pixels_to_lab(spot)[1:].mean((1, 2)) - wanted).norm() < 1
