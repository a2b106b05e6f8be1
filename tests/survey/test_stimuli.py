import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from skimage import color, data

from colorize.photo import Photo
from survey.stimuli import (
    Leak,
    Unfit,
    absurd,
    alike,
    check,
    encode,
    fingerprint,
    images,
    signature,
    square,
)

SIZE = 64


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return square(Photo(data.chelsea()), SIZE)


def decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def gray(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels.mean(2, keepdims=True).astype(np.uint8), 3, axis=2)


def test_the_square_is_the_middle():
    wide = np.zeros((SIZE, 3 * SIZE, 3), np.uint8)
    wide[:, SIZE : 2 * SIZE] = [200, 40, 90]
    wide[: SIZE // 2, SIZE : 2 * SIZE] = [30, 160, 220]
    assert np.array_equal(square(Photo(wide), SIZE), wide[:, SIZE : 2 * SIZE])


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (data.chelsea()[:40, :40], "it is 40 x 40, and 64 pixels are shown"),
        (gray(data.chelsea()), "hardly any colour"),
    ],
)
def test_small_and_gray_photos_are_unfit(pixels, reason):
    with pytest.raises(Unfit, match=reason):
        square(Photo(np.ascontiguousarray(pixels)), SIZE)


def test_the_real_photo_is_itself(cat):
    png = images(cat, {"real": cat})["real"]
    assert np.abs(decoded(png).astype(int) - cat).max() <= 1


def test_all_versions_have_the_lightness_of_the_photo(cat):
    versions = {"real": cat, "gray": gray(cat), "swapped": cat[..., ::-1], "loud": 255 - cat}
    lightness = color.rgb2lab(cat)[..., 0]
    for png in images(cat, versions).values():
        assert np.abs(color.rgb2lab(decoded(png))[..., 0] - lightness).max() < 0.7  # of 100


def test_absurd_colours_are_loud_and_far_from_the_photos_own(cat):
    real, catch = (color.rgb2lab(x) for x in (cat, absurd(cat)))
    assert np.abs(real[..., 0] - catch[..., 0]).max() < 0.7
    assert np.hypot(catch[..., 1], catch[..., 2]).mean() > 40
    assert color.deltaE_ciede2000(real, catch).mean() > 25


def test_nothing_but_pixels_tells_images_apart(tmp_path, cat):
    """The outsides of 200 pictures, from flat to noise, are one and the same."""
    rng = np.random.default_rng(0)
    noisy = [rng.integers(0, 1 + n, cat.shape, dtype=np.uint8) for n in range(100)]
    pictures = noisy + [np.roll(cat, n, axis=1) for n in range(100)]
    assert len({signature(encode(pixels)) for pixels in pictures}) == 1
    for n, pixels in enumerate(pictures[:20]):
        tmp_path.joinpath(f"{n}.png").write_bytes(encode(pixels))
    check(tmp_path.iterdir())


def altered(cat: np.ndarray, how: str) -> bytes:
    file, note = io.BytesIO(), PngImagePlugin.PngInfo()
    note.add_text("model", "vivid")
    image = Image.fromarray(cat[:-1] if how == "smaller" else cat)
    options = {
        "compressed": {"compress_level": 6},
        "smaller": {"compress_level": 0},
        "noted": {"compress_level": 0, "pnginfo": note},
        "resolution": {"compress_level": 0, "dpi": (72, 72)},
    }
    image.save(file, "PNG", **options[how])
    return file.getvalue()


@pytest.mark.parametrize("how", ["compressed", "smaller", "noted", "resolution"])
def test_a_study_whose_files_tell_anything_is_refused(tmp_path, cat, how):
    tmp_path.joinpath("a.png").write_bytes(encode(cat))
    tmp_path.joinpath("b.png").write_bytes(altered(cat, how))
    with pytest.raises(Leak, match="differ in"):
        check(sorted(tmp_path.iterdir()))


def test_copies_share_their_fingerprint_and_other_photos_do_not(cat):
    small = Image.fromarray(data.chelsea()).resize((200, 133))
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=50)
    copy = square(Photo(np.asarray(Image.open(jpeg))), SIZE)
    others = [square(Photo(p), SIZE) for p in (data.astronaut(), data.coffee(), data.rocket())]
    assert alike(fingerprint(cat), fingerprint(copy))
    assert not any(alike(fingerprint(cat), fingerprint(other)) for other in others)
