"""How many people it takes to tell two models apart by preference, and whether intervals hold.

Try it: python -m survey power --preference --share 0.55 --people 50 100 200 --photos 100
        python -m survey power studies/taste --share 0.55
        python -m survey power --preference --coverage --runs 2000
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit, roots_hermitenorm
from scipy.stats import norm, t
from tqdm import tqdm

from survey import manifest
from survey.preference.bradley_terry import (
    TIE,
    Board,
    Fit,
    features,
    fit,
    left,
    maximum,
    strengths,
    undecided,
    wins,
)
from survey.preference.simulation import Scenario, expected, simulate, truth
from survey.preference.transitivity import own_shares, transitivity
from survey.stats import Array, Interval
from survey.study import Study

CELLS = {
    "typical": Scenario(),
    "12 people": Scenario(people=12, votes=1200),
    "12 photos": Scenario(photos=12),
    "15 people, 15 photos": Scenario(people=15, photos=15, votes=600),
    "300 votes": Scenario(people=30, photos=50, votes=300),
    "many": Scenario(people=1000, photos=500, votes=5000),
    "two models": Scenario(strengths=(0.2, -0.2), people=100, votes=1000),
    "ten models": Scenario(strengths=tuple(np.linspace(-0.5, 0.5, 10).tolist())),
    "many ties": Scenario(tie=0.7),
    "heavy voters": Scenario(zipf=1.2),
    "uneven pairs": Scenario(uneven=20.0),
    "unsure pairs": Scenario(people=100, votes=1200, unsure=True),
    "strong habits": Scenario(side=0.5, side_sd=1.0, tie_sd=1.5),
    "far apart": Scenario(strengths=(2.5, 0.0, -0.5, -2.0)),
    "intransitive": Scenario(cycle=0.5),
    "all alike": Scenario(person_sd=0.0, photo_sd=0.0, side_sd=0.0, tie_sd=0.0),
}
SHARE = 0.55  # of the deciding votes that one model takes, unless told otherwise
MOST_PEOPLE = 1_000_000  # where the search for enough people ends


def coverage(scenario: Scenario, runs: int, seed: int) -> dict[str, float]:
    """Share of boards in which each kind of 95 % interval holds; "lowest": for which it does least.

    "independent" is what the interval of a pair would be if votes did not cluster.
    """
    true = _truths(scenario)
    held: dict[str, list[NDArray[np.bool_]]] = {kind: [] for kind in true}
    widths, rejected = [], []
    for board in simulate(scenario, runs, seed):
        fitted = fit(board)
        for kind, found in _intervals(board, fitted).items():
            held[kind].append((found.low <= true[kind]) & (true[kind] <= found.high))
            if kind == "pairs":
                widths.append(np.mean(found.high - found.low))
        rejected.append(transitivity(board).p < 0.05 if board.models > 2 else [np.nan])
    row: dict[str, float] = {}
    for kind, parts in held.items():
        each = np.concatenate(parts).mean(0)
        row |= {kind: each.mean(), f"{kind}, lowest": each.min()}
    row |= {"± pairs": np.mean(widths) / 2, "ranking refused": np.concatenate(rejected).mean()}
    return {kind: float(value) for kind, value in row.items()}


def _truths(scenario: Scenario) -> dict[str, Array]:
    ranked, free = truth(scenario)
    i, j = np.triu_indices(scenario.models, 1)
    pairs = expit(ranked[i] - ranked[j])
    return {
        "strengths": ranked[:-2],
        "pairs": pairs,
        "pairs alone": expit(free[:-1]),
        "left": expit(ranked[-2:-1]),
        "undecided": expit(ranked[-1:] - np.log(2)),
        "independent": pairs,
    }


def _intervals(board: Board, fitted: Fit) -> dict[str, Interval[Array]]:
    """Each kind, (boards, models or pairs)."""
    i, j = np.triu_indices(board.models, 1)
    model = fitted.model
    alone = Fit(fitted.theta, model, model, model, model, np.full(len(model), np.inf))
    return {
        "strengths": strengths(fitted),
        "pairs": Interval(*(np.asarray(x)[:, i, j] for x in wins(fitted))),
        "pairs alone": Interval(*(np.asarray(x)[:, i, j] for x in own_shares(board))),
        "left": Interval(*(np.asarray(x)[:, None] for x in left(fitted))),
        "undecided": Interval(*(np.asarray(x)[:, None] for x in undecided(fitted))),
        "independent": Interval(*(np.asarray(x)[:, i, j] for x in wins(alone))),
    }


def with_share(scenario: Scenario, share: float) -> Scenario:
    """The scenario whose first model takes this share of the deciding votes from the second."""
    if not 0 < share < 1:
        raise ValueError(f"A share {share} of deciding votes: it must lie between 0 and 1.")
    others = (0.0,) * (scenario.models - 2)

    def apart(gap: float) -> Scenario:
        return replace(scenario, strengths=(gap / 2, -gap / 2, *others))

    def excess(gap: float) -> float:
        theta, _ = maximum(expected(apart(gap)), features(scenario.models))
        return float(theta[0] - theta[1] - logit(share))

    return apart(brentq(excess, -20, 20))


def power(scenario: Scenario) -> float:
    """Chance that the interval of the first two models' difference excludes 0, by formula.

    For people who vote equally often, and pairs that meet equally often.
    """
    theta, _ = truth(scenario)
    gap, error = abs(theta[0] - theta[1]), np.sqrt(gap_variance(scenario))
    quantile = t.ppf(0.975, min(scenario.people, scenario.photos) - 1)
    return float(norm.cdf(gap / error - quantile) + norm.cdf(-gap / error - quantile))


def gap_variance(scenario: Scenario) -> float:
    """Variance of the difference of two nearly equal strengths.

    Every deciding vote brings its own chance; two votes by one person, or on one photo, share some.
    Other models help: with K of them, (K − 1) votes tell as much as one on the very pair, where
    only one in K (K − 1) / 2 is on it.
    """
    votes = expected(scenario)
    decided = scenario.votes * (1 - votes[:, TIE].sum() / votes.sum())
    theta, _ = truth(scenario)
    share = expit(theta[0] - theta[1])
    information = share * (1 - share)  # of a deciding vote
    same_person = 1 / scenario.people - 1 / decided  # chance that two votes share the person
    chance = (scenario.models - 1) * information / decided
    chance += shared(scenario, scenario.person_sd) * max(same_person, 0)
    chance += shared(scenario, scenario.photo_sd) / scenario.photos
    return float(chance / information**2)


def shared(scenario: Scenario, sd: float) -> float:
    """Covariance of two answers that share the deviations of this SD of both models, no others."""
    nodes, weights = roots_hermitenorm(60)
    weights = weights / weights.sum()
    total = 2 * scenario.person_sd**2 + 2 * scenario.photo_sd**2 + scenario.side_sd**2
    mine = np.sqrt(2) * sd * nodes
    rest = np.sqrt(max(total - 2 * sd**2, 0)) * nodes
    given = expit(mine[:, None] + rest) @ weights
    return float(given**2 @ weights - (given @ weights) ** 2)


def simulated_power(scenario: Scenario, runs: int, seed: int) -> float:
    """The same by simulation."""
    told = []
    for board in simulate(scenario, runs, seed):
        _, low, high = (np.asarray(x)[:, 0, 1] for x in wins(fit(board)))
        told.append((low > 0.5) | (high < 0.5))
    return float(np.concatenate(told).mean())


def people_needed(scenario: Scenario, each: int, *, least: float = 0.8) -> int | None:
    """Fewest people with so many votes each for this power; None if no number of them is enough."""

    def enough(people: int) -> bool:
        return power(replace(scenario, people=people, votes=people * each)) >= least

    high = 2
    while not enough(high):
        high *= 2
        if high > MOST_PEOPLE:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def as_sentence(study: Study, photos: int, share: float = SHARE) -> str:
    """How many people a study of preference takes, for its plan."""
    base = Scenario(strengths=(0.0,) * len(study.models), photos=photos, votes=100 * study.trials)
    scenario = with_share(replace(base, people=100), share)
    people = people_needed(scenario, study.trials)
    last = (
        f"{people} people are needed for a power of 0.8"
        if people
        else "no number of people gives a power of 0.8; add photos"
    )
    return (
        f"To tell two of the {len(study.models)} models apart when one takes {share:.0%} of the "
        f"deciding votes from the other, with {photos} photos and {study.trials} votes of each "
        f"person, if people differ with an SD of {base.person_sd:g} in how they like a model and "
        f"photos with {base.photo_sd:g} in how they suit one (logits): by the formula, 100 people "
        f"have a power of {power(scenario):.2f}; {last}."
    )


def main(argv: list[str] | None = None) -> int:
    """The command; its rows are one simulated board each."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        if args.study:
            _as_in(args, args.study)
        rows = _coverage_rows(args) if args.coverage else _power_rows(args)
    except ValueError as error:
        parser.error(str(error))
    if args.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        numbers = (f"{k} {v:.3f}" for k, v in row.items() if isinstance(v, float))
        print(f"{row['name']:<46}", "  ".join(numbers))
    if not args.coverage:
        print(*_advice(args), sep="\n")
    return 0


