"""Two thousand damaged files end as a photo or as a PhotoError, and as nothing else."""

import random

import pytest

from colorize.photo import Photo, PhotoError, open_photo
from tests.helpers.mutants import DAMAGES, samples

SUFFIXES = [".jpg", ".png", ".tif", ".webp", ".avif", ".heic", ".gif", ".bmp", ".svg", ".txt", ""]
MAX_PIXELS = 100_000  # of the damaged sizes, only the small ones cost time
SAMPLES = samples()
CASES = 8  # of each kind of file and damage: 26 x 11 x 8 = 2,288


@pytest.mark.parametrize("kind", SAMPLES)
def test_whole_files_open_under_any_name(kind):
    for suffix in SUFFIXES:
        assert open_photo(SAMPLES[kind], name="photo" + suffix).pixels.size == 16 * 24 * 3


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_damaged_files_end_as_a_photo_or_a_sentence(kind, damage):
    rng = random.Random(f"{kind} {damage.__name__}")  # its own seed, the same in every run
    for _ in range(CASES):
        data = damage(SAMPLES[kind], rng, list(SAMPLES.values()))
        try:
            photo = open_photo(data, name="photo" + rng.choice(SUFFIXES), max_pixels=MAX_PIXELS)
        except PhotoError as refusal:
            assert str(refusal).startswith('"photo') and str(refusal).endswith(".")
        else:
            assert isinstance(photo, Photo) and 0 < photo.pixels.size <= 3 * MAX_PIXELS


def test_there_are_two_thousand_cases():
    assert len(SAMPLES) * len(DAMAGES) * CASES >= 2000
