"""The power of one study as it is: its models, its trials, its photos, and people who leave.

Power is the chance that two models which differ by so much are told apart at the level that the
report uses: 5 % shared among all pairs of models. By a formula and, to check it, in simulations.
Chance varies with people, photos, and photos in one model's colours: normal deviations in logits.

Try it: python -m survey power studies/mine --difference 0.1 --drop-out 0.2
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from math import ceil, comb, hypot
from pathlib import Path

import numpy as np
from scipy.special import expit, ndtr, roots_hermitenorm
from scipy.stats import chi2, t
from tqdm import tqdm

from survey import manifest
from survey.comparison import Votes, difference
from survey.planning.allocation import allocate
from survey.planning.assumed import Assumed, add_options, assumed_by
from survey.planning.power import intercept
from survey.stats import Array, tally_runs
from survey.study import DesignError, Study

WANTED = 0.8
MOST_PEOPLE = 1_000_000  # where the search for enough people ends
AT_ONCE = 4_000_000  # votes simulated in one array, to bound memory
ALLOCATIONS = 5  # ways to share out the photos, among the simulated studies


@dataclass(frozen=True)
class Power:
    """Of one study with so many people."""

    participants: int  # who begin
    kept: int  # who finish and break no rule
    photos: int
    models: int
    trials_a_model: float  # of each person
    pairs: int  # of models, among which 5 % are shared
    level: float  # of each pair
    by_formula: float
    simulated: float
    half_width: float  # of a pair's interval, simulated


class Plan:
    """A study whose models are compared in pairs, and the number of its scored photos."""

    def __init__(self, study: Study, photos: int) -> None:
        if len(study.models) < 2:
            raise DesignError("The study has one model; power is about the difference of two.")
        if not study.question_type.is_yes_or_no:
            raise DesignError(
                f"Votes of {study.design!r} rank models; ask `python -m survey power --preference`."
            )
        self.study, self.photos = study, photos
        self.pairs = comb(len(study.models), 2)
        self.level = 0.05 / self.pairs
        self.condition = [study.presentation("trial", s).condition for s in range(study.slots)]
        slots = sum(name in study.models for name in self.condition)
        self.trials_a_model = study.trials * slots / study.slots / len(study.models)

    @classmethod
    def load(cls, folder: str | Path) -> Plan:
        study = Study.load(folder)
        photos = manifest.load(folder, study)
        return cls(study, sum(photo["role"] == "trial" for photo in photos))

    def default_participants(self, assumed: Assumed) -> list[int]:
        """As many as reach the study's target; without one, some to choose from."""
        target = self.study.target
        return [ceil(target / (1 - assumed.drop_out))] if target else [20, 40, 80, 160, 320]


def power(plan: Plan, assumed: Assumed, participants: int, runs: int, seed: int) -> Power:
    """With so many who begin, by both ways."""
    kept = participants - round(assumed.drop_out * participants)
    if kept < 2:
        raise ValueError(f"Of {participants} people {kept} would stay; use more participants.")
    simulated, half_width = simulate(plan, assumed, participants, runs, seed)
    return Power(
        participants=participants,
        kept=kept,
        photos=plan.photos,
        models=len(plan.study.models),
        trials_a_model=plan.trials_a_model,
        pairs=plan.pairs,
        level=plan.level,
        by_formula=by_formula(plan, assumed, kept),
        simulated=simulated,
        half_width=half_width,
    )


def by_formula(plan: Plan, assumed: Assumed, kept: int) -> float:
    """Student's test of the difference, whose variance is added up over pairs of votes."""
    error = np.sqrt(difference_variance(plan, assumed, kept))
    freedom = min(kept, plan.photos) - 1
    quantile, shift = t.ppf(1 - plan.level / 2, freedom), assumed.difference / error
    # The measured error is by chance as much larger or smaller as a root of chi squared.
    chance = np.sqrt(chi2.ppf((np.arange(400) + 0.5) / 400, freedom) / freedom)
    return float((ndtr(shift - quantile * chance) + ndtr(-shift - quantile * chance)).mean())


def difference_variance(plan: Plan, assumed: Assumed, kept: int) -> float:
    """Of two models' rates: votes of one person, and votes on one photo, hang together."""
    rates, logits = assumed.rates, logits_of(assumed)
    people, photos = assumed.participant_sd, assumed.photo_sd
    alone = assumed.photo_by_model_sd
    each = plan.trials_a_model  # votes of a person on a model
    votes = kept * each
    begun = votes / (1 - assumed.drop_out) / plan.photos  # votes on a photo, in one model's colours
    on_photo = plan.photos * (1 - assumed.drop_out) ** 2
    total = 0.0
    for a, b, sign in ((0, 0, 1), (1, 1, 1), (0, 1, -2)):
        same = a == b
        one = covariance(logits[a], logits[b], people, hypot(photos, alone))
        shared = (hypot(photos, alone), people) if same else (photos, hypot(people, alone))
        two = covariance(logits[a], logits[b], *shared)
        own = votes * rates[a] * (1 - rates[a]) if same else 0.0
        pairs = kept * (_other_pairs(each) if same else each**2)
        meetings = on_photo * (_other_pairs(begun) if same else begun**2)
        total += sign * (own + pairs * one + meetings * two)
    return total / votes**2


