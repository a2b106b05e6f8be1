"""Ageing: a function of the seed, on any size, that spoils lightness as each effect says."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from train.data import degrade
from train.data.degrade import EFFECTS, age, age_batch, cosine_basis, gaussian, noise


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    """(1, 1, 96, 128) in 0..100: a bright disc over a slope."""
    rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(128.0), indexing="ij")
    disc = ((rows - 40) ** 2 + (columns - 60) ** 2 < 500).float()
    return (20 + columns / 4 + 35 * disc)[None, None]


def test_age_is_a_function_of_the_seed(photo: torch.Tensor) -> None:
    assert torch.equal(age(photo, 5), age(photo, 5))
    assert not torch.equal(age(photo, 5), age(photo, 6))


@pytest.mark.parametrize("seed", range(40))
def test_age_stays_in_range_and_shape(photo: torch.Tensor, seed: int) -> None:
    aged = age(photo, seed)
    assert aged.shape == photo.shape and aged.dtype == photo.dtype
    assert aged.isfinite().all() and aged.min() >= 0 and aged.max() <= 100


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (31, 7), (8, 8)])
def test_every_effect_takes_every_size(size: tuple[int, int]) -> None:
    x = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))
    for effect in EFFECTS:
        for seed in range(3):
            out = effect(x, np.random.default_rng(seed), min(size) / 160)
            assert out.shape == x.shape and out.isfinite().all(), effect.__name__


def test_a_batch_ages_whom_a_seed_names(photo: torch.Tensor) -> None:
    batch = age_batch(torch.cat((photo, photo, photo)), torch.tensor([-1, 7, 3]))
    assert torch.equal(batch[:1], photo)
    assert torch.equal(batch[1:2], age(photo, 7)) and torch.equal(batch[2:], age(photo, 3))


def test_most_photos_are_aged_somehow(photo: torch.Tensor) -> None:
    changed = sum(not torch.equal(age(photo, seed), photo) for seed in range(60))
    untouched = np.prod([1 - likely for likely in EFFECTS.values()])
    assert untouched < 0.03 and changed >= 50


def test_fading_narrows_and_hardening_widens_the_tones(photo: torch.Tensor) -> None:
    x = photo / 100
    for seed in range(10):
        draw = np.random.default_rng
        assert degrade.fade(x, draw(seed), 1.0).std() < x.std()
        assert degrade.harden(x, draw(seed), 1.0).std() > x.std()


def test_the_gaussian_is_scipys(photo: torch.Tensor) -> None:
    ours = gaussian(photo, 2.0)[0, 0].numpy()
    theirs = gaussian_filter(photo[0, 0].numpy(), 2.0, mode="nearest", truncate=3.0)
    assert np.abs(ours - theirs).max() < 1e-3


def test_the_cosines_are_scipys() -> None:
    block = torch.rand(8, 8, generator=torch.Generator().manual_seed(1))
    basis = cosine_basis(block)
    ours = basis @ block @ basis.T
    assert np.abs(ours.numpy() - dctn(block.numpy(), norm="ortho")).max() < 1e-5


def test_jpeg_loses_what_pillows_loses(photo: torch.Tensor) -> None:
    """At the same quality the error against the photo is Pillow's, to a tenth."""

    class Fixed:
        def uniform(self, low: float, high: float) -> float:
            return 30.0

    x = photo / 100 + 0.05 * noise(photo, np.random.default_rng(0), 1.0)
    x = (x.clamp(0, 1) * 255).round() / 255
    ours = (degrade.jpeg(x, Fixed(), 1.0) - x).square().mean().sqrt()
    image = Image.fromarray((x[0, 0] * 255).byte().numpy())
    file = BytesIO()
    image.save(file, "JPEG", quality=30)
    theirs = np.asarray(Image.open(file), dtype=np.float32) / 255
    error = np.sqrt(np.mean((theirs - x[0, 0].numpy()) ** 2))
    assert 0.9 < float(ours) / error < 1.1


def test_noise_has_mean_zero_and_variance_near_one() -> None:
    x = torch.zeros(1, 1, 400, 400)
    for size in (1.0, 2.5, 10.0):
        field = noise(x, np.random.default_rng(3), size)
        assert abs(float(field.mean())) < 0.1 and 0.5 < float(field.std()) < 1.2


def test_grain_is_stronger_in_the_middle_tones() -> None:
    draw = np.random.default_rng
    middle, dark = torch.full((1, 1, 64, 64), 0.5), torch.full((1, 1, 64, 64), 0.02)
    assert degrade.grain(middle, draw(0), 1.0).std() > 2 * degrade.grain(dark, draw(0), 1.0).std()
