"""The colours of a palette: k-means over the training photos.

python -m train fit palette --data CACHE --output RUN      # chooses its colours first
"""

import numpy as np
import torch
from torch import Tensor

from colorize.config import changed
from colorize.lab import rgb_to_ab
from train.data.cache import Cache
from train.recipe import Recipe


def fill_palette(recipe: Recipe, cache: Cache, train: np.ndarray, seed: int) -> Recipe:
    """The recipe with `count` colours of the training photos in place of their number."""
    bins = recipe.model.bins
    if bins.kind != "palette" or "colors" in bins.options:
        return recipe
    count = bins.options.get("count", 32)
    space = bins.options.get("space", "ab")
    colors = kmeans(sample_colors(cache, train, seed, space), count, seed)
    return changed(
        recipe, bins_options={"colors": [[round(v, 3) for v in c] for c in colors.tolist()]}
    )


def sample_colors(
    cache: Cache, train: np.ndarray, seed: int, space: str = "ab", count: int = 60_000
) -> Tensor:
    """(count, 2) ab or (count, 3) RGB in 0..255 of pixels at random places of random photos."""
    random = np.random.default_rng(seed)
    chosen = random.choice(train, min(len(train), 600), replace=False)
    each = max(1, count // len(chosen))
    pixels = [random.choice(cache.photo(i).reshape(-1, 3), each) for i in chosen]
    rgb = torch.from_numpy(np.concatenate(pixels)).float()
    return rgb if space == "rgb" else rgb_to_ab(rgb / 255)


def kmeans(points: Tensor, count: int, seed: int, rounds: int = 100) -> Tensor:
    """(count, D) centres by Lloyd's rounds from a k-means++ start, the most common first."""
    random = torch.Generator().manual_seed(seed)
    if len(points.unique(dim=0)) < count:
        raise ValueError(
            f"The photos hold {len(points.unique(dim=0))} colours; {count} were asked for. "
            "Ask for fewer."
        )
    centres = points[torch.randint(len(points), (1,), generator=random)]
    while len(centres) < count:  # each next one far from those before
        squared = torch.cdist(points, centres).amin(1).square()
        centres = torch.cat((centres, points[torch.multinomial(squared, 1, generator=random)]))
    for _ in range(rounds):
        nearest = torch.cdist(points, centres).argmin(1)
        sizes = torch.bincount(nearest, minlength=count)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        moved = torch.where(sizes[:, None] > 0, sums / sizes[:, None].clamp(min=1), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    return centres[sizes.argsort(descending=True)]