def logits_of(assumed: Assumed) -> list[float]:
    """Of the two rates, for a person and a photo in the middle."""
    sd = hypot(assumed.participant_sd, assumed.photo_sd, assumed.photo_by_model_sd)
    return [intercept(rate, sd) for rate in assumed.rates]


def covariance(first: float, second: float, shared: float, own: float) -> float:
    """Of two votes with these logits, whose deviation of SD `shared` is one and the same."""
    nodes, weights = roots_hermitenorm(64)
    weights = weights / weights.sum()
    means = [
        expit(logit + shared * nodes[:, None] + own * nodes) @ weights for logit in (first, second)
    ]
    return float(weights @ (means[0] * means[1]) - (weights @ means[0]) * (weights @ means[1]))


def _other_pairs(mean: float) -> float:
    """Mean of n (n − 1) for numbers n that are this mean, rounded down or up."""
    low = np.floor(mean)
    return float(low * (2 * mean - low - 1))


def enough_people(plan: Plan, assumed: Assumed) -> int | None:
    """The fewest who must begin for a power of WANTED; None if no number does."""
    low, high = 2, MOST_PEOPLE
    if by_formula(plan, assumed, high) < WANTED:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if by_formula(plan, assumed, middle) >= WANTED else (middle, high)
    return ceil(high / (1 - assumed.drop_out))


def simulate(
    plan: Plan, assumed: Assumed, participants: int, runs: int, seed: int
) -> tuple[float, float]:
    """Share of simulated studies that tell two models apart; half the mean width of an interval."""
    rng = np.random.default_rng(seed)
    found, width, done = 0, 0.0, 0
    most = max(1, AT_ONCE // max(1, round(participants * plan.trials_a_model * 2)))
    while done < runs:
        some = min(most, ceil(runs / ALLOCATIONS), runs - done)
        gap = difference(*_votes(plan, assumed, participants, some, rng), level=1 - plan.level)
        found += int(((gap.low > 0) | (gap.high < 0)).sum())
        width += float((gap.high - gap.low).sum())
        done += some
    return found / runs, width / runs / 2


def _votes(
    plan: Plan, assumed: Assumed, participants: int, runs: int, rng: np.random.Generator
) -> list[Votes]:
    """Votes on the first two models, photos shared out in one way: arrays (runs, clusters)."""
    shown = allocate(plan.study, plan.photos, participants, assumed.drop_out, rng)
    kept = int(shown.person.max()) + 1
    condition = np.array(plan.condition)[shown.slot]
    people = rng.normal(0, assumed.participant_sd, (runs, kept))
    photos = rng.normal(0, assumed.photo_sd, (runs, plan.photos))
    votes = []
    for name, logit in zip(plan.study.models[:2], logits_of(assumed), strict=True):
        person, photo = shown.person[condition == name], shown.photo[condition == name]
        alone = rng.normal(0, assumed.photo_by_model_sd, photos.shape)
        chance: Array = expit(logit + people[:, person] + (photos + alone)[:, photo])
        answers = plan.study.question_type.scores(chance, rng)
        by_person, by_photo = ((person, kept), (photo, plan.photos))
        votes.append(Votes(tally_runs(answers, *by_person), tally_runs(answers, *by_photo)))
    return votes


def main(argv: list[str]) -> int:
    """The command: one row for each number of people."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        plan = Plan.load(args.study)
        assumed = assumed_by(args)
        numbers = args.participants or plan.default_participants(assumed)
        bar = tqdm(numbers, leave=False, disable=None)
        rows = [power(plan, assumed, n, args.runs, args.seed) for n in bar]
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps([asdict(row) for row in rows]) if args.json else describe(plan, assumed, rows))
    return 0


def describe(plan: Plan, assumed: Assumed, rows: list[Power]) -> str:
    """A table to read, and how many people are enough."""
    a, b = assumed.rates
    lines = [
        f"{len(plan.study.models)} models, {plan.trials_a_model:.3g} trials of each a person, "
        f"{plan.photos} photos; rates {a:.3g} and {b:.3g}, "
        f"level {plan.level:.3g} (0.05 / {plan.pairs})",
        f"{'begin':>7} {'count':>7} {'formula':>9} {'simulated':>11} {'± difference':>14}",
    ]
    lines += [
        f"{r.participants:>7} {r.kept:>7} {r.by_formula:>9.2f} {r.simulated:>11.2f}"
        f" {r.half_width:>14.3f}"
        for r in rows
    ]
    enough = enough_people(plan, assumed)
    few = f"No number of people gives a power of {WANTED} with {plan.photos} photos: use more."
    return "\n".join(
        [*lines, few if enough is None else f"For a power of {WANTED}: {enough} people begin."]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m survey power STUDY", description=main.__doc__)
    parser.add_argument("study", type=Path, help="folder of the study")
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON list, not a table")
    return parser
