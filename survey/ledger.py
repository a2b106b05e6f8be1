"""The statements of a study: what is read and written about participants, trials and votes.

A Ledger is lent to whatever runs inside a transaction of the store, one at a time:

    store.transact(lambda ledger: ledger.person(token))

Columns are told in survey/schema.py.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from survey.randomization import Step, open_slots
from survey.study import Study

Row = sqlite3.Row
Trial = dict[str, Any]  # a row of `trials`
PRIME = 65_537  # photo ids are smaller, so multiplying them by anything modulo it mixes them
CARRIED = (  # what a vote takes over from its trial
    *("position", "kind", "photo", "slot", "condition", "truth", "requested_ms", "showings"),
    *("opened_at", "shown_at"),
)

UNSEEN = "NOT IN (SELECT photo FROM votes WHERE participant = ?)"
LATELY = "(seen_at BETWEEN ? AND ?)"  # and not in the future, which a clock set back makes


class Ledger:
    """Plain reads and writes; who may do what is decided in survey/protocol.py."""

    def __init__(self, db: sqlite3.Connection, study: Study) -> None:
        self.db = db
        self.study = study

    # Reading

    def person(self, token: str) -> Row | None:
        return self._row("SELECT * FROM participants WHERE token = ?", token)

    def person_of_panel(self, panel_id: str, sealed: str) -> Row | None:
        """By the panel's own id, or by what a restore left of it."""
        query = "SELECT * FROM participants WHERE panel_id IN (?, ?) ORDER BY id"
        return self._row(query, panel_id, sealed)

    def trial(self, participant: int) -> Row | None:
        """The trial that this participant has open."""
        return self._row("SELECT * FROM trials WHERE participant = ?", participant)

    def files(self, photo: int, versions: Iterable[str]) -> tuple[str, ...]:
        query = "SELECT file FROM stimuli WHERE photo = ? AND condition = ?"
        return tuple(self._value(query, photo, version) for version in versions)

    def vote(self, participant: int, position: int) -> Row | None:
        query = "SELECT * FROM votes WHERE participant = ? AND position = ?"
        return self._row(query, participant, position)

    def has_number(self, participant: int) -> bool:
        return self._row("SELECT 1 FROM participants WHERE id = ?", participant) is not None

    def next_number(self) -> int:
        """Of the next participant; nobody's who was forgotten."""
        return self._next("participants", "last_participant")

    def next_vote(self) -> int:
        return self._next("votes", "last_vote")

    def _next(self, table: str, last: str) -> int:
        query = f"""SELECT 1 + MAX((SELECT COALESCE(MAX(id), 0) FROM {table}),
                                   (SELECT COALESCE(MAX({last}), 0) FROM forgotten))"""
        return int(self._value(query))

    def forgotten(self) -> list[str]:
        """The tombstones."""
        return [gone for (gone,) in self.db.execute("SELECT hash FROM forgotten")]

    def has_responded(self, participant: int, page: str) -> bool:
        query = "SELECT 1 FROM responses WHERE participant = ? AND page = ?"
        return self._row(query, participant, page) is not None

    def load_of_lists(self, since: float, now: float) -> dict[int, int]:
        """Per list: positions answered, and those still expected from people seen lately."""
        rows = self.db.execute(
            f"""SELECT list, SUM(iif(finished_at IS NULL AND {LATELY}, ?, answered))
                FROM participants GROUP BY list""",
            (since, now, self.study.positions),
        )
        return dict.fromkeys(range(self.study.slots), 0) | {row[0]: row[1] for row in rows}

    def people(self, since: float, now: float) -> int:
        """How many have finished or are still here."""
        query = f"SELECT COUNT(*) FROM participants WHERE finished_at IS NOT NULL OR {LATELY}"
        return int(self._value(query, since, now))

    def score(self, participant: int) -> tuple[int, int]:
        """Right answers among the scored trials that have one, and the number of these."""
        query = """SELECT COUNT(iif(answer = truth, 1, NULL)), COUNT(truth) FROM votes
                   WHERE participant = ? AND kind = 'trial'"""
        right, total = self.db.execute(query, (participant,)).fetchone()
        return right, total

    def totals(self) -> dict[str, int]:
        """Participants, those who finished, votes, and every counter."""
        totals = self.db.execute(
            """SELECT (SELECT COUNT(*) FROM participants) AS participants,
                      (SELECT COUNT(finished_at) FROM participants) AS finished,
                      (SELECT COUNT(*) FROM votes) AS votes"""
        )
        counters = self.db.execute("SELECT name, n FROM counters ORDER BY name")
        return dict(totals.fetchone()) | dict(counters.fetchall())

    # Writing

    def count(self, name: str) -> None:
        self.db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1",
            (name,),
        )

    def update_person(self, participant: int, **values: object) -> None:
        self._update("participants", "id", participant, values)

    def open_trial(self, person: Row, position: int, now: float) -> Trial:
        """Choose slot and photo for this position, the least shown ones first, and reserve them."""
        step = Step.parse(person["plan"].split()[position])
        slot, photo = self._choose(person, step, position, now)
        shown = self.study.presentation(step.kind, slot)
        trial = {
            "participant": person["id"],
            "position": position,
            "kind": step.kind,
            "photo": photo,
            "slot": slot,
            "condition": shown.condition,
            "truth": shown.truth,
            "nonce": secrets.token_hex(16),
            "requested_ms": self.study.exposure_ms,
            "showings": 1,
            "opened_at": now,
            "shown_at": None,
            "reserved": int(step.kind == "trial"),
        }
        self.insert("trials", trial)
        if step.kind == "trial":
            self._fill(slot, photo, 1)
        return trial

    def show_again(self, trial: Row) -> Trial:
        """The same trial for a page that was loaded anew; earlier showings can no longer vote."""
        seen = trial["shown_at"] is not None
        changed: Trial = {"nonce": secrets.token_hex(16), "shown_at": None}
        changed["showings"] = trial["showings"] + seen
        self.update_trial(trial, **changed)
        return dict(trial) | changed

    def update_trial(self, trial: Row, **values: object) -> None:
        self._update("trials", "participant", trial["participant"], values)

    def reserve(self, trial: Row) -> None:
        """Take a released photo back for a participant who came back."""
        if trial["kind"] == "trial" and not trial["reserved"]:
            self._fill(trial["slot"], trial["photo"], 1)
            self.update_trial(trial, reserved=1)

    def release_expired(self, since: float, now: float) -> None:
        """Give the photos reserved for people who fell silent back to everyone."""
        query = f"""SELECT trials.* FROM trials JOIN participants ON id = participant
                    WHERE reserved AND NOT {LATELY}"""
        for trial in self.db.execute(query, (since, now)).fetchall():
            self._fill(trial["slot"], trial["photo"], -1)
            self.update_trial(trial, reserved=0)

    def add_vote(self, person: Row, trial: Row, vote: Mapping[str, Any]) -> None:
        """The answer to the open trial; the participant moves on by one position."""
        self.reserve(trial)
        carried = {name: trial[name] for name in CARRIED}
        whose = {"id": self.next_vote(), "participant": person["id"]}
        self.insert("votes", whose | carried | dict(vote))
        self.close_trial(person["id"])
        answered, now = trial["position"] + 1, vote["received_at"]
        finished = now if answered == self.study.positions else None
        self.update_person(person["id"], answered=answered, seen_at=now, finished_at=finished)

    def add_responses(
        self, participant: int, page: str, answers: Mapping[str, str | None], now: float
    ) -> None:
        """What somebody said to the questions of a page, all of them at once."""
        for question, answer in answers.items():
            said = {"participant": participant, "page": page, "question": question}
            self.insert("responses", said | {"answer": answer, "received_at": now})
        self.update_person(participant, seen_at=now)

    def close_trial(self, participant: int) -> None:
        self.db.execute("DELETE FROM trials WHERE participant = ?", (participant,))

    def insert(self, table: str, values: Mapping[str, Any]) -> None:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)

    def _choose(self, person: Row, step: Step, position: int, now: float) -> tuple[int, int]:
        """Slot and unseen photo of this step; among equals, the person's seed decides."""
        if step.kind == "trial" and self.study.pairs == "uncertain":
            slot = self.unsure_slot(person["seed"], step.half, position, now)
            return slot, self._least_shown(person, slot, position)
        query = "SELECT slot FROM votes WHERE participant = ? AND kind = ? ORDER BY id"
        visited = self.db.execute(query, (person["id"], step.kind)).fetchall()
        slots = open_slots(self.study, step.half, [slot for (slot,) in visited])
        mixer = _mixer(person, position)
        if step.kind == "trial":
            query = f"""SELECT slot, photo FROM cells
                        WHERE list = ? AND slot IN ({", ".join("?" * len(slots))})
                              AND photo {UNSEEN}
                        ORDER BY filled, photo * ? % {PRIME} LIMIT 1"""
            values = (person["list"], *slots, person["id"], mixer)
            slot, photo = self.db.execute(query, values).fetchone()
            return slot, photo
        query = f"SELECT id FROM photos WHERE role = ? AND id {UNSEEN} ORDER BY id * ? % {PRIME}"
        return slots[mixer % len(slots)], self._value(query, step.kind, person["id"], mixer)

    def unsure_slot(self, seed: int, half: int, position: int, now: float) -> int:
        """Where the ratings are least sure by the votes until now; see `Design.next_slot`.

        Replayed from a vote: with its person's seed and plan, its position and `opened_at`, as long
        as nobody was forgotten.
        """
        query = """SELECT slot, answer, COUNT(*) FROM votes
                   WHERE kind = 'trial' AND received_at <= ? GROUP BY slot, answer"""
        cast = {(slot, answer): n for slot, answer, n in self.db.execute(query, (now,))}
        design, models = self.study.question_type, self.study.models
        return design.next_slot(models, half, cast, [seed, position])

    def _least_shown(self, person: Row, slot: int, position: int) -> int:
        """Of the photos new to this person, of any list, the one shown least in this slot."""
        query = f"""SELECT photo FROM cells WHERE slot = ? AND photo {UNSEEN}
                    ORDER BY filled, photo * ? % {PRIME} LIMIT 1"""
        values = (slot, person["id"], _mixer(person, position))
        return int(self._value(query, *values))

    def _fill(self, slot: int, photo: int, by: int) -> None:
        query = "UPDATE cells SET filled = filled + ? WHERE slot = ? AND photo = ?"
        self.db.execute(query, (by, slot, photo))

    def _update(self, table: str, key: str, value: int, values: Mapping[str, Any]) -> None:
        changes = ", ".join(f"{name} = ?" for name in values)
        query = f"UPDATE {table} SET {changes} WHERE {key} = ?"
        self.db.execute(query, (*values.values(), value))

    def _row(self, query: str, *values: object) -> Row | None:
        row: Row | None = self.db.execute(query, values).fetchone()
        return row

    def _value(self, query: str, *values: object) -> Any:
        return self.db.execute(query, values).fetchone()[0]


def _mixer(person: Row, position: int) -> int:
    """What puts photos into an order of this person's own."""
    return 1 + int(person["seed"] * (position + 1) >> 16) % (PRIME - 1)
