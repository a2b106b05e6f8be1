from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from colorize.bins import Hull
from colorize.colorizer import Colorizer
from colorize.photo import Photo, shrink
from colorize.quantizer import entropy
from colorize.web.belief import belief_at, color_words, css, entropy_map, most_vivid, planes
from colorize.web.studio import Preview


@pytest.mark.parametrize(
    "lab, rgb",
    [
        ((0, 0, 0), "#000000"),
        ((100, 0, 0), "#ffffff"),
        ((53.24, 80.09, 67.20), "#ff0000"),
        ((32.30, 79.19, -107.86), "#0000ff"),
    ],
)
def test_css_knows_the_corners_of_srgb(lab, rgb):
    assert css(*lab) == rgb


@pytest.mark.parametrize(
    "lab, words",
    [
        ((50, 0, 0), "grey"),
        ((10, 1, 1), "dark grey"),
        ((53, 80, 67), "vivid red"),
        ((97, -21, 94), "light vivid yellow"),
        ((46, -51, 49), "vivid green"),
        ((50, 10, -45), "blue"),
        ((45, 20, 30), "brown"),
        ((80, 30, 2), "light pink"),
        ((30, 59, -37), "dark vivid purple"),
    ],
)
def test_colours_have_plain_names(lab, words):
    assert color_words(*lab) == words


def test_every_hue_has_a_name():
    names = {color_words(60, 40 * np.cos(h), 40 * np.sin(h)) for h in np.linspace(0, 2 * np.pi, 99)}
    assert len(names) > 8


def test_the_map_is_dark_where_the_model_is_sure():
    logits = torch.zeros(1, 313, 8, 16)
    logits[:, 5, :, :8] = 50  # the left half is certain
    shown = entropy_map(entropy(logits)[0]).astype(int)
    assert shown[:, :8].mean() < 80 < 180 < shown[:, 8:].mean()


def test_planes_of_a_grey_photo_are_even():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for plane in planes(ramp):
        assert np.ptp(plane.reshape(-1, 3).astype(int), axis=0).max() <= 1


def test_planes_tell_red_from_green_and_yellow_from_blue():
    pixels = np.array([[[200, 40, 40], [40, 160, 40], [220, 210, 40], [40, 60, 200]]], np.uint8)
    a, b = (plane[0].astype(int) for plane in planes(pixels))
    assert a[0, 0] > a[0, 1] and a[1, 1] > a[1, 0]
    assert b[2, 0] > b[2, 2] and b[3, 2] > b[3, 0]


@pytest.mark.parametrize("place", [(0.1, 0.9), (0.7, 0.2)])
def test_the_most_vivid_place_is_found(place):
    pixels = np.full((200, 300, 3), 120, np.uint8)
    x, y = int(place[0] * 300), int(place[1] * 200)
    pixels[max(0, y - 20) : y + 20, max(0, x - 20) : x + 20] = (230, 30, 30)
    found = most_vivid(pixels)
    assert abs(found[0] - place[0]) < 0.1 and abs(found[1] - place[1]) < 0.1


def seen(colorizer: Colorizer, photo: Photo, side: int, gray: bool = False) -> Preview:
    look = colorizer.look(photo)
    small = shrink(photo, side)
    shown = SimpleNamespace(photo=small, belief=None, centres=look.centres)
    shown.belief = replace(look, photo=small).belief
    return Preview(shown, photo.width, photo.height, gray)


def test_a_pixel_of_the_file_is_asked_on_the_screen(colorizer):
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (8, 12, 1), np.uint8).repeat(3, 2)
    photo = Photo(blocks.repeat(50, 0).repeat(50, 1))  # 600 x 400
    preview = seen(colorizer, photo, 150)
    painted = preview.look.photo.pixels
    for x, y in ((0, 0), (599, 399), (310, 120)):
        belief = belief_at(preview, painted, x, y)
        assert torch.equal(belief.shares, colorizer.look(photo).belief(x, y))
        assert belief.shares.sum() == pytest.approx(1, abs=1e-4)


def test_places_outside_are_moved_inside(colorizer):
    preview = seen(colorizer, Photo(np.full((40, 60, 3), 99, np.uint8)), 60)
    inside = belief_at(preview, preview.look.photo.pixels, 59, 39)
    outside = belief_at(preview, preview.look.photo.pixels, 10_000, 10_000)
    assert torch.equal(inside.shares, outside.shares)


def test_only_colour_photos_have_an_original(colorizer):
    photo = Photo(np.full((40, 60, 3), (200, 60, 60), np.uint8))
    painted = np.full((40, 60, 3), 90, np.uint8)
    a, b = belief_at(seen(colorizer, photo, 60), painted, 5, 5).original
    assert a > 40 and b > 15
    assert belief_at(seen(colorizer, photo, 60, gray=True), painted, 5, 5).original is None


def test_a_model_of_one_colour_states_no_others(make_model):
    regression = Colorizer(make_model("regression"), device="cpu")
    preview = seen(regression, Photo(np.full((40, 60, 3), 99, np.uint8)), 60)
    belief = belief_at(preview, preview.look.photo.pixels, 5, 5)
    assert belief.shares is None and belief.likeliest(5) == []
    assert torch.equal(belief.centres.float(), Hull().centres)  # a backdrop all the same


def test_the_likeliest_come_first(colorizer):
    preview = seen(colorizer, Photo(np.full((40, 60, 3), 99, np.uint8)), 60)
    named = belief_at(preview, preview.look.photo.pixels, 5, 5).likeliest(313)
    shares, names, _ = zip(*named, strict=True)
    assert list(shares) == sorted(shares, reverse=True)
    assert len(set(names)) == len(names)
    assert sum(shares) == pytest.approx(1, abs=1e-4)  # near colours are counted together
