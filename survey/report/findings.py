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

import numpy as np
from sqlite_utils import Database

from survey import stats
from survey.comparison import Votes, bradley_terry, difference, holm, permutation_p
from survey.design import Study
from survey.report.aggregates import (
    Quartiles,
    Sums,
    measured_exposure,
    response_times,
    sum_by_participant,
    sum_by_photo,
)
from survey.report.exclusion import flagged
from survey.stats import Interval, Tally


@dataclass(frozen=True)
class Condition:
    """One model, or the real photos: how often people called it real."""

    name: str
    called: int
    shown: int
    participants: int
    photos: int
    rate: Interval  # clustered on participants and photos: the headline
    rate_these_photos: Interval  # clustered on participants only
    rate_independent: Interval  # Wilson, votes taken as independent
    d_prime: Interval | None  # mean over participants; None for the real photos
    d_prime_pooled: float | None
    criterion: Interval | None  # None in the pair design, which has none

    @property
    def label(self) -> str:
        return label(self.name)


@dataclass(frozen=True)
class Gap:
    """Two models compared."""

    first: str
    second: str
    difference: Interval  # intervals of all pairs hold together
    p: float
    p_holm: float


@dataclass(frozen=True)
class PhotoRate:
    """One photo under one condition."""

    photo: int
    name: str
    condition: str
    file: str
    called: int
    shown: int
    rate: Interval  # Wilson: each vote is another person's


@dataclass(frozen=True)
class Analysis:
    """All results on one choice of participants."""

    participants: int
    photos: int
    votes: int
    conditions: tuple[Condition, ...]
    gaps: tuple[Gap, ...]
    ranking: dict[str, float | None]  # Bradley–Terry against the real photos; pair design only


@dataclass(frozen=True)
class Findings:
    """Results with the exclusions applied and without, and what was excluded."""

    headline: Analysis
    everyone: Analysis
    response: dict[str, Quartiles]  # per condition; of the headline, as are the next two
    exposure: Quartiles | None  # measured
    per_photo: tuple[PhotoRate, ...]
    excluded: int
    reasons: dict[str, int]
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
        headline=headline,
        everyone=analyse(study, people, photos),
        response=response_times(db, left_out),
        exposure=measured_exposure(db, left_out),
        per_photo=tuple(rate_photos(db, photos_kept)),
        excluded=sum(map(bool, flags.values())),
        reasons=dict(Counter(rule for rules in flags.values() for rule in rules)),
        first_vote=first,
        last_vote=last,
    )


def analyse(study: Study, people: Sums, photos: Sums) -> Analysis:
    """Results on these participants' votes."""
    votes = {name: Votes(people.tallies[name], photos.tallies[name]) for name in people.tallies}
    models = {name: votes[name] for name in study.models if name in votes}
    return Analysis(
        participants=len(people.clusters),
        photos=len(photos.clusters),
        votes=int(sum(tally.shown.sum() for tally in people.tallies.values())),
        conditions=tuple(_condition(name, votes) for name in votes),
        gaps=tuple(_gaps(models)),
        ranking=_ranking(models) if study.design == "pair" else {},
    )


def _condition(name: str, votes: dict[str, Votes]) -> Condition:
    people, photos = votes[name]
    called, shown = int(people.called.sum()), int(people.shown.sum())
    d_prime = criterion = pooled = None
    if name != "real":
        d_prime, criterion, pooled = _sensitivity(people, votes.get("real"))
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


def _plain(interval: Interval) -> Interval:
    """Python's own numbers, which JSON and == understand."""
    return Interval(*(float(part) for part in interval))


def _sensitivity(
    fooled: Tally, real: Votes | None
) -> tuple[Interval | None, Interval | None, float | None]:
    """d′ and criterion, each averaged over participants, and d′ of all votes pooled."""
    judged = fooled.shown > 0
    if real is None:  # pair design: the real photo stood beside, and there is no criterion
        theirs = _pick(fooled, judged)
        return _mean(stats.d_prime_pair(theirs)), None, float(stats.d_prime_pair(_pool(theirs)))
    judged = judged & (real.by_participant.shown > 0)
    both = _pick(real.by_participant, judged), _pick(fooled, judged)
    pooled = float(stats.d_prime(*map(_pool, both)))
    return _mean(stats.d_prime(*both)), _mean(stats.criterion(*both)), pooled


def _pick(votes: Tally, chosen: np.ndarray) -> Tally:
    return Tally(votes.called[chosen], votes.shown[chosen])


def _pool(votes: Tally) -> Tally:
    return Tally(votes.called.sum(), votes.shown.sum())


def _mean(values: np.ndarray) -> Interval | None:
    return _plain(stats.mean(values)) if len(values) else None


def _gaps(votes: dict[str, Votes]) -> list[Gap]:
    """Every two models; the intervals are widened (Bonferroni) so as to hold all together."""
    pairs = list(combinations(votes, 2))
    p_values = [permutation_p(votes[a].by_participant, votes[b].by_participant) for a, b in pairs]
    return [
        Gap(a, b, _plain(difference(votes[a], votes[b], level=1 - 0.05 / len(pairs))), p, float(q))
        for (a, b), p, q in zip(pairs, p_values, holm(p_values), strict=True)
    ]


def _ranking(votes: dict[str, Votes]) -> dict[str, float | None]:
    """Bradley–Terry strength of each model where the real photos have 0; None if not finite."""
    wins = np.zeros((len(votes) + 1, len(votes) + 1))  # the last player is the real photo
    for i, (people, _) in enumerate(votes.values()):
        wins[i, -1], wins[-1, i] = people.called.sum(), (people.shown - people.called).sum()
    strength, _, group = bradley_terry(wins)
    return {
        name: float(strength[i] - strength[-1]) if group[i] == group[-1] else None
        for i, name in enumerate(votes)
    }


def rate_photos(db: Database, photos: Sums) -> Iterator[PhotoRate]:
    """Every photo under every condition that anybody judged."""
    query = "SELECT id, condition, name, file FROM photos JOIN stimuli ON photo = id ORDER BY 1, 2"
    place = {photo: i for i, photo in enumerate(photos.clusters.tolist())}
    for photo, condition, name, file in db.execute(query):
        if photo in place and condition in photos.tallies:
            called, shown = (int(part[place[photo]]) for part in photos.tallies[condition])
            if shown:
                rate = _plain(stats.wilson(called / shown, shown))
                yield PhotoRate(photo, name, condition, file, called, shown, rate)
