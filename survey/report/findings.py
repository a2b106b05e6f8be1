"""What a study found: every number of a report, computed from sums that the database makes.

Try it:
    from survey.report.evidence import open_evidence
    from survey.report.findings import find
    with open_evidence("studies/poster") as evidence:
        print(find(evidence.db, evidence.study).headline.conditions)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from survey import stats
from survey.comparison import Votes, difference, holm, permutation_p
from survey.designs.design import Design, OwnFindings
from survey.report.aggregates import (
    Quartiles,
    Sums,
    measured_exposure,
    response_times,
    sum_by_participant,
    sum_by_photo,
)
from survey.report.exclusion import flagged
from survey.stats import Array, Interval, Tally
from survey.study import Study


@dataclass(frozen=True)
class Condition:
    """One model, or the real photos: how often people believed it."""

    name: str
    called: float  # a whole number where each judgement is one
    shown: int
    participants: int
    photos: int
    rate: Interval[float]  # clustered on participants and photos: the headline
    rate_these_photos: Interval[float]  # clustered on participants only
    rate_independent: Interval[float]  # Wilson, votes taken as independent
    d_prime: Interval[float] | None  # mean over participants; the real photos have none of these
    d_prime_pooled: float | None
    criterion: Interval[float] | None

    @property
    def label(self) -> str:
        return label(self.name)


@dataclass(frozen=True)
class Gap:
    """Two models compared."""

    first: str
    second: str
    difference: Interval[float]  # intervals of all pairs hold together
    p: float
    p_holm: float


@dataclass(frozen=True)
class PhotoRate:
    """One photo under one condition."""

    photo: int
    name: str
    condition: str
    file: str
    called: float
    shown: int
    rate: Interval[float]  # Wilson: each vote is another person's


@dataclass(frozen=True)
class Analysis:
    """All results on one choice of participants."""

    participants: int
    photos: int
    votes: int
    conditions: tuple[Condition, ...]
    gaps: tuple[Gap, ...]
    ranking: dict[str, float | None]  # strengths in log odds, of designs that rank


@dataclass(frozen=True)
class Findings:
    """Results with the exclusions applied and without, and what was excluded."""

    share: str  # what a rate is the share of: "called real"
    headline: Analysis
    everyone: Analysis
    response: dict[str, Quartiles]  # per condition; of the headline, as are the next two
    exposure: Quartiles | None  # measured
    per_photo: tuple[PhotoRate, ...]
    excluded: int
    reasons: dict[str, int]
    own: OwnFindings | None  # of the headline: what only this question type finds
    first_vote: float | None  # seconds since 1970
    last_vote: float | None

    @property
    def shown(self) -> Analysis:
        """What a report shows first: everyone, where the exclusions would leave nobody."""
        return self.headline if self.headline.votes else self.everyone


def label(condition: str) -> str:
    """What a condition is called in a report."""
    return "real photos" if condition == "real" else condition


def find(db: Database, study: Study) -> Findings:
    """Everything a report says in numbers."""
    flags = flagged(db, study)
    left_out = [participant for participant, rules in flags.items() if rules]
    people, (photos, photos_kept) = sum_by_participant(db, study), sum_by_photo(db, study, left_out)
    headline = analyse(study, people.without(left_out), photos_kept)
    if not headline.votes:  # then what follows is about everyone
        left_out, photos_kept = [], photos
    first, last = db.execute("SELECT MIN(received_at), MAX(received_at) FROM votes").fetchone()
    return Findings(
        share=study.question_type.words.share,
        headline=headline,
        everyone=analyse(study, people, photos),
        response=response_times(db, left_out),
        exposure=measured_exposure(db, left_out),
        per_photo=tuple(rate_photos(db, photos_kept)),
        excluded=sum(map(bool, flags.values())),
        reasons=dict(Counter(rule for rules in flags.values() for rule in rules)),
        own=study.question_type.find(db, study, left_out),
        first_vote=first,
        last_vote=last,
    )


def analyse(study: Study, people: Sums, photos: Sums) -> Analysis:
    """Results on these participants' votes."""
    design = study.question_type
    votes = {name: Votes(people.tallies[name], photos.tallies[name]) for name in people.tallies}
    models = {name: votes[name] for name in study.models if name in votes}
    judged = int(sum(tally.shown.sum() for tally in people.tallies.values()))
    return Analysis(
        participants=len(people.clusters),
        photos=len(photos.clusters),
        votes=judged // design.judged,
        conditions=tuple(_condition(design, name, votes) for name in votes),
        gaps=tuple(_gaps(models)) if design.is_yes_or_no else (),
        ranking=design.ranking(models),
    )


