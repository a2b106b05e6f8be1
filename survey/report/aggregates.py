"""The sums over votes that the statistics need, made by the database, so that a million votes are
a matter of seconds. Scored trials only; each query reads the votes once. What a vote judges, and
how, is told by the study's question type (`judgements` in survey/designs/design.py).

`left_out` are the participants that an analysis leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from survey.stats import Tally, quartiles
from survey.study import Study

LEFT_OUT = "participant IN (SELECT value FROM json_each(:left_out))"


class Quartiles(NamedTuple):
    """In milliseconds."""

    lower: int
    median: int
    upper: int


@dataclass(frozen=True)
class Sums:
    """Per condition, in the design's order, what each cluster (a participant, a photo) judged."""

    clusters: NDArray[np.int_]  # (clusters,) their numbers, rising
    tallies: dict[str, Tally]  # each (clusters,), with zeros where a cluster has no votes

    def without(self, left_out: list[int]) -> Sums:
        """The sums of the other clusters."""
        kept = ~np.isin(self.clusters, left_out)
        tallies = {name: Tally(t.called[kept], t.shown[kept]) for name, t in self.tallies.items()}
        return Sums(self.clusters[kept], {n: t for n, t in tallies.items() if t.shown.any()})


def sum_by_participant(db: Database, study: Study) -> Sums:
    query = f"""SELECT participant, condition, SUM(believed), COUNT(*) FROM ({_judgements(study)})
                GROUP BY participant, condition"""
    return _sums(study, db.execute(query).fetchall())


def sum_by_photo(db: Database, study: Study, left_out: list[int]) -> tuple[Sums, Sums]:
    """By everyone, and by all but those left out."""
    query = f"""SELECT photo, condition, SUM(believed), COUNT(*), {LEFT_OUT} AS out
                FROM ({_judgements(study)}) GROUP BY photo, condition, out"""
    rows = db.execute(query, {"left_out": json.dumps(left_out)}).fetchall()
    return _sums(study, [row[:4] for row in rows]), _sums(study, [r[:4] for r in rows if not r[4]])


def _judgements(study: Study) -> str:
    return study.question_type.judgements(study.models)


def _sums(study: Study, rows: Iterable[tuple[int, str, float, int]]) -> Sums:
    """From rows of cluster, condition, called, shown; rows on the same two add up."""
    clusters = sorted({row[0] for row in rows})
    place = {cluster: i for i, cluster in enumerate(clusters)}
    voted_on = {row[1] for row in rows}
    tallies = {
        name: Tally(np.zeros(len(clusters)), np.zeros(len(clusters)))
        for name in study.question_type.conditions(study.models)
        if name in voted_on
    }
    for cluster, condition, called, shown in rows:
        tallies[condition].called[place[cluster]] += called
        tallies[condition].shown[place[cluster]] += shown
    return Sums(np.array(clusters, dtype=int), tallies)


def response_times(db: Database, left_out: list[int]) -> dict[str, Quartiles]:
    """Per condition, from when answering became possible to the key."""
    query = f"""SELECT condition, CAST(ROUND(response_ms) AS INTEGER) AS ms, COUNT(*) AS n
                FROM votes WHERE kind = 'trial' AND NOT {LEFT_OUT} GROUP BY condition, ms"""
    times: dict[str, list[tuple[int, int]]] = {}
    for condition, ms, n in db.execute(query, {"left_out": json.dumps(left_out)}):
        times.setdefault(condition, []).append((ms, n))
    return {condition: _quartiles(rows) for condition, rows in times.items()}


def measured_exposure(db: Database, left_out: list[int]) -> Quartiles | None:
    """How long images were really seen, as far as browsers could tell."""
    query = f"""SELECT CAST(ROUND(exposure_ms) AS INTEGER) AS ms, COUNT(*) FROM votes
                WHERE kind = 'trial' AND NOT {LEFT_OUT} AND exposure_ms IS NOT NULL GROUP BY ms"""
    times = db.execute(query, {"left_out": json.dumps(left_out)}).fetchall()
    return _quartiles(times) if times else None


def _quartiles(times: list[tuple[int, int]]) -> Quartiles:
    values, counts = np.array(times).T
    return Quartiles(*(int(ms) for ms in quartiles(values, counts)))
