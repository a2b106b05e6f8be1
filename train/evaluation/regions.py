"""Even regions: the parts of a photo whose true colour hardly changes, where a blotch is seen.

    python -m train evaluate rebalanced --data PHOTOS        # metric `blotch`

A region is connected, at least 2 % of the photo, and its true ab stays within a standard deviation
of 3 (the root of the mean of the variances of a and b). To find them, the true ab is smoothed by a
few pixels and cut into cells of 6 x 6 units; the connected places of one cell are a candidate.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SHARE = 0.02  # of the photo, at least
SPREAD = 3.0  # standard deviation of the true ab, at most
CELL = 6.0  # units of ab
SMOOTH = 3 / 256  # of the shorter side: grain and JPEG are no colours of their own


def even_regions(ab: NDArray[np.floating]) -> NDArray[np.int64]:
    """True ab (2, H, W) -> (H, W): 0 outside of all regions, 1, 2, ... within them."""
    sigma = SMOOTH * min(ab.shape[1:])
    cells = np.floor(ndimage.gaussian_filter(ab, (0, sigma, sigma)) / CELL).astype(np.int64)
    regions = np.zeros(ab.shape[1:], np.int64)
    for candidate in candidates(cells[0] * 1_000 + cells[1], SHARE * regions.size):
        if deviation(ab, candidate.astype(np.int64))[0] <= SPREAD:
            regions[candidate] = regions.max() + 1
    return regions


def candidates(cells: NDArray[np.int64], least: float) -> list[NDArray[np.bool_]]:
    """The connected places of one cell each, of at least so many pixels."""
    found = []
    for cell, count in zip(*np.unique(cells, return_counts=True), strict=True):
        if count >= least:
            parts, _ = ndimage.label(cells == cell)
            sizes = np.bincount(parts.ravel())
            found += [parts == part for part in np.flatnonzero(sizes >= least) if part > 0]
    return found


def deviation(ab: NDArray[np.floating], regions: NDArray[np.int64]) -> NDArray[np.float64]:
    """(2, H, W) and the map of k regions -> (k,): the standard deviation of ab in each."""
    where, values = regions.ravel(), ab.reshape(2, -1).astype(np.float64)
    pixels = np.bincount(where)[1:]
    means = np.stack([np.bincount(where, plane)[1:] for plane in values]) / pixels
    away = values - np.concatenate((np.zeros((2, 1)), means), axis=1)[:, where]
    squared = np.bincount(where, np.square(away).mean(0))[1:]
    return np.sqrt(squared / pixels)
