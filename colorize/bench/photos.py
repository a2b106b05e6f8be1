"""Photos as a camera makes them, for measurements: real ones, enlarged, with grain.

    python -c "from colorize.bench.photos import camera_jpeg; \
open('c.jpg', 'wb').write(camera_jpeg())"

They are made from photos that come with scikit-image; without grain, an enlarged photo would be
easier to decode and encode than any camera's.
"""

import io

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 3000, 4000  # 12 megapixels
GRAIN = 4.0  # standard deviation, of 255


def camera_jpeg(gray: bool = False) -> bytes:
    """A 12-megapixel JPEG, in colour or grey."""
    pixels = grainy((HEIGHT, WIDTH), seed=0)
    return jpeg_of(np.asarray(Image.fromarray(pixels).convert("L")) if gray else pixels)


def grainy(shape: tuple[int, int], seed: int) -> np.ndarray:
    """(H, W, 3) uint8: one of four photos at that size, with grain."""
    from skimage import data

    names = ("coffee", "chelsea", "astronaut", "rocket")
    image = Image.fromarray(getattr(data, names[seed % len(names)])())
    photo = np.asarray(image.resize(shape[::-1], Image.Resampling.BICUBIC))
    grain = np.random.default_rng(seed).standard_normal((*shape, 1), np.float32)
    noisy: np.ndarray = photo + GRAIN * grain
    return noisy.clip(0, 255).astype(np.uint8)


def jpeg_of(pixels: np.ndarray) -> bytes:
    """The pixels as a camera writes them: quality 92, chroma at half resolution."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()
