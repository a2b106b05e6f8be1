"""The tables of a study's database, as numbered migrations, and the rules it enforces itself.

One database holds one study. All times are seconds since 1970 by the server's clock; all
durations are milliseconds.

study         one row: the frozen design that this database belongs to
    sha256, design (JSON text), opened_at
photos        every photo, whatever its use
    id, role: trial | practice | catch, name (the researcher's file name; never sent to anyone)
answers       what may be said in this study, and nothing else
    answer
stimuli       every image that can be shown: one per photo and condition
    photo, condition: 'real' | 'catch' | a model's name, file (a random name in stimuli/), sha256
cells         how often each photo was shown in each slot of the Latin square
    list, slot, photo, condition, filled (votes, plus showings reserved by participants still here)
    One row per (slot, photo) of the scored photos. See randomization.py for slots and lists.
participants  whoever consented
    id (order of arrival), token (random, 128 bits: the only key to this row), seed (of all that is
    random for this person), list (of the Latin square), plan (kind and half of every position, as
    'p0 p1 t1 c1 …': p practice, t trial, c catch; 0 the first half of the slots, 1 the second),
    panel_id (NULL unless the study keeps it; 'sealed:…' after a restore, see survey/panel.py),
    panel_details (what else the panel's link said, JSON by parameter; likewise),
    colour_vision: normal | deficient | unsure | NULL
    (not yet asked), begun_at, seen_at, answered (positions voted on; the next one to show),
    finished_at (NULL until all are)
trials        the one trial that a participant has open now; replaced when it is voted on
    participant, position, kind, photo, slot, condition, truth, nonce (random, of this showing),
    requested_ms, showings (1, more after reloads), opened_at, shown_at (NULL: not yet on screen),
    reserved (1 while cells.filled counts it)
votes         one row per answer, append-only: triggers refuse UPDATE and DELETE (a person who is
              forgotten takes all their votes with them)
    id, participant, position (0 … from the first practice trial on)
    kind            practice | trial | catch
    photo, slot, condition
                    what was shown. condition: the version that the vote judges first of all:
                    'real', a model's name, or 'catch' (absurd colours)
    truth           the right answer; NULL: there is none
    answer          what they said, in the same words
    requested_ms    exposure asked for; NULL: until answered
    exposure_ms     exposure measured in the browser; NULL when nobody could measure it
    response_ms     from when answering became possible (end of the exposure; if unlimited, the
                    first frame) to the key
    dropped_frames, blurs, hidden
                    frames missed, losses of focus and of visibility during the trial
    screen_width, screen_height (CSS pixels), pixel_ratio, refresh_hz
    showings        1; more when the page was reloaded on this trial
    opened_at, shown_at, received_at
    flags           space-separated, sorted: any of blur | exposure | fast | hidden | reloaded
                    (survey/timing.py says when); '' if there is nothing to say
    window_width, window_height, shown_width (CSS pixels; the last of the first image)
    modality        key | touch | mouse | pen: what the answer was given with
    browser, gamut  as 'Firefox 128'; srgb | p3 | rec2020: the colours that the screen has
    cover_ms        how long the cover was seen; NULL: answered before it was taken away, or none
                    These seven are NULL in votes from before they were logged.
responses     one row for each question of a page that was answered, append-only as votes are
    id, participant, page: before | after, question, answer (NULL: left open), received_at
changes       what was decided after the design was frozen; the last one of a setting holds
    id, setting: state | target | results (survey/recruitment.py says what each may be), value,
    changed_at
outcomes      the study's own code or address for each way to end (survey/outcomes.py)
    outcome: finished | excluded | screened | full | declined, destination
forgotten     a tombstone for everyone who asked to be forgotten (survey/forget.py)
    hash (of the token), forgotten_at, last_vote, last_participant (numbers given by then, which are
    not given again)
counters      refused calls and other events that leave no other trace
    name, n

What slots, conditions, truths and answers there are, and what counts as believed, is the question
type's: survey/designs/.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("survey")

KINDS = "('practice', 'trial', 'catch')"
ANSWERS = "('real', 'synthesized', 'left', 'right')"  # until m002, as is the next
SAME_SORT = "CHECK ((truth IN ('left', 'right')) = (answer IN ('left', 'right')))"
TABLES = f"""
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    design TEXT NOT NULL,
    opened_at REAL NOT NULL
) STRICT;

CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN {KINDS}),
    name TEXT NOT NULL
) STRICT;

CREATE TABLE stimuli (
    photo INTEGER NOT NULL REFERENCES photos (id),
    condition TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (photo, condition)
) STRICT;

CREATE TABLE cells (
    list INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    photo INTEGER NOT NULL,
    condition TEXT NOT NULL,
    filled INTEGER NOT NULL DEFAULT 0 CHECK (filled >= 0),
    PRIMARY KEY (slot, photo),
    FOREIGN KEY (photo, condition) REFERENCES stimuli (photo, condition)
) STRICT, WITHOUT ROWID;

CREATE INDEX cells_by_list ON cells (list, slot);

CREATE TABLE participants (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE CHECK (length(token) = 32),
    seed INTEGER NOT NULL,
    list INTEGER NOT NULL,
    plan TEXT NOT NULL,
    panel_id TEXT UNIQUE,
    colour_vision TEXT CHECK (colour_vision IN ('normal', 'deficient', 'unsure')),
    begun_at REAL NOT NULL,
    seen_at REAL NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0 CHECK (answered >= 0),
    finished_at REAL
) STRICT;

CREATE TABLE trials (
    participant INTEGER PRIMARY KEY REFERENCES participants (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    kind TEXT NOT NULL CHECK (kind IN {KINDS}),
    photo INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    condition TEXT NOT NULL,
    truth TEXT NOT NULL CHECK (truth IN {ANSWERS}),
    nonce TEXT NOT NULL UNIQUE,
    requested_ms INTEGER,
    showings INTEGER NOT NULL DEFAULT 1,
    opened_at REAL NOT NULL,
    shown_at REAL,
    reserved INTEGER NOT NULL CHECK (reserved IN (0, 1)),
    FOREIGN KEY (photo, condition) REFERENCES stimuli (photo, condition)
) STRICT;

CREATE TABLE votes (
    id INTEGER PRIMARY KEY,
    participant INTEGER NOT NULL REFERENCES participants (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    kind TEXT NOT NULL CHECK (kind IN {KINDS}),
    photo INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    condition TEXT NOT NULL,
    truth TEXT NOT NULL CHECK (truth IN {ANSWERS}),
    answer TEXT NOT NULL CHECK (answer IN {ANSWERS}),
    requested_ms INTEGER,
    exposure_ms REAL,
    response_ms REAL NOT NULL,
    dropped_frames INTEGER NOT NULL,
    blurs INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    screen_width INTEGER NOT NULL,
    screen_height INTEGER NOT NULL,
    pixel_ratio REAL NOT NULL,
    refresh_hz REAL,
    showings INTEGER NOT NULL,
    opened_at REAL NOT NULL,
    shown_at REAL NOT NULL,
    received_at REAL NOT NULL,
    flags TEXT NOT NULL,
    {SAME_SORT},
    UNIQUE (participant, position),
    UNIQUE (participant, photo),
    FOREIGN KEY (photo, condition) REFERENCES stimuli (photo, condition)
) STRICT;

CREATE TRIGGER votes_keep BEFORE UPDATE ON votes
BEGIN SELECT RAISE(ABORT, 'votes are append-only: a vote is never changed'); END;

CREATE TRIGGER votes_stay BEFORE DELETE ON votes
BEGIN SELECT RAISE(ABORT, 'votes are append-only: a vote is never deleted'); END;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT;
"""


@migrations()
def m001_tables(db: Database) -> None:
    for statement in TABLES.split("\n\n"):
        db.execute(statement)


@migrations()
def m002_answers_are_the_designs(db: Database) -> None:
    """From two question types to any: a table of answers in place of lists in the checks."""
    db.execute("CREATE TABLE answers (answer TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")
    db.execute(ANSWERS_SO_FAR)
    triggers = db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for table in ("trials", "votes"):
        (before,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        db.execute(_without_lists(before).replace(f"TABLE {table}", "TABLE remade", 1))
        db.execute(f"INSERT INTO remade SELECT * FROM {table}")
        db.execute(f"DROP TABLE {table}")
        db.execute(f"ALTER TABLE remade RENAME TO {table}")
    for (trigger,) in triggers:
        db.execute(trigger)


@migrations()
def m003_changes_outside_the_design(db: Database) -> None:
    db.execute(CHANGES)


@migrations()
def m004_who_was_forgotten(db: Database) -> None:
    db.execute(FORGOTTEN)


@migrations()
def m005_codes_of_a_panel(db: Database) -> None:
    db.execute(OUTCOMES)


@migrations()
def m006_question_pages(db: Database) -> None:
    for statement in RESPONSES.split("\n\n"):
        db.execute(statement)


@migrations()
def m007_what_else_a_panel_says(db: Database) -> None:
    db.execute("ALTER TABLE participants ADD COLUMN panel_details TEXT")


@migrations()
def m008_how_a_trial_was_seen(db: Database) -> None:
    for column in SEEN:
        db.execute(f"ALTER TABLE votes ADD COLUMN {column}")


SEEN = (
    "window_width INTEGER",
    "window_height INTEGER",
    "shown_width REAL",
    "modality TEXT CHECK (modality IN ('key', 'touch', 'mouse', 'pen'))",
    "browser TEXT",
    "gamut TEXT CHECK (gamut IN ('srgb', 'p3', 'rec2020'))",
    "cover_ms REAL",
)
RESPONSES = """
CREATE TABLE responses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant INTEGER NOT NULL REFERENCES participants (id),
    page TEXT NOT NULL CHECK (page IN ('before', 'after')),
    question TEXT NOT NULL,
    answer TEXT,
    received_at REAL NOT NULL,
    UNIQUE (participant, question)
) STRICT;

CREATE TRIGGER responses_keep BEFORE UPDATE ON responses
BEGIN SELECT RAISE(ABORT, 'responses are append-only: an answer is never changed'); END;

CREATE TRIGGER responses_stay BEFORE DELETE ON responses
BEGIN SELECT RAISE(ABORT, 'responses are append-only: an answer is never deleted'); END;
"""
OUTCOMES = """
CREATE TABLE outcomes (
    outcome TEXT PRIMARY KEY
        CHECK (outcome IN ('finished', 'excluded', 'screened', 'full', 'declined')),
    destination TEXT NOT NULL
) STRICT
"""
FORGOTTEN = """
CREATE TABLE forgotten (
    hash TEXT PRIMARY KEY CHECK (length(hash) = 64),
    forgotten_at REAL NOT NULL,
    last_vote INTEGER NOT NULL,
    last_participant INTEGER NOT NULL
) STRICT
"""
CHANGES = """
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    setting TEXT NOT NULL CHECK (setting IN ('state', 'target', 'results')),
    value TEXT NOT NULL,
    changed_at REAL NOT NULL
) STRICT
"""
ANSWERS_SO_FAR = """
INSERT INTO answers SELECT value FROM study, json_each(
    iif(json_extract(design, '$.design') = 'pair', '["left", "right"]', '["real", "synthesized"]'))
"""


def _without_lists(table: str) -> str:
    """The statement of a table of m001, its answers checked by reference; truth may be NULL."""
    known = "REFERENCES answers (answer)"
    table = table.replace(f"truth TEXT NOT NULL CHECK (truth IN {ANSWERS})", f"truth TEXT {known}")
    table = table.replace(f"CHECK (answer IN {ANSWERS})", known)
    return table.replace(f"    {SAME_SORT},\n", "")
