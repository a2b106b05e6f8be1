"""Pictures inside a page: data addresses, which leave no file behind and nothing to share by link.

    python -c "import numpy; from colorize.web.data_url import embed; \
print(embed(numpy.zeros((1, 1, 3), 'u1')))"
"""

import base64
import io

import numpy as np
from PIL import Image

QUALITY = 90  # of the JPEG, with chroma at full resolution: colour is what one came to see


def embed(pixels: np.ndarray) -> str:
    """(H, W, 3) uint8 -> a `data:` address that an `<img>` can show."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return "data:image/jpeg;base64," + base64.b64encode(encoded.getvalue()).decode()
