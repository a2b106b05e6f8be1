"""How well real and synthesized photos are told apart, and how inclined people are to say "real".

Sensitivity d′ = z(hits) − z(false alarms) and criterion c = −½ (z(hits) + z(false alarms)) of the
crowd: hits and false alarms are rates over all people and photos. Averaging a d′ of each person
instead would need many trials of each, and is drawn towards 0 with few. (Where people's criteria
differ, the crowd's d′ is a little below the mean person's: each of its rates is an average.)

Intervals speak of other people and other photos: each person, then each photo, is left out in turn
(the jackknife, as Efron and Stein 1981), and the two variances joined as in `stats`.

Try it: python -m survey.dprime --people 40 --photos 204 --sensitivity 1 --photo-sd 0.8
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit, ndtr, ndtri
from scipy.stats import norm, t

from survey.comparison import Votes
from survey.planning.power import intercept
from survey.stats import Array, Interval, Tally, filled, tally_runs

Statistic = Callable[[Array, Array], Array]  # of z(hits) and z(false alarms)


def sensitivity(real: Votes, synthesized: Votes, *, level: float = 0.95) -> Interval[Array]:
    """d′: 0 if they cannot be told apart. Clusters in the same order, with zeros where empty."""
    return _jackknifed(lambda hit, alarm: hit - alarm, real, synthesized, level)


def criterion(real: Votes, synthesized: Votes, *, level: float = 0.95) -> Interval[Array]:
    """c: below 0 if people are inclined to say "real"."""
    return _jackknifed(lambda hit, alarm: -(hit + alarm) / 2, real, synthesized, level)


def sensitivity_pair(fooled: Votes, *, level: float = 0.95) -> Interval[Array]:
    """d′ where one of two must be chosen: √2 z(share of right choices)."""
    return _jackknifed(lambda _, alarm: -np.sqrt(2) * alarm, fooled, fooled, level)


def _jackknifed(
    statistic: Statistic, real: Votes, synthesized: Votes, level: float
) -> Interval[Array]:
    def of(*votes: Tally) -> Array:
        return statistic(*(_z(v.called, v.shown) for v in votes))

    whole = [_pooled(votes.by_participant) for votes in (real, synthesized)]
    estimate = of(*whole)
    parts, clusters = [], []
    for two in zip(real, synthesized, strict=True):  # people, then photos
        number = filled(Tally(two[0].called, two[0].shown + two[1].shown))
        without = of(*map(_without_each, two))
        spread = ((without - estimate[..., None]) ** 2).sum(-1)
        parts.append(spread * (number - 1) / np.maximum(number, 1))
        clusters.append(number)
    people, photos = parts
    votes = _vote_variance(statistic, *whole)
    variance = np.max([people + photos - votes, people, photos, votes], axis=0)
    fewest = np.min(clusters, axis=0)
    half = t.ppf(0.5 + level / 2, np.maximum(fewest - 1, 1)) * np.sqrt(variance)
    half = np.where(fewest < 2, np.inf, half)  # one person or one photo says nothing about others
    return Interval(estimate, estimate - half, estimate + half)


def _z(called: Array, shown: Array) -> Array:
    """Normal quantile of a rate; half a vote each way keeps 0 and 1 finite (Hautus 1995)."""
    z: Array = ndtri((called + 0.5) / (shown + 1))
    return z


def _pooled(votes: Tally) -> Tally:
    return Tally(votes.called.sum(-1), votes.shown.sum(-1))


def _without_each(votes: Tally) -> Tally:
    """All votes but one cluster's, for every cluster: (…, clusters)."""
    return Tally(
        *(total[..., None] - part for total, part in zip(_pooled(votes), votes, strict=True))
    )


def _vote_variance(statistic: Statistic, *whole: Tally) -> Array:
    """Variance if every vote is drawn on its own (the statistic is linear in both z)."""
    slopes = statistic(*np.eye(2))
    total = np.zeros(np.shape(whole[0].shown))
    for slope, (called, shown) in zip(slopes, whole, strict=True):
        rate = (called + 0.5) / (shown + 1)
        total = total + (slope / norm.pdf(ndtri(rate))) ** 2 * rate * (1 - rate) / (shown + 1)
    return total


def simulate(args: argparse.Namespace) -> Iterator[tuple[Votes, Votes]]:
    """Votes on real and on synthesized photos in many studies: arrays (some runs, clusters).

    People differ in how readily they say "real", photos in how real they look, and how real the
    synthesized version looks differs by photo too: normal deviations in logits.
    """
    rng = np.random.default_rng(args.seed)
    each = args.real + args.synthesized
    person, _ = np.divmod(np.arange(args.people * each), each)
    lap, photo = np.divmod(np.arange(args.people * each), args.photos)
    fake = ((photo + lap) % each < args.synthesized).astype(int)
    sds = (args.person_sd, args.photo_sd, args.photo_by_version_sd)
    rates = ndtr(args.sensitivity / 2 * np.array([1, -1]))
    logit = np.array([intercept(rate, float(np.linalg.norm(sds))) for rate in rates])
    at_once = max(1, 1_000_000 // len(photo))
    for done in range(0, args.runs, at_once):
        runs = min(at_once, args.runs - done)
        chance = logit[fake] + rng.normal(0, sds[0], (runs, args.people))[:, person]
        chance += rng.normal(0, sds[1], (runs, args.photos))[:, photo]
        chance += rng.normal(0, sds[2], (runs, 2, args.photos))[:, fake, photo]
        answer = (rng.random(chance.shape) < expit(chance)).astype(float)
        real, synthesized = (
            Votes(
                tally_runs(answer[:, mine], person[mine], args.people),
                tally_runs(answer[:, mine], photo[mine], args.photos),
            )
            for mine in (fake == 0, fake == 1)
        )
        yield real, synthesized


def main(argv: list[str] | None = None) -> int:
    """The command: in how many simulated studies the intervals hold, and the mean estimates."""
    args = _parser().parse_args(argv)
    found = [(sensitivity(*votes), criterion(*votes)) for votes in simulate(args)]
    for name, k, truth in (("d′", 0, args.sensitivity), ("criterion", 1, 0.0)):
        estimate, low, high = (np.concatenate([f[k][part] for f in found]) for part in range(3))
        held = ((low <= truth) & (truth <= high)).mean()
        print(f"{name} {truth:g}: mean {estimate.mean():.3f}", end=", ")
        print(f"held by {held:.1%} of {args.runs} intervals, ± {(high - low).mean() / 2:.3f}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m survey.dprime", description=main.__doc__)
    add = parser.add_argument
    add("--sensitivity", type=float, default=1.0, metavar="D", help="true d′ of the crowd (1)")
    add("--people", type=int, default=40)
    add("--photos", type=int, default=204)
    add("--real", type=int, default=20, help="real photos that each person judges (20)")
    add("--synthesized", type=int, default=7, help="and synthesized ones (7)")
    add("--person-sd", type=float, default=0.4, help="in logits (0.4)")
    add("--photo-sd", type=float, default=0.8, help="of both versions, in logits (0.8)")
    add("--photo-by-version-sd", type=float, default=0.5, help="of one, in logits (0.5)")
    add("--runs", type=int, default=2000)
    add("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
