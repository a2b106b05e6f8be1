"""The sums over votes that the statistics need, made by the database, so that a million votes are
a matter of seconds.

Scored trials only. `left_out` are the participants that an analysis leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sqlite_utils import Database

from survey.design import Study
from survey.stats import Tally, quartiles

BELIEVED = {"single": "answer = 'real'", "pair": "answer <> truth"}
SCORED = "kind = 'trial' AND participant NOT IN (SELECT value FROM json_each(:left_out))"


class Quartiles(NamedTuple):
    """In milliseconds."""

    lower: int
    median: int
    upper: int


def sum_votes(db: Database, study: Study, cluster: str, left_out: list[int]) -> dict[str, Tally]:
    """Per condition (real photos first) the votes of each cluster: 'participant' or 'photo'.

    All conditions name the clusters in the same order, with zeros where there is no vote.
    """
    query = f"""SELECT {cluster} AS cluster, condition, SUM({BELIEVED[study.design]}) AS called,
                COUNT(*) AS shown FROM votes WHERE {SCORED} GROUP BY cluster, condition"""
    rows = list(db.query(query, {"left_out": json.dumps(left_out)}))
    place = {c: i for i, c in enumerate(sorted({row["cluster"] for row in rows}))}
    voted_on = {row["condition"] for row in rows}
    tallies = {
        name: Tally(np.zeros(len(place)), np.zeros(len(place)))
        for name in ("real", *study.models)
        if name in voted_on
    }
    for row in rows:
        tally, i = tallies[row["condition"]], place[row["cluster"]]
        tally.called[i], tally.shown[i] = row["called"], row["shown"]
    return tallies


def sum_per_image(db: Database, study: Study, left_out: list[int]) -> Iterator[dict]:
    """Votes on every photo under every condition, with the photo's name and the image's file."""
    query = f"""SELECT summed.*, name, file FROM (
                    SELECT photo, condition, SUM({BELIEVED[study.design]}) AS called,
                    COUNT(*) AS shown FROM votes WHERE {SCORED} GROUP BY photo, condition
                ) AS summed JOIN photos ON photos.id = photo
                JOIN stimuli USING (photo, condition) ORDER BY photo, condition"""
    return db.query(query, {"left_out": json.dumps(left_out)})


def response_times(db: Database, left_out: list[int]) -> dict[str, Quartiles]:
    """Per condition, from the first frame of the image to the key."""
    query = f"""SELECT condition, CAST(ROUND(response_ms) AS INTEGER) AS ms, COUNT(*) AS n
                FROM votes WHERE {SCORED} GROUP BY condition, ms"""
    times: dict[str, list[tuple[int, int]]] = {}
    for row in db.query(query, {"left_out": json.dumps(left_out)}):
        times.setdefault(row["condition"], []).append((row["ms"], row["n"]))
    return {condition: _quartiles(rows) for condition, rows in times.items()}


def measured_exposure(db: Database, left_out: list[int]) -> Quartiles | None:
    """How long images were really seen, as far as browsers could tell."""
    query = f"""SELECT CAST(ROUND(exposure_ms) AS INTEGER) AS ms, COUNT(*) AS n
                FROM votes WHERE {SCORED} AND exposure_ms IS NOT NULL GROUP BY ms"""
    rows = db.query(query, {"left_out": json.dumps(left_out)})
    times = [(row["ms"], row["n"]) for row in rows]
    return _quartiles(times) if times else None


def _quartiles(times: list[tuple[int, int]]) -> Quartiles:
    values, counts = np.array(times).T
    return Quartiles(*(int(ms) for ms in quartiles(values, counts)))
