"""Two classic ways to spread colours from a few places along the lightness, to be compared with.

    python -m colorize bench --hints --data PHOTOS

Both solve one sparse linear system over the h x w places of an answer. Levin, Lischinski and Weiss
2004: every place is the mean of its neighbours, those of its own lightness first. The screened
Poisson equation: what the hints change stays smooth where the lightness is, and dies away.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

CONTRAST = 10.0  # units of L: across an edge of that much the Poisson equation carries half
SPREAD = 1.0  # of the Poisson equation, in sides of a square of the photo's area


def levin(lightness: np.ndarray, cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """lightness (h, w), cells (K,), values (K, 2) -> (h w, 2), with nothing known but the hints."""
    here, there = neighbours(lightness.shape, diagonal=True)
    light = lightness.ravel()
    count = np.bincount(here)
    mean, square = (np.bincount(here, x[there]) / count for x in (light, light**2))
    variance = np.maximum(square - mean**2, 1.0)  # of L; in flat places all neighbours count alike
    alike = np.exp(-((light[here] - light[there]) ** 2) / (2 * variance[here]))
    alike /= np.bincount(here, alike)[here]
    system = sparse.eye(light.size) - sparse.coo_matrix((alike, (here, there)))
    return solve(system, cells, values)


def screened_poisson(lightness: np.ndarray, cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The same, for changes: far from the hints they are 0."""
    here, there = neighbours(lightness.shape, diagonal=False)
    light = lightness.ravel()
    flow = 1 / (1 + ((light[here] - light[there]) / CONTRAST) ** 2)
    screen = 1 / (SPREAD**2 * light.size)
    diagonal = sparse.diags(np.bincount(here, flow) + screen)
    return solve(diagonal - sparse.coo_matrix((flow, (here, there))), cells, values)


def solve(system: sparse.spmatrix, cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The system with the values (K, 2) held at the cells; of two at one cell the last counts."""
    free = np.ones(system.shape[0])
    free[cells] = 0
    right = np.zeros((len(free), 2))
    right[cells] = values
    held = sparse.diags(free) @ system + sparse.diags(1 - free)
    found: np.ndarray = spsolve(held.tocsc(), right)
    return found


def neighbours(shape: tuple[int, ...], diagonal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of places side by side, both ways: four of each, or eight."""
    height, width = shape
    number = np.arange(height * width).reshape(shape)
    steps = [(0, 1), (1, 0), (1, 1), (1, -1)] if diagonal else [(0, 1), (1, 0)]
    here, there = [], []
    for down, right in steps:
        left = max(0, -right)
        one = number[: height - down, left : width - max(0, right)]
        other = number[down:, left + right : left + right + one.shape[1]]
        here += [one.ravel(), other.ravel()]
        there += [other.ravel(), one.ravel()]
    return np.concatenate(here), np.concatenate(there)
