"""Every metric against an oracle: scikit-image, published values, or the definition in full."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from colorize.bins import Hull
from colorize.colours import colorfulness
from train.evaluation import metrics
from train.evaluation.metrics import METRICS, Guess, Truth


def photo(seed: int, height: int = 90, width: int = 120) -> np.ndarray:
    """A smooth colourful picture, so that some of the 313 bins hold many pixels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    planes = [np.sin(3 * random.normal(size=2) @ [y.ravel(), x.ravel()] + c) for c in range(3)]
    pixels = 127 + 40 * np.stack(planes, -1).reshape(height, width, 3)
    return (pixels + random.normal(0, 2, pixels.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def guesses() -> list[Guess]:
    """Two photos of different sizes, guessed wrongly."""
    sizes = ((120, 100), (90, 90))
    return [
        Guess(Truth(photo(i, *size)), photo(i + 7, *size), torch.randn(2, 12, 16) * 20)
        for i, size in enumerate(sizes)
    ]


def value(name: str, guesses: list[Guess], weights: list[float] | None = None) -> float:
    metric = METRICS[name]
    sums = np.stack([metric.parts(g) for g in guesses], axis=1)  # (2, n, K)
    weights = np.array([weights or [1.0] * len(guesses)])
    return float(metric.value(sums, weights, metrics.counted(sums))[0])


def ab(pixels: np.ndarray) -> np.ndarray:
    return rgb2lab(pixels)[..., 1:]


def pooled(guesses: list[Guess]) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true ab of all pixels of all photos, (n, 2), by scikit-image."""
    predicted = np.concatenate([ab(g.pixels).reshape(-1, 2) for g in guesses])
    return predicted, np.concatenate([ab(g.truth.pixels).reshape(-1, 2) for g in guesses])


def test_psnr_is_scikit_images():
    assert metrics.psnr(photo(0), photo(1)) == pytest.approx(
        peak_signal_noise_ratio(photo(1), photo(0)), abs=1e-4
    )


def test_psnr_of_the_photo_itself_is_that_of_rounding():
    assert metrics.psnr(photo(0), photo(0)) == pytest.approx(10 * np.log10(12 * 255**2))


def test_ssim_is_scikit_images_with_wangs_window():
    oracle = structural_similarity(
        photo(0),
        photo(1),
        channel_axis=-1,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert metrics.ssim(photo(0), photo(1)) == pytest.approx(oracle, abs=1e-5)


def test_ssim_of_a_tiny_photo_is_refused():
    with pytest.raises(ValueError, match="at least 11"):
        metrics.ssim(photo(0, 10, 40), photo(1, 10, 40))


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [  # Sharma, Wu, Dalal 2005, table 1
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_delta_e_has_the_published_values(first, second, distance):
    one, two = (torch.tensor(lab).view(3, 1, 1).expand(3, 4, 6) for lab in (first, second))
    found = metrics.delta_e(one, two)
    assert found.shape == (2, 3)  # a quarter of the pixels
    assert found == pytest.approx(distance, abs=1e-4)


def test_reached_counts_thresholds():
    distances = np.array([0, 0.01, 1, 1.5, 75, 149.5, 150, 150.2, 151, 400])
    oracle = [np.mean([d <= t for t in range(151)]) for d in distances]
    assert metrics.reached(torch.from_numpy(distances)).numpy() == pytest.approx(oracle)


def test_lab_numbers_are_taken_over_all_pixels(guesses):
    predicted, true = pooled(guesses)
    error = predicted - true
    assert value("ab_rmse", guesses) == pytest.approx(np.sqrt((error**2).mean()), abs=1e-3)
    assert value("cast_a", guesses) == pytest.approx(error[:, 0].mean(), abs=1e-3)
    assert value("cast_b", guesses) == pytest.approx(error[:, 1].mean(), abs=1e-3)
    chroma = [np.linalg.norm(x, axis=1).mean() for x in (predicted, true)]
    assert value("chroma_ratio", guesses) == pytest.approx(chroma[0] / chroma[1], abs=1e-4)


def test_auc_is_the_definition_in_full(guesses):
    predicted, true = pooled(guesses)
    distance = np.linalg.norm(predicted - true, axis=1)
    shares = [(distance <= t).mean() for t in range(151)]
    assert value("auc_raw", guesses) == pytest.approx(100 * np.mean(shares), abs=0.01)

    centres = Hull().centres.numpy()
    bins = np.linalg.norm(true[:, None] - centres, axis=2).argmin(1)
    full = [q for q in range(313) if (bins == q).sum() >= 1000]
    assert full, "the photos must fill some bins"
    by_bin = [np.mean([(distance[bins == q] <= t).mean() for t in range(151)]) for q in full]
    assert value("auc_balanced", guesses) == pytest.approx(100 * np.mean(by_bin), abs=0.01)


def test_photo_numbers_are_means_over_photos(guesses):
    colorful = [colorfulness(g.pixels) for g in guesses]
    gaps = [abs(c - colorfulness(g.truth.pixels)) for c, g in zip(colorful, guesses, strict=True)]
    psnr = [peak_signal_noise_ratio(g.truth.pixels, g.pixels) for g in guesses]
    assert value("colorfulness", guesses) == pytest.approx(np.mean(colorful))
    assert value("colorfulness_gap", guesses) == pytest.approx(np.mean(gaps))
    assert value("psnr", guesses) == pytest.approx(np.mean(psnr), abs=1e-4)


def even_and_busy() -> np.ndarray:
    """(80, 100, 3): one grey-blue field of 40 x 100, below it a chequerboard of strong colours."""
    pixels = np.full((80, 100, 3), (90, 100, 130), np.uint8)
    board = np.indices((40, 100)).sum(0) // 4 % 2
    pixels[40:] = np.where(board[..., None], (200, 40, 40), (40, 180, 60))
    return pixels


def test_blotch_is_the_deviation_over_the_even_part_alone():
    truth = Truth(even_and_busy())
    predicted = np.random.default_rng(0).integers(60, 200, truth.pixels.shape).astype(np.uint8)
    inside = truth.even_regions > 0
    assert inside[:37].all() and not inside[43:].any()
    values = ab(predicted)[inside]
    oracle = np.sqrt(values.var(axis=0).mean())
    guess = Guess(truth, predicted, torch.zeros(2, 4, 5))
    assert value("blotch", [guess]) == pytest.approx(oracle, abs=0.01)


def test_one_wrong_colour_is_no_blotch_but_two_are():
    truth = Truth(even_and_busy())
    pixels = np.full_like(truth.pixels, (160, 90, 60))
    assert value("blotch", [Guess(truth, pixels, torch.zeros(2, 4, 5))]) == pytest.approx(
        0, abs=1e-4
    )
    pixels[:, 50:] = (60, 90, 160)
    halves = ab(np.array([[(160, 90, 60), (60, 90, 160)]], np.uint8))[0]  # half of the field each
    found = value("blotch", [Guess(truth, pixels, torch.zeros(2, 4, 5))])
    assert found == pytest.approx(np.sqrt(np.square(halves[0] - halves[1]).mean() / 4), abs=0.01)


def test_blotch_is_a_mean_over_regions_and_none_where_all_is_busy():
    busy = Truth(np.random.default_rng(1).integers(0, 256, (40, 40, 3)).astype(np.uint8))
    wild = np.random.default_rng(2).integers(0, 256, (80, 100, 3)).astype(np.uint8)
    even = Guess(Truth(even_and_busy()), wild, torch.zeros(2, 4, 5))
    none = Guess(busy, busy.pixels, torch.zeros(2, 4, 5))
    assert np.isnan(value("blotch", [none]))
    assert value("blotch", [none, even]) == value("blotch", [even])


def test_papers_accuracies_look_at_the_answer_in_its_own_size():
    pixels = np.full((12, 12, 3), (200, 40, 40), np.uint8)  # ab about (61, 39)
    pixels[6:] = (40, 40, 200)  # about (48, -82)
    truth = Truth(pixels)
    true = truth.lab[1:, ::6, ::6]  # (2, 2, 2)
    answer = true.clone()
    answer[:, 0, 0] += torch.tensor([13.0, 0.0])  # the next cell of a, still more red than yellow
    answer[:, 1, 1] = torch.tensor([-5.0, 5.0])  # green rather than red: another channel is larger
    guess = Guess(truth, pixels, answer)
    assert value("bin_accuracy", [guess]) == 50
    assert value("pair_accuracy", [guess]) == 50
    assert value("keras_accuracy", [guess]) == 75
    assert value("auc_raw", [guess]) == 100  # the picture itself is right


def test_balanced_accuracy_gives_cells_equal_weight():
    pixels = np.full((60, 60, 3), (200, 40, 40), np.uint8)
    pixels[40:] = (40, 40, 200)  # a third of the pixels: 1,200
    truth = Truth(pixels)
    answer = truth.lab[1:, :1, :1].expand(2, 60, 60)  # all as the upper part
    guess = Guess(truth, pixels, answer)
    assert value("bin_accuracy", [guess]) == pytest.approx(200 / 3)
    assert value("bin_accuracy_balanced", [guess]) == 50


PLAIN = [name for name in METRICS if "balanced" not in name]


@pytest.mark.parametrize("name", PLAIN)
def test_a_photo_taken_twice_counts_twice(guesses, name):
    first, second = guesses
    assert value(name, guesses, [2, 1]) == pytest.approx(value(name, [first, first, second]))


@pytest.mark.parametrize("name", PLAIN)
def test_a_photo_not_taken_does_not_count(guesses, name):
    assert value(name, guesses, [0, 3]) == pytest.approx(value(name, guesses[1:]))


def test_a_balanced_number_without_a_full_bin_is_none_at_all():
    small = Truth(photo(0, 16, 16))
    assert np.isnan(value("auc_balanced", [Guess(small, small.pixels, small.lab[1:])]))


def test_the_photo_itself_is_perfect():
    truth = Truth(photo(3))
    itself = [Guess(truth, truth.pixels, truth.lab[1:])]
    found = {name: value(name, itself) for name in METRICS}
    assert found["ssim"] == pytest.approx(1, abs=1e-6)
    for name in ("delta_e", "ab_rmse", "colorfulness_gap", "cast_a", "cast_b"):
        assert found[name] == 0
    for name in ("auc_raw", "auc_balanced", "bin_accuracy", "keras_accuracy", "pair_accuracy"):
        assert found[name] == 100
    assert found["chroma_ratio"] == 1
