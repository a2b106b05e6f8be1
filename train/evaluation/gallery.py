"""A gallery: pages of pictures of what models get right and wrong, for people to look at.

    python -m train evaluate rebalanced regression --data PHOTOS --pages pages

For each model one sheet: its best, median and worst photos by CIEDE2000, each as grey, the model's
and the original; and one sheet of all models on the same photos. index.html shows them all.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from train.evaluation.metrics import Guess

TILE, MARGIN, CAPTION = 176, 4, 16  # pixels
EACH = 3  # photos of a kind
SHARED = 8  # photos on the sheet of all models

Guesses = dict[str, Guess]  # row -> its guess of one photo


def best_median_worst(scores: np.ndarray) -> dict[str, list[int]]:
    """The photos of the lowest, middle and highest scores: kind -> their numbers."""
    order = np.argsort(scores, kind="stable")
    each = min(EACH, len(order))
    middle = (len(order) - each) // 2
    return {
        "best": order[:each].tolist(),
        "median": order[middle : middle + each].tolist(),
        "worst": order[len(order) - each :].tolist(),
    }


def write_gallery(
    folder: Path, scores: dict[str, np.ndarray], guesses: Callable[[int], Guesses]
) -> list[Path]:
    """Sheets and index.html. `scores`: model -> (n,) error a photo; `guesses(i)`: of photo i."""
    folder.mkdir(parents=True, exist_ok=True)
    count = len(next(iter(scores.values())))
    sheets = {"all models": shared_sheet(list(scores), count, guesses)}
    sheets |= {model: model_sheet(model, errors, guesses) for model, errors in scores.items()}
    paths = []
    for name, sheet in sheets.items():
        paths.append(folder / f"{name.replace('/', '-').replace(' ', '-')}.jpg")
        sheet.save(paths[-1], quality=90)
    figures = "\n".join(
        f'<h2>{escape(name)}</h2>\n<img src="{path.name}" alt="{escape(name)}" width="100%">'
        for name, path in zip(sheets, paths, strict=True)
    )
    page = f'<!doctype html>\n<meta charset="utf-8">\n<title>Gallery</title>\n{figures}\n'
    (folder / "index.html").write_text(page, encoding="utf-8")
    return paths


def model_sheet(model: str, errors: np.ndarray, guesses: Callable[[int], Guesses]) -> Image.Image:
    """Three rows: best, median, worst; each photo as grey, the model's, original."""
    rows = []
    for kind, numbers in best_median_worst(errors).items():
        row = []
        for number in numbers:
            found = guesses(number)
            row += [
                (f"{kind}: {errors[number]:.1f}", found["gray"].pixels),
                (model, found[model].pixels),
                ("original", found["original"].pixels),
            ]
        rows.append(row)
    return sheet(rows)


def shared_sheet(models: list[str], count: int, guesses: Callable[[int], Guesses]) -> Image.Image:
    """A row a photo: grey, every model, original."""
    numbers = np.linspace(0, count - 1, min(SHARED, count)).astype(int).tolist()
    columns = ["gray", *models, "original"]
    return sheet([[(c, found[c].pixels) for c in columns] for found in map(guesses, numbers)])


def sheet(rows: list[list[tuple[str, np.ndarray]]]) -> Image.Image:
    """Captioned pictures in rows, each fitted into a square tile."""
    step_x, step_y = TILE + MARGIN, TILE + CAPTION + MARGIN
    page = Image.new("RGB", (step_x * max(map(len, rows)), step_y * len(rows)), "white")
    pen = ImageDraw.Draw(page)
    for y, row in enumerate(rows):
        for x, (caption, pixels) in enumerate(row):
            picture = Image.fromarray(pixels)
            picture.thumbnail((TILE, TILE))
            page.paste(picture, (x * step_x, y * step_y + CAPTION))
            pen.text((x * step_x, y * step_y + 2), caption[:28], fill="black")
    return page
