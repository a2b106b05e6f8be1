"""What a study found: every number of a report, computed from sums that the database makes.

Try it:
    from survey.report.evidence import open_evidence
    from survey.report.findings import find
    with open_evidence("studies/poster") as evidence:
        print(find(evidence.db, evidence.study).headline.conditions)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlite_utils import Database

from survey import stats
from survey.comparison import Votes, difference, difference_p, holm, permutation_p
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
from survey.report.sides import pressed_left
from survey.stats import Interval
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
    d_prime: Interval[float] | None  # of the crowd; the real photos have neither of these
    criterion: Interval[float] | None
    scarce: int  # votes of the rarest kind behind both: with few, d′ is drawn towards 0

    @property
    def label(self) -> str:
        return label(self.name)


@dataclass(frozen=True)
class Gap:
    """Two models compared, or a model and the real photos."""

    first: str
    second: str
    difference: Interval[float]  # intervals of all pairs hold together
    p: float  # for people and photos like these
    p_holm: float
    p_these_photos: float  # takes the photos as given
    p_these_photos_holm: float

    @property
    def label(self) -> str:
        return f"{label(self.first)} − {label(self.second)}"


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
    gaps: tuple[Gap, ...]  # every two models
    gaps_to_real: tuple[Gap, ...]  # every model, where real photos were judged too
    ranking: dict[str, float | None]  # strengths in log odds, of designs that rank


@dataclass(frozen=True)
class Findings:
    """Results with the exclusions applied and without, and what was excluded."""

    share: str  # what a rate is the share of: "called real"
    headline: Analysis
    everyone: Analysis
    response: dict[str, Quartiles]  # per condition; of the headline, as are the next three
    exposure: Quartiles | None  # measured
    left: Interval[float] | None  # how often the key on the left was pressed
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
    left = pressed_left(db, study, left_out)
    first, last = db.execute("SELECT MIN(received_at), MAX(received_at) FROM votes").fetchone()
    return Findings(
        share=study.question_type.words.share,
        headline=headline,
        everyone=analyse(study, people, photos),
        response=response_times(db, left_out),
        exposure=measured_exposure(db, left_out),
        left=left and _plain(left),
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
        gaps=_gaps(votes, combinations(models, 2)) if design.is_yes_or_no else (),
        gaps_to_real=_gaps(votes, [(name, "real") for name in models]) if "real" in votes else (),
        ranking=design.ranking(models),
    )


def _condition(design: Design, name: str, votes: dict[str, Votes]) -> Condition:
    people, photos = votes[name]
    called, shown = _number(people.called.sum()), int(people.shown.sum())
    d_prime, criterion = _sensitivity(design, name, votes)
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
        criterion=criterion,
        scarce=_scarce(votes[name], *([votes["real"]] if "real" in votes else [])),
    )


def _number(value: float) -> float:
    """A whole one as such, which is how tables write it."""
    return int(value) if value == int(value) else float(value)


def _plain(interval: Interval[Any]) -> Interval[float]:
    """Python's own numbers, which JSON and == understand."""
    estimate, low, high = map(float, interval)
    return Interval(estimate, low, high)


def _sensitivity(
    design: Design, name: str, votes: dict[str, Votes]
) -> tuple[Interval[float] | None, Interval[float] | None]:
    """d′ and criterion of all votes on this condition, clustered on participants and photos."""
    if name == "real":
        return None, None
    beside = votes[name], votes.get("real")
    d_prime, criterion = design.d_prime(*beside), design.criterion(*beside)
    return d_prime and _plain(d_prime), criterion and _plain(criterion)


def _scarce(*votes: Votes) -> int:
    """The fewest calls of "real", or of the contrary, among these."""
    sums = [(v.by_participant.called.sum(), v.by_participant.shown.sum()) for v in votes]
    return int(min(min(called, shown - called) for called, shown in sums))


def _gaps(votes: dict[str, Votes], names: Iterable[tuple[str, str]]) -> tuple[Gap, ...]:
    """These pairs; the intervals are widened (Bonferroni) so as to hold all together."""
    pairs = list(names)
    compared = [(votes[a], votes[b]) for a, b in pairs]
    level = 1 - 0.05 / len(pairs) if pairs else 0.95
    gaps = [_plain(difference(*both, level=level)) for both in compared]
    others = [difference_p(*both) for both in compared]
    these = [permutation_p(a.by_participant, b.by_participant) for a, b in compared]
    rows = zip(pairs, gaps, others, holm(others), these, holm(these), strict=True)
    return tuple(Gap(a, b, gap, *map(float, p_values)) for (a, b), gap, *p_values in rows)


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
