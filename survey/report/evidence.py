"""Where the votes of a report come from: the folder of a study, or an export of one.

Try it:
    from survey.report.evidence import open_evidence
    with open_evidence("poster.zip") as evidence:
        print(evidence.study.title, evidence.db["votes"].count)
"""

from __future__ import annotations

import io
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize
from zipfile import BadZipFile, ZipFile

from sqlite_utils import Database
from sqlite_utils.db import Column

from survey.manifest import STIMULI
from survey.report.safe_csv import read_sheet
from survey.schema import migrations
from survey.store import DATA, DATABASE, read_only
from survey.store_errors import StoreError, explained
from survey.study import FILE, DesignError, Study
from survey.timing import LATER, WORDS

MATERIALS = "materials"  # folder of the images in an export
TABLES = (
    "photos",
    "stimuli",
    "participants",
    "votes",
    "changes",
    "responses",
)  # each after those that it refers to
FIRST = TABLES[:4]  # that every export holds
SEEN = {*LATER, *WORDS}  # columns of votes that older ones lack
SECRET = (
    "token",
    "panel_id",
    "panel_details",
)  # columns of participants that are nobody's business
RENAMED = {  # so that a column means the same in every file of an export
    ("votes", "id"): "vote",
    ("participants", "id"): "participant",
    ("photos", "id"): "photo",
    ("changes", "id"): "change",
    ("responses", "id"): "response",
    ("photos", "name"): "photo_name",
    ("stimuli", "sha256"): "image_sha256",
}


@dataclass(frozen=True)
class Evidence:
    """A design, the votes on it, and the images it showed."""

    study: Study
    db: Database
    image: Callable[[str], bytes | None]  # by file name; None where an export left it out


@contextmanager
def open_evidence(source: str | Path, data: str | Path | None = None) -> Iterator[Evidence]:
    """Read a study's folder (with its data elsewhere, if so) or an export; neither is changed."""
    source = Path(source)
    if not source.exists():
        raise DesignError(f"{source} does not exist; give a study's folder or an exported .zip.")
    with _from_folder(source, data) if source.is_dir() else _from_export(source) as evidence:
        yield evidence


@contextmanager
def _from_folder(folder: Path, data: str | Path | None) -> Iterator[Evidence]:
    study, path = Study.load(folder), Path(data or folder / DATA, DATABASE)
    db = read_only(path)

    def image(file: str) -> bytes | None:
        path = folder / STIMULI / file
        return path.read_bytes() if path.is_file() else None

    with closing(db.conn):
        try:
            db.conn.execute("BEGIN")  # all that is read is as of now, whatever arrives meanwhile
            frozen = [row["sha256"] for row in db.query("SELECT sha256 FROM study")]
            _check_design(folder, study, frozen)
            yield Evidence(study, db, image)
        except sqlite3.Error as error:
            raise StoreError(explained(error, path)) from error


def _check_design(folder: Path, study: Study, frozen: list[str]) -> None:
    if frozen != [study.sha256]:
        raise DesignError(
            f"The votes in {folder} belong to the design {' '.join(frozen)[:12] or 'of none'}, but "
            f"{FILE} now holds {study.sha256[:12]}. Undo the change of {FILE}."
        )


@contextmanager
def _from_export(path: Path) -> Iterator[Evidence]:
    try:
        archive = ZipFile(path)
    except BadZipFile as error:
        raise DesignError(f"{path} is no zip file; export the study again.") from error
    with archive, closing(sqlite3.connect(":memory:")) as connection:
        names = set(archive.namelist())
        if FILE not in names:
            raise DesignError(f"{path} holds no {FILE}; it is not an export of a study.")
        with TemporaryDirectory() as folder:
            study = Study.load(Path(archive.extract(FILE, folder)).parent)
        try:
            db = _database(connection, archive, study)
        except (KeyError, ValueError, sqlite3.IntegrityError) as error:
            raise DesignError(f"{path} was changed ({error}); export the study again.") from error

        def image(file: str) -> bytes | None:
            name = f"{MATERIALS}/{file}"
            return archive.read(name) if name in names else None

        yield Evidence(study, db, image)


def _database(connection: sqlite3.Connection, archive: ZipFile, study: Study) -> Database:
    """The study's tables; their own checks refuse what the study could not have written."""
    connection.execute("PRAGMA foreign_keys = ON")
    db = Database(connection)
    migrations.apply(db)
    connection.executemany("INSERT INTO answers VALUES (?)", [(a,) for a in study.answers])
    held = set(archive.namelist())
    for table in TABLES:  # an older export has fewer
        if sheet_name(study, table) not in held and table not in FIRST:
            continue
        with archive.open(sheet_name(study, table)) as file:
            _fill(db, table, io.TextIOWrapper(file, encoding="utf-8", newline=""))
    return db


def sheet_name(study: Study, table: str) -> str:
    """Where a table lies in an export; Psych-DS allows letters and digits only."""
    letters = normalize("NFKD", study.title.title())  # accents apart from their letters
    title = "".join(c for c in letters if c.isascii() and c.isalnum())
    return f"data/study-{title or 'Untitled'}_description-{table}_data.csv"


def exported_columns(db: Database, table: str) -> dict[str, str]:
    """Columns of a table that an export holds, and what they are called there."""
    names = [column.name for column in db[table].columns if column.name not in SECRET]
    return {name: RENAMED.get((table, name), name) for name in names}


def _fill(db: Database, table: str, file: io.TextIOWrapper) -> None:
    columns = {column.name: column for column in db[table].columns}
    called = exported_columns(db, table)
    rows = (
        {name: _value(_cell(row, called[name]), columns[name]) for name in called}
        for row in read_sheet(file)
    )
    names = list(called)
    if table == "participants":  # an export tells no tokens, but the table wants some
        names.append("token")
        rows = (row | {"token": secrets.token_hex(16)} for row in rows)
    marks = ", ".join(f":{name}" for name in names)
    with db.conn:
        db.conn.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def _cell(row: dict[str, str], column: str) -> str:
    """What an older export has no column for is empty."""
    return row.get(column, "") if column in SEEN else row[column]


def _value(cell: str, column: Column) -> str | int | float | None:
    if cell == "" and not column.notnull and not column.is_pk:
        return None
    kinds: dict[str, type[int] | type[float]] = {"INTEGER": int, "REAL": float}
    return kinds[column.type](cell) if column.type in kinds else cell
