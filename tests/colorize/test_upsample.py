import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import data

from colorize.lab import rgb_to_lab
from colorize.upsample import box, fit_lines, resize

SIDE, SHOWN, ANSWER = 384, 192, 48  # the photo, what the network sees, what it answers


def made_up_scene(seed: int, texture: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Discs of known colours with soft gradients, grain, and a texture that only L has.

    Returns Lab (1, 3, SIDE, SIDE) and the distance of each pixel to the nearest edge of colour.
    """
    random = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(*[torch.arange(SIDE) + 0.5] * 2, indexing="ij")
    lab = torch.tensor([55.0, 10, 25])[:, None, None].expand(3, SIDE, SIDE)
    edge = torch.full((SIDE, SIDE), 1e9)
    for _ in range(14):
        column, row = torch.rand(2, generator=random) * SIDE
        radius = (0.06 + 0.12 * torch.rand(1, generator=random)) * SIDE
        colour = torch.rand(3, generator=random) * torch.tensor([60, 90, 100])
        colour = colour + torch.tensor([20, -40, -50])
        outside = ((x - column) ** 2 + (y - row) ** 2).sqrt() - radius
        lab = torch.where(outside < 0, colour[:, None, None], lab)
        edge = torch.where(outside < 0, outside.abs(), torch.minimum(edge, outside.abs()))
    waves = texture * torch.sin(x / 2.1) * torch.sin(y / 3.3)
    soft = torch.stack((waves, (x - y) / SIDE * 8, (x + y) / SIDE * 6))
    return (lab + soft + 1.5 * torch.randn(lab.shape, generator=random))[None], edge


def errors(lab: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Distance to the true ab of the guided and the bilinear one, both (H, W)."""
    lightness, ab = lab[:, :1], lab[:, 1:]
    small = F.interpolate(lightness, size=(SHOWN, SHOWN), mode="area")
    answer = F.interpolate(ab, size=(ANSWER, ANSWER), mode="area")
    guided, bilinear = fit_lines(small, answer).at(lightness), resize(answer, ab.shape[2:])
    return tuple((x - ab).norm(dim=1)[0] for x in (guided, bilinear))


@pytest.mark.parametrize("texture", [0.0, 3.0, 6.0])
@pytest.mark.parametrize("seed", range(3))
def test_less_error_at_edges_than_bilinear_and_no_more_elsewhere(seed, texture):
    lab, edge = made_up_scene(seed, texture)
    guided, bilinear = errors(lab)
    near = edge <= 3
    assert guided[near].mean() < 0.85 * bilinear[near].mean()
    assert guided[~near].mean() < 1.01 * bilinear[~near].mean()


@pytest.mark.parametrize("photo", ["astronaut", "chelsea", "coffee"])
def test_less_error_than_bilinear_on_real_photos(photo):
    pixels = torch.from_numpy(getattr(data, photo)().copy()).permute(2, 0, 1)[None] / 255
    guided, bilinear = errors(F.interpolate(rgb_to_lab(pixels), size=(SIDE, SIDE), mode="area"))
    assert guided.mean() < 0.97 * bilinear.mean()


def test_colour_that_follows_the_lightness_is_restored():
    """Where ab is a line over L, it is known at every pixel that L is known at."""
    x = torch.linspace(0, 40, SIDE)
    lightness = (50 + 40 * torch.sin(x)[None, :] * torch.cos(x)[:, None])[None, None]
    ab = torch.cat((0.5 * lightness - 20, 10 - 0.3 * lightness), dim=1)
    guided, bilinear = errors(torch.cat((lightness, ab), dim=1))
    assert guided.mean() < 0.35 * bilinear.mean()


def test_one_colour_stays_that_colour():
    small = torch.rand(1, 1, 24, 32, generator=torch.Generator().manual_seed(0)) * 100
    ab = torch.tensor([12.0, -7]).view(1, 2, 1, 1).expand(1, 2, 6, 8)
    full = resize(small, (240, 320))
    assert torch.allclose(fit_lines(small, ab).at(full), ab[:, :, :1, :1], atol=1e-3)


def test_flat_lightness_leaves_plain_bilinear():
    small, ab = torch.full((1, 1, 24, 32), 60.0), torch.randn(1, 2, 6, 8)
    lines = fit_lines(small, ab)
    full = torch.full((1, 1, 48, 64), 60.0)
    assert torch.allclose(lines.at(full), resize(resize(ab, (24, 32)), (48, 64)), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (4, 512), (16, 16)])
def test_answers_of_any_size(size):
    lines = fit_lines(torch.rand(1, 1, 16, 2048) * 100, torch.randn(1, 2, *size))
    ab = lines.at(torch.rand(1, 1, 3, 5000) * 100)
    assert ab.shape == (1, 2, 3, 5000) and torch.isfinite(ab).all()


def test_box_is_the_mean_of_what_there_is():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    assert box(x, 1)[0, 0, 0, 0].item() == np.mean([0, 1, 4, 5])
    assert box(x, 1)[0, 0, 1, 1].item() == x[0, 0, :, :3].mean().item()
