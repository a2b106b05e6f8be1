"""How many participants and photos a difference between models takes, and whether intervals hold.

Both answers come from simulated studies in which people and photos differ at random (on the logit
scale) and photos are shared out as in a real study.

Power for one study as it is built: survey/planning/study_power.py.

Try it: python -m survey power --rate 0.32 --difference 0.10 --trials 20
        python -m survey power studies/mine --difference 0.10 --drop-out 0.2
        python -m survey power --coverage --runs 2000
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.sparse import csr_matrix
from scipy.special import expit
from scipy.stats import norm
from tqdm import tqdm

from survey.comparison import Votes, difference
from survey.designs import DESIGNS
from survey.stats import (
    Array,
    Interval,
    Tally,
    called_real,
    clustered,
    clustered_on_participants,
    wilson,
)
from survey.study import FILE, Study

AT_ONCE = 4_000_000  # votes simulated in one array, to bound memory
SHAPES: dict[str, Callable[[Array], Array]] = {  # of photos: shares of them -> deviations, SD 1
    "normal": norm.ppf,
    "right": lambda share: -np.log1p(-share) - 1,  # a few are believed far more than the rest
    "left": lambda share: 1 + np.log(share),  # a few far less
    "two": lambda share: np.where(share < 0.5, -1.0, 1.0),  # of two kinds
}
MIDDLES = (np.arange(400) + 0.5) / 400  # of equal shares

EPILOG = (
    "With a STUDY first (python -m survey power STUDY), its own models, trials and photos count; "
    "the options are --participants, --rate, --difference, --drop-out, --participant-sd, "
    "--photo-sd, --photo-by-model-sd, --runs, --seed, --json. "
    "With --preference, or the folder of a study of preference, the options are --share, "
    "--models, --people, --photos, --each, --person-sd, --photo-sd, --cells, --coverage, --runs, "
    "--seed, --json; see --preference --help."
)


@dataclass(frozen=True)
class Scenario:
    """A study to simulate: its size, the true rates of its models, and how much chance differs."""

    participants: int
    trials: int  # for each participant and model
    photos: int
    rates: tuple[float, ...]  # share believed, over all people and photos, one a model
    participant_sd: float = 0.4  # logits
    photo_sd: float = 0.8
    photo_by_model_sd: float = 0.0  # how differently two models fare on the same photo
    design: str = "single"  # the question type: how an answer counts
    photo_shape: str = "normal"  # of SHAPES

    def __post_init__(self) -> None:
        shown = self.trials * len(self.rates)
        if shown > self.photos:
            raise ValueError(
                f"{self.trials} trials x {len(self.rates)} models are {shown} photos a person, but "
                f"there are {self.photos}: nobody may see a photo twice. Use more photos or fewer "
                "trials."
            )
        if not all(0 < rate < 1 for rate in self.rates):
            raise ValueError(f"Rates {self.rates}: each must lie between 0 and 1, both excluded.")


def intercept(rate: float, sd: float, others: Array | float = 0.0) -> float:
    """Logit whose chance, averaged over normal deviations of this SD and others, is the rate."""
    nodes = norm.ppf((np.arange(4000) + 0.5) / 4000)
    if np.ndim(others):
        nodes = norm.ppf(MIDDLES)[:, None]
    return float(brentq(lambda logit: expit(logit + sd * nodes + others).mean() - rate, -40, 40))


def allocate(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Photo and model of each person's trials (participants, trials): a Latin square in turns."""
    each = scenario.trials * len(scenario.rates)
    turn = np.arange(scenario.participants * each).reshape(scenario.participants, each)
    lap, photo = np.divmod(turn, scenario.photos)
    return photo, (photo + lap) % len(scenario.rates)


