import numpy as np
import pytest
import torch
from skimage import color

from colorize.lab import (
    fit_gamut,
    lab_to_linear,
    lab_to_pixels,
    lab_to_rgb,
    lightness_to_gray,
    pixels_to_lab,
    rgb_to_ab,
    rgb_to_lab,
    rgb_to_lightness,
)


@pytest.fixture(scope="module")
def cube() -> torch.Tensor:
    """(3, 33 * 33, 33): every colour whose channels are multiples of 1/32, black and white too."""
    steps = torch.linspace(0, 1, 33)
    return torch.cartesian_prod(steps, steps, steps).T.reshape(3, 33 * 33, 33)


def last(x: torch.Tensor) -> np.ndarray:
    return x.movedim(-3, -1).double().numpy()


def test_agrees_with_skimage_over_the_whole_cube(cube):
    assert np.abs(last(rgb_to_lab(cube)) - color.rgb2lab(last(cube))).max() < 1e-3


def test_way_back_agrees_with_skimage(cube):
    lab = rgb_to_lab(cube)
    assert np.abs(last(lab_to_rgb(lab)) - color.lab2rgb(last(lab))).max() < 1e-3
    assert (lab_to_rgb(lab) - cube).abs().max() < 1e-4


def test_all_8_bit_values_come_back(cube):
    levels = torch.arange(256).expand(3, 1, 256) / 255
    back = lab_to_rgb(rgb_to_lab(levels)) * 255
    assert torch.equal(back.round(), levels * 255)


def test_lightness_alone_is_the_same_lightness(cube):
    assert torch.allclose(rgb_to_lightness(cube)[0], rgb_to_lab(cube)[0], atol=1e-4)


def test_gray_of_a_lightness_has_that_lightness():
    lightness = torch.linspace(0, 100, 101)
    gray = lightness_to_gray(lightness).expand(3, 1, -1)
    assert torch.allclose(rgb_to_lightness(gray)[0, 0], lightness, atol=1e-3)


def test_dimensions_in_front_are_batches(cube):
    batch = torch.stack((cube, cube.flip(0)))[:, None]  # (2, 1, 3, H, W)
    assert torch.allclose(rgb_to_lab(batch)[0, 0], rgb_to_lab(cube), atol=1e-4)


def test_precision_is_at_least_float32(cube):
    assert rgb_to_lab(cube.half()).dtype == torch.float32
    assert rgb_to_lab(cube.double()).dtype == torch.float64


def test_gradients_are_finite_at_black_white_and_between(cube):
    rgb = cube.clone().requires_grad_()
    rgb_to_lab(rgb).sum().backward()
    lab = rgb_to_lab(cube).requires_grad_()
    lab_to_rgb(lab).sum().backward()
    assert torch.isfinite(rgb.grad).all() and torch.isfinite(lab.grad).all()


@pytest.mark.parametrize("value", [0.0, 0.02, 0.5, 1.0])
def test_gradient_is_the_slope(value):
    rgb = torch.full((3, 1, 1), value, dtype=torch.float64)
    rgb[1] += 0.003  # off the branch points
    rgb.requires_grad_()
    assert torch.autograd.gradcheck(rgb_to_lab, rgb, eps=1e-7, atol=1e-3)


@pytest.fixture(scope="module")
def wild() -> tuple[torch.Tensor, torch.Tensor]:
    """Lightnesses with colours of which many do not exist."""
    random = torch.Generator().manual_seed(0)
    lightness = torch.rand(1, 64, 64, generator=random) * 100
    return lightness, (torch.rand(2, 64, 64, generator=random) - 0.5) * 240


def in_gamut(lab: torch.Tensor) -> torch.Tensor:
    """(3, H, W) -> (1, H, W): does the colour exist in sRGB?"""
    return (lab_to_linear(lab) - 0.5).abs().amax(dim=-3, keepdim=True) <= 0.5 + 1e-4


class TestFitGamut:
    def test_everything_fits_afterwards(self, wild):
        lightness, ab = wild
        assert not in_gamut(torch.cat((lightness, ab))).all()
        linear = lab_to_linear(torch.cat((lightness, fit_gamut(lightness, ab))))
        assert linear.min() > -2e-4 and linear.max() < 1 + 2e-4

    def test_lightness_and_hue_stay(self, wild):
        lightness, ab = wild
        fitted = fit_gamut(lightness, ab)
        back = rgb_to_lab(lab_to_rgb(torch.cat((lightness, fitted))))
        assert (back[:1] - lightness).abs().max() < 0.1
        cross = ab[0] * fitted[1] - ab[1] * fitted[0]
        assert cross.abs().max() < 1e-2 and ((ab * fitted).sum(0) >= 0).all()

    def test_loses_no_more_chroma_than_it_must(self, wild):
        lightness, ab = wild
        fitted = fit_gamut(lightness, ab)
        kept = fitted.norm(dim=0) / ab.norm(dim=0)
        outside = ~in_gamut(torch.cat((lightness, ab * (kept + 1 / 128))))[0]
        assert outside[kept < 0.99].all()

    def test_colours_that_exist_stay_as_they_are(self, cube):
        lab = rgb_to_lab(cube)
        assert torch.equal(fit_gamut(lab[:1], lab[1:]), lab[1:])


def test_pixels_to_lab_and_back_are_the_same_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    lab = pixels_to_lab(pixels[:, ::-1])  # negative strides are fine
    assert lab.shape == (3, 20, 30) and lab.dtype == torch.float32
    assert np.abs(lab.permute(1, 2, 0).numpy() - color.rgb2lab(pixels[:, ::-1])).max() < 1e-2
    assert np.array_equal(lab_to_pixels(lab), pixels[:, ::-1])
    assert pixels_to_lab(pixels, torch.float64).dtype == torch.float64


def test_single_colours_are_those_of_a_picture():
    rgb = torch.rand(9, 3, generator=torch.Generator().manual_seed(0))
    picture = rgb_to_lab(rgb.T[:, :, None])
    assert torch.equal(rgb_to_ab(rgb), picture[1:, :, 0].T)