def _condition(design: Design, name: str, votes: dict[str, Votes]) -> Condition:
    people, photos = votes[name]
    called, shown = _number(people.called.sum()), int(people.shown.sum())
    d_prime = criterion = pooled = None
    if name != "real":
        d_prime, criterion, pooled = _sensitivity(design, people, votes.get("real"))
    return Condition(
        name=name,
        called=called,
        shown=shown,
        participants=int(stats.filled(people)),
        photos=int(stats.filled(photos)),
        rate=_plain(stats.clustered(people, photos)),
        rate_these_photos=_plain(stats.clustered_on_participants(people)),
        rate_independent=_plain(stats.wilson(called / shown, shown)),
        d_prime=d_prime,
        d_prime_pooled=pooled,
        criterion=criterion,
    )


def _number(value: float) -> float:
    """A whole one as such, which is how tables write it."""
    return int(value) if value == int(value) else float(value)


def _plain(interval: Interval[Any]) -> Interval[float]:
    """Python's own numbers, which JSON and == understand."""
    estimate, low, high = map(float, interval)
    return Interval(estimate, low, high)


def _sensitivity(
    design: Design, believed: Tally, real: Votes | None
) -> tuple[Interval[float] | None, Interval[float] | None, float | None]:
    """d′ and criterion, each averaged over participants, and d′ of all votes pooled."""
    judged = believed.shown > 0
    if real is not None:
        judged = judged & (real.by_participant.shown > 0)
    theirs = _pick(believed, judged)
    beside = None if real is None else _pick(real.by_participant, judged)
    d_prime, criterion = design.d_prime(theirs, beside), design.criterion(theirs, beside)
    pooled = design.d_prime(_pool(theirs), None if beside is None else _pool(beside))
    return _mean(d_prime), _mean(criterion), None if pooled is None else float(pooled)


def _pick(votes: Tally, chosen: NDArray[np.bool_]) -> Tally:
    return Tally(votes.called[chosen], votes.shown[chosen])


def _pool(votes: Tally) -> Tally:
    return Tally(votes.called.sum(), votes.shown.sum())


def _mean(values: Array | None) -> Interval[float] | None:
    return None if values is None or not len(values) else _plain(stats.mean(values))


def _gaps(votes: dict[str, Votes]) -> list[Gap]:
    """Every two models; the intervals are widened (Bonferroni) so as to hold all together."""
    pairs = list(combinations(votes, 2))
    p_values = [permutation_p(votes[a].by_participant, votes[b].by_participant) for a, b in pairs]
    return [
        Gap(a, b, _plain(difference(votes[a], votes[b], level=1 - 0.05 / len(pairs))), p, float(q))
        for (a, b), p, q in zip(pairs, p_values, holm(p_values), strict=True)
    ]


def rate_photos(db: Database, photos: Sums) -> Iterator[PhotoRate]:
    """Every photo under every condition that anybody judged."""
    query = "SELECT id, condition, name, file FROM photos JOIN stimuli ON photo = id ORDER BY 1, 2"
    place = {photo: i for i, photo in enumerate(photos.clusters.tolist())}
    for photo, condition, name, file in db.execute(query):
        if photo in place and condition in photos.tallies:
            called, shown = (part[place[photo]] for part in photos.tallies[condition])
            if shown:
                rate = _plain(stats.wilson(called / shown, shown))
                counts = _number(called), int(shown)
                yield PhotoRate(photo, name, condition, file, *counts, rate)