def simulate(scenario: Scenario, runs: int, seed: int) -> Iterator[list[Votes]]:
    """Votes on each model in many studies at once: arrays (some runs, clusters), `runs` in all."""
    rng = np.random.default_rng(seed)
    photo, model = allocate(scenario)
    at_once = max(1, AT_ONCE // photo.size)
    for done in range(0, runs, at_once):
        answers = _answers(scenario, photo, model, min(at_once, runs - done), rng)
        yield [_sums(answers, model == m, photo, scenario) for m in range(len(scenario.rates))]


def _answers(
    scenario: Scenario, photo: np.ndarray, model: np.ndarray, runs: int, rng: np.random.Generator
) -> np.ndarray:
    """Judgements, 0 to 1 (runs, participants, trials)."""
    sds = (scenario.participant_sd, scenario.photo_sd, scenario.photo_by_model_sd)
    logits = np.array([_intercept(scenario, rate) for rate in scenario.rates])[model]
    people = rng.normal(0, sds[0], (runs, scenario.participants, 1))
    photos = _photo_effects(scenario, runs, rng)
    models = rng.normal(0, sds[2], (runs, len(scenario.rates), scenario.photos))
    logits = logits + people + photos[:, photo] + models[:, model, photo]
    return DESIGNS[scenario.design].scores(expit(logits), rng)


def _intercept(scenario: Scenario, rate: float) -> float:
    sds = [scenario.participant_sd, scenario.photo_by_model_sd]
    if scenario.photo_shape == "normal":
        return intercept(rate, float(np.linalg.norm([*sds, scenario.photo_sd])))
    photos = scenario.photo_sd * SHAPES[scenario.photo_shape](MIDDLES)
    return intercept(rate, float(np.linalg.norm(sds)), photos)


def _photo_effects(scenario: Scenario, runs: int, rng: np.random.Generator) -> Array:
    size = (runs, scenario.photos)
    if scenario.photo_shape == "normal":
        return rng.normal(0, scenario.photo_sd, size)
    return scenario.photo_sd * SHAPES[scenario.photo_shape](rng.random(size))


def _sums(answers: np.ndarray, mine: np.ndarray, photo: np.ndarray, scenario: Scenario) -> Votes:
    runs, rows = len(answers), np.arange(photo.size)
    belongs = csr_matrix((mine.ravel().astype(float), (rows, photo.ravel())))
    belongs.resize(photo.size, scenario.photos)
    by_photo = answers.reshape(runs, -1).astype(float) @ belongs
    shown = np.asarray(belongs.sum(0)).ravel()
    by_person = (answers * mine).sum(2).astype(float)
    return Votes(
        Tally(by_person, np.broadcast_to(mine.sum(1).astype(float), by_person.shape)),
        Tally(by_photo, np.broadcast_to(shown, by_photo.shape)),
    )


def coverage(scenario: Scenario, runs: int, seed: int) -> dict[str, tuple[float, float]]:
    """For each kind of 95 % interval: share of studies in which it holds, mean half-width."""
    found: dict[str, list[Interval[Array]]] = {
        "clustered": [],
        "participants only": [],
        "Wilson": [],
    }
    for (votes,) in simulate(scenario, runs, seed):
        people = votes.by_participant
        found["clustered"].append(clustered(*votes))
        found["participants only"].append(clustered_on_participants(people))
        found["Wilson"].append(wilson(called_real(people), people.shown.sum(-1)))
    return {kind: _holds(parts, scenario.rates[0]) for kind, parts in found.items()}


def _holds(parts: list[Interval[Array]], truth: float) -> tuple[float, float]:
    low = np.concatenate([part.low for part in parts])
    high = np.concatenate([part.high for part in parts])
    return float(((low <= truth) & (truth <= high)).mean()), float((high - low).mean() / 2)


def power(scenario: Scenario, runs: int, seed: int) -> tuple[float, float]:
    """Share of studies whose interval for the two models' difference excludes 0; its half-width."""
    gaps = [difference(*votes) for votes in simulate(scenario, runs, seed)]
    share, half_width = _holds(gaps, 0.0)
    return 1 - share, half_width


def main(argv: list[str] | None = None) -> int:
    """The command; its rows are one simulated design each."""
    argv = sys.argv[1:] if argv is None else argv
    parser = _parser()
    try:
        preferred = asks_for_preference(argv)
    except ValueError as error:  # of a study that was edited
        parser.error(str(error))
    if preferred:  # votes on pairs of models, which are simulated otherwise
        from survey.preference.power import main as preference

        return preference(argv)
    if argv and not argv[0].startswith("-"):
        from survey.planning.study_power import main as of_study

        return of_study(argv)
    args = parser.parse_args(argv)
    try:
        designs = _designs(args)
    except ValueError as error:
        parser.error(str(error))
    measure = _coverage_row if args.coverage else _power_row
    rows = [measure(d, args.runs, args.seed) for d in tqdm(designs, leave=False, disable=None)]
    if args.json:
        print(json.dumps([asdict(d) | row for d, row in zip(designs, rows, strict=True)]))
        return 0
    for design, row in zip(designs, rows, strict=True):
        size = (
            f"{design.participants} participants x {design.trials} trials, {design.photos} photos"
        )
        print(f"{size:<46}", "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    if not args.coverage:
        print(_advice(designs, rows))
    return 0


def asks_for_preference(argv: list[str]) -> bool:
    """By an option, or by the folder of a study of that type."""
    if "--preference" in argv or ("--design", "preference") in pairwise(argv):
        return True
    study = bool(argv) and Path(argv[0], FILE).is_file()
    return study and Study.load(argv[0]).design == "preference"


def _designs(args: argparse.Namespace) -> list[Scenario]:
    rates = (args.rate,) if args.coverage else (args.rate, args.rate + args.difference)
    by_model = 0.0 if args.coverage else args.photo_by_model_sd
    return [
        Scenario(
            n,
            args.trials,
            p,
            rates,
            args.participant_sd,
            args.photo_sd,
            by_model,
            args.design,
            args.photo_shape,
        )  # fmt: skip
        for n in args.participants
        for p in args.photos
    ]


def _coverage_row(design: Scenario, runs: int, seed: int) -> dict[str, float]:
    row: dict[str, float] = {}
    for kind, (share, half_width) in coverage(design, runs, seed).items():
        row |= {kind: share, f"± {kind}": half_width}
    return row


def _power_row(design: Scenario, runs: int, seed: int) -> dict[str, float]:
    share, half_width = power(design, runs, seed)
    return {"power": share, "± difference": half_width}


def _advice(designs: list[Scenario], rows: list[dict[str, float]]) -> str:
    enough = [d for d, row in zip(designs, rows, strict=True) if row["power"] >= 0.8]
    if not enough:
        return "None of these reaches a power of 0.8: add participants, photos or trials."
    least = min(enough, key=lambda d: (d.participants, d.photos))
    return f"Least for a power of 0.8: {least.participants} participants, {least.photos} photos."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m survey power", description=__doc__, epilog=EPILOG
    )
    add = parser.add_argument
    add("--coverage", action="store_true", help="how often the intervals of one rate hold")
    add("--design", choices=tuple(DESIGNS), default="single", help="question type (single)")
    add("--preference", action="store_true", help="which of two is preferred; see its own --help")
    add("--rate", type=float, default=0.323, help="true share believed (default 0.323)")
    add("--difference", type=float, default=0.1, help="of the second model (default 0.1)")
    add("--participants", type=int, nargs="+", default=[20, 40, 80, 160], metavar="N")
    add("--photos", type=int, nargs="+", default=[40, 100, 200, 500], metavar="N")
    add("--trials", type=int, default=20, help="for each person and model (default 20)")
    add("--participant-sd", type=float, default=0.4, help="in logits (default 0.4)")
    add("--photo-sd", type=float, default=0.8, help="in logits (default 0.8)")
    add("--photo-shape", choices=tuple(SHAPES), default="normal", help="of how photos differ")
    add("--photo-by-model-sd", type=float, default=0.5, help="in logits (default 0.5)")
    add("--runs", type=int, default=1000, help="simulated studies for each design (default 1000)")
    add("--seed", type=int, default=0)
    add("--json", action="store_true", help="print one JSON list instead of a table")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