def _as_in(args: argparse.Namespace, folder: Path) -> None:
    """Models, votes of each person and photos are a study's."""
    study = Study.load(folder)
    args.models, args.each = len(study.models), study.trials
    args.photos = [sum(row["role"] == "trial" for row in manifest.load(folder, study))]
    if study.target:
        args.people = [study.target]


def _coverage_rows(args: argparse.Namespace) -> list[dict[str, Any]]:
    cells = {name: CELLS[name] for name in args.cells}
    return [
        {"name": name, "scenario": asdict(cell)} | coverage(cell, args.runs, args.seed)
        for name, cell in tqdm(cells.items(), leave=False, disable=None)
    ]


def _scenario(args: argparse.Namespace, people: int, photos: int) -> Scenario:
    base = Scenario(
        strengths=(0.0,) * args.models,
        people=people,
        photos=photos,
        votes=people * args.each,
        person_sd=args.person_sd,
        photo_sd=args.photo_sd,
    )
    return with_share(base, args.share)


def _power_rows(args: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    sizes = [(people, photos) for people in args.people for photos in args.photos]
    for people, photos in tqdm(sizes, leave=False, disable=None):
        scenario = _scenario(args, people, photos)
        found = {"power": power(scenario)}
        if args.runs:
            found["simulated"] = simulated_power(scenario, args.runs, args.seed)
        name = f"{people} people x {args.each} votes, {photos} photos"
        rows.append({"name": name, "scenario": asdict(scenario)} | found)
    return rows


def _advice(args: argparse.Namespace) -> list[str]:
    lines = []
    for photos in args.photos:
        people = people_needed(_scenario(args, 100, photos), args.each)
        what = f"For a power of 0.8 with {photos} photos: "
        enough = f"{people} people, {people * args.each} votes." if people else ""
        lines.append(what + (enough or "no number of people is enough; add photos."))
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m survey power --preference", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("study", type=Path, nargs="?", help="one whose models, photos and trials these are")
    add("--preference", action="store_true", help="of two versions, which is preferred")
    add("--design", choices=("preference",), help="the same")
    add("--coverage", action="store_true", help="how often the intervals hold, in many cells")
    add("--cells", nargs="+", choices=CELLS, default=list(CELLS), metavar="CELL")
    add("--share", type=float, default=SHARE, help="of deciding votes that one takes (0.55)")
    add("--models", type=int, default=2, help="on the board (2)")
    add("--people", type=int, nargs="+", default=[50, 100, 200, 400], metavar="N")
    add("--photos", type=int, nargs="+", default=[100, 200], metavar="N")
    add("--each", type=int, default=20, help="votes of each person (20)")
    add("--person-sd", type=float, default=0.4, help="of liking a model, in logits (0.4)")
    add("--photo-sd", type=float, default=0.6, help="of suiting a model, in logits (0.6)")
    add("--runs", type=int, default=1000, help="simulated boards of each row (1000)")
    add("--seed", type=int, default=0)
    add("--json", action="store_true", help="print one JSON list instead of a table")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
