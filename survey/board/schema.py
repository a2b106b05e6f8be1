"""The tables of a board's database, as numbered migrations, and the rules it enforces itself.

A board is no study: nothing is frozen. Photos and models come and go, and a vote says by itself
what it was about, so that it stays true whatever went. All times are seconds since 1970.

    read_only("studies/board/votes.db").query("SELECT answer, COUNT(*) FROM votes GROUP BY answer")

board     one row
    seed (of all chance), key (by which visitors' photos and networks are hashed; never told),
    opened_at
lineups   the models that could be drawn from then on
    id, models (JSON list of 'name@digits': the first of its weights' SHA-256), since
voters    a browser that voted, or meant to
    id, token (random, 128 bits: the only key to this row), begun_at
votes     append-only: triggers refuse UPDATE and DELETE
    id, voter
    photo           a sample's or the operator's file name, or 'own ' and the keyed hash of a
                    visitor's; of his photo nothing else is kept
    first, second   the models, 'name@digits'; first is on the left, on narrow screens above
    answer          first | second | tie
    response_ms     from the first frame to the answer, as the browser says
    network         keyed hash of the visitor's network and the day; '' where many share an address
    lineup, drawn, after
                    the pair was draw number `drawn`, from this lineup, when vote `after` was the
                    last: with them, the votes and the seed it can be drawn again (drawing.py)
    shown_at, received_at
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("board")

TABLES = """
CREATE TABLE board (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seed INTEGER NOT NULL,
    key TEXT NOT NULL,
    opened_at REAL NOT NULL
) STRICT;

CREATE TABLE lineups (
    id INTEGER PRIMARY KEY,
    models TEXT NOT NULL,
    since REAL NOT NULL
) STRICT;

CREATE TABLE voters (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE CHECK (length(token) = 32),
    begun_at REAL NOT NULL
) STRICT;

CREATE TABLE votes (
    id INTEGER PRIMARY KEY,
    voter INTEGER NOT NULL REFERENCES voters (id),
    photo TEXT NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL CHECK (second <> first),
    answer TEXT NOT NULL CHECK (answer IN ('first', 'second', 'tie')),
    response_ms REAL NOT NULL,
    network TEXT NOT NULL,
    lineup INTEGER NOT NULL,
    drawn INTEGER NOT NULL,
    after INTEGER NOT NULL,
    shown_at REAL NOT NULL,
    received_at REAL NOT NULL
) STRICT;

CREATE UNIQUE INDEX votes_once
    ON votes (voter, photo, min(first, second), max(first, second));

CREATE TRIGGER votes_keep BEFORE UPDATE ON votes
BEGIN SELECT RAISE(ABORT, 'votes are append-only: a vote is never changed'); END;

CREATE TRIGGER votes_stay BEFORE DELETE ON votes
BEGIN SELECT RAISE(ABORT, 'votes are append-only: a vote is never deleted'); END;
"""


@migrations()
def m001_tables(db: Database) -> None:
    for statement in TABLES.split("\n\n"):
        db.execute(statement)
