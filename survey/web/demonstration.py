"""The study that is there without a study: photos of the installed packages, the shipped models.

open_demonstration("studies/demonstration")      # built the first time, in well under a minute
"""

import itertools
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from colorize import zoo
from colorize.photo import PhotoError, open_photo
from colorize.samples import Sample, samples
from survey.build import Colorize, build, load_models
from survey.manifest import needed
from survey.stimuli import Unfit, square
from survey.study import FILE, Study
from survey.web.study_host import RunningStudy, open_study

MODELS = ("regression", "classification", "rebalanced")  # they differ in nothing but the loss
PRACTICE, CATCH = 2, 1
MORE = (
    Sample("A motorcycle in a garage", "skimage", "motorcycle_left.png"),
    Sample("A cheetah's face", "gradio", "cheetah1.jpg"),
    Sample("Galaxies", "skimage", "hubble_deep_field.jpg"),
)
CONSENT = """\
This is a demonstration of how a study with photos works; it is no research. You will see a few \
photos for one second each. Some have their own colours, others were coloured by a computer; you \
say which."""
Tell = Callable[[float], object]  # takes the share that is done
log = logging.getLogger(__name__)


def open_demonstration(folder: str | Path, tell: Tell = lambda share: None) -> RunningStudy:
    """The demonstration in this folder; without a mirror, since nothing would be lost with it."""
    if not Path(folder, FILE).is_file():
        prepare(folder, tell)
    return open_study(folder, environ={})


def prepare(folder: str | Path, tell: Tell = lambda share: None) -> Study:
    """Build it beside its place and move it there whole."""
    photos = [sample.path for sample in (*samples(), *MORE) if is_fit(sample.path)]
    names = [name for name in MODELS if name in zoo.shipped()] or zoo.shipped()[:1]
    study = design(names, len(photos))
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        colorize = telling(load_models(names), study, tell)
        built = build(photos, Path(place, "study"), study, colorize)
        shutil.rmtree(folder, ignore_errors=True)  # what is there is no study
        Path(place, "study").rename(folder)
    log.info("The demonstration is ready in %s.", folder)
    return built.study


def telling(colorize: Colorize, study: Study, tell: Tell) -> Colorize:
    """`colorize`, which tells before each picture how much is done; what `tell` raises ends it."""
    pictures = {role: set(study.versions(role)) & set(study.models) for role in needed(study)}
    total = sum(count * len(pictures[role]) for role, count in needed(study).items())
    numbers = itertools.count()

    def told(pixels: np.ndarray, model: str) -> np.ndarray:
        tell(min(1.0, next(numbers) / total))
        return colorize(pixels, model)

    return told


def is_fit(path: Path) -> bool:
    """Is it there, large and colourful enough?"""
    try:
        square(open_photo(path))
    except (Unfit, PhotoError):
        return False
    return True


def design(names: list[str], photos: int) -> Study:
    """As many trials as the photos allow, every condition equally often."""
    slots = 2 * len(names)
    trials = (photos - PRACTICE - CATCH) // slots * slots
    return Study(
        title="Which colours are real?",
        models=tuple(names),
        consent=CONSENT,
        practice=PRACTICE,
        trials=trials,
        catch=CATCH / trials,
    )
