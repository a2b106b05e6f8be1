"""Fills a study's database with votes drawn from known rates, past the protocol and fast."""

from pathlib import Path

import numpy as np

from survey.store import DATA, DATABASE, Store, connect
from survey.study import Study

PERSON = """INSERT INTO participants (id, token, seed, list, plan, colour_vision, begun_at, seen_at,
            answered, finished_at) VALUES (?, ?, ?, ?, 't0 t1', ?, ?, ?, ?, ?)"""
VOTE = """INSERT INTO votes (participant, position, kind, photo, slot, condition, truth, answer,
          requested_ms, exposure_ms, response_ms, dropped_frames, blurs, hidden, screen_width,
          screen_height, pixel_ratio, refresh_hz, showings, opened_at, shown_at, received_at, flags)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, 900, 2.0, 60.0, ?, ?, ?, ?, ?)"""
START = 1_790_000_000.0


def poll(folder: Path, rates: dict[str, float], participants: int, seed: int = 0, **odd) -> None:
    """Everybody judges every photo; `odd` names who breaks which rule: catch={3}."""
    Store(folder, durable=False).close()
    study = Study.load(folder)
    rng = np.random.default_rng(seed)
    db = connect(folder / DATA / DATABASE, durable=False)
    photos = [row[0] for row in db.execute("SELECT id FROM photos WHERE role = 'trial'")]
    catches = [row[0] for row in db.execute("SELECT id FROM photos WHERE role = 'catch'")]
    taste = dict(zip(photos, rng.normal(0, 0.15, len(photos)), strict=True))  # photos differ
    db.execute("BEGIN")
    for person in range(1, participants + 1):
        strange = {rule for rule, people in odd.items() if person in people}
        finished = None if "unfinished" in strange else START + person
        colour = "deficient" if "colour_vision" in strange else "normal"
        token = f"{person:032x}"
        row = (person, token, person, 0, colour, START, START, len(photos), finished)
        db.execute(PERSON, row)
        shown = [("trial", photo, (photo + person) % study.slots) for photo in photos]
        shown += [("catch", photo, len(study.models)) for photo in catches]
        votes = [
            _vote(study, person, position, *what, rates, taste, strange, rng)
            for position, what in enumerate(shown)
        ]
        db.executemany(VOTE, votes)
    db.execute("COMMIT")
    db.close()


def _vote(study, person, position, kind, photo, slot, rates, taste, strange, rng) -> tuple:
    shown = study.presentation(kind, slot)
    condition, truth = shown.condition, shown.truth
    chance = min(max(rates.get(condition, 0) + taste.get(photo, 0), 0), 1)
    believed = rng.random() < chance
    if study.design == "single":
        answer = "real" if believed else "synthesized"
    else:
        answer = truth if not believed else next(a for a in study.answers if a != truth)
    if kind == "catch":
        answer = truth if "catch" not in strange else next(a for a in study.answers if a != truth)
    elif "same_answer" in strange:
        answer = study.answers[0]
    response = 120.0 if "fast" in strange else float(rng.gamma(4, 250) + 200)
    exposure, flags = (1400.0, "exposure") if "exposure" in strange else (1001.25, "")
    time = START + 100 * person + position
    times = (time, time + 0.5, time + 2)
    hidden, width, showings = "hidden" in strange, 390 if "screen" in strange else 1440, 1
    showings += "reloaded" in strange
    seen = (study.exposure_ms, exposure, response, hidden, width, showings)
    return (person, position, kind, photo, slot, condition, truth, answer, *seen, *times, flags)
