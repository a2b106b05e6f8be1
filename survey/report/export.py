"""A study in one zip file from which its report can be made again, laid out as Psych-DS asks.

    dataset_description.json    what this is, and the meaning of every column
    study.json                  the frozen design with its hash and seed
    data/study-…_data.csv       votes, participants (no tokens, no panel ids), photos, stimuli
    materials/                  the images that the report shows, or all that people saw
    analysis/                   a mixed model of these votes in R, a marginal one in Python
    CHANGES, LICENSE            what was decided after the design was frozen; terms of use
    results/                    report.html and its numbers as CSV, people.csv with who broke what

Try it: python -m survey export studies/poster --output poster.zip
        python -m survey export studies/poster --stimuli --output everything.zip
        python -m survey report poster.zip
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from survey.recruitment import changes
from survey.report.believed_photos import most_and_least_believed
from survey.report.data_dictionary import meaning
from survey.report.evidence import (
    MATERIALS,
    TABLES,
    Evidence,
    exported_columns,
    open_evidence,
    sheet_name,
)
from survey.report.findings import find
from survey.report.html import render
from survey.report.people_table import people_table
from survey.report.safe_csv import Cell, write_sheet
from survey.report.tables import tables
from survey.study import FILE, Study

EPOCH = (1980, 1, 1, 0, 0, 0)  # the same votes make the same file

README = """\
# {title}

Every vote of a study with photos that are real or coloured by a model, under the frozen design
`study.json` (SHA-256 {sha256}). `dataset_description.json` says what each column means.

In the CSV files, a text that begins with one of = + - @ ' has an apostrophe put in front, so that
no spreadsheet runs it; take off one leading apostrophe to have the text as it was.

`results/people.csv` says who broke which rule of exclusion (1), who is `excluded` from the main
results by any, and what the key on the left meant (`left_answer`). To analyse the votes, with
a mixed model: `Rscript analysis/mixed_model.R` (needs lme4); with a marginal one:
`python analysis/marginal_model.py` (needs statsmodels).
"""
ANALYSIS = Path(__file__).parents[1] / "analysis"


def export(
    source: str | Path, path: str | Path, data: str | Path | None = None, *, stimuli: bool = False
) -> Path:
    """Write the zip, with all stimuli or those that the report shows; an older one is replaced only
    when the new one is whole."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        with open_evidence(source, data) as evidence, ZipFile(part, "w", ZIP_DEFLATED) as archive:
            _write(archive, evidence, stimuli)
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write(archive: ZipFile, evidence: Evidence, stimuli: bool) -> None:
    study, db, findings = evidence.study, evidence.db, find(evidence.db, evidence.study)
    _add(archive, "README.md", README.format(title=study.title, sha256=study.sha256))
    with TemporaryDirectory() as folder:
        _add(archive, FILE, study.save(folder).read_bytes())
    _add(archive, "dataset_description.json", json.dumps(describe(evidence), indent=2))
    for name in _held(evidence):
        columns, rows = _columns(evidence, name), _rows(evidence, name)
        _add_sheet(archive, sheet_name(study, name), columns, rows)
    pictures = {photo.file for row in most_and_least_believed(findings) for photo in row}
    if stimuli:
        pictures = {row["file"] for row in db.query("SELECT file FROM stimuli")}
    for file in sorted(pictures):
        if image := evidence.image(file):
            _add(archive, f"{MATERIALS}/{file}", image)
    _add(archive, "results/report.html", render(evidence, findings))
    for script in sorted(ANALYSIS.glob("m*_model.*")):
        _add(archive, f"analysis/{script.name}", script.read_bytes())
    _add(archive, "CHANGES", history(evidence))
    if study.licence:
        _add(archive, "LICENSE", f"{study.licence}\n")
    for table in [*tables(findings), people_table(evidence)]:
        _add(archive, f"results/{table.name}.csv", table.csv())


def history(evidence: Evidence) -> str:
    """What was decided outside the frozen design, in the manner of BIDS: the latest first."""
    lines = [f"{evidence.study.version} {evidence.study.title}"]
    for made in reversed(changes(evidence.db)):
        day = f"{datetime.fromtimestamp(made.changed_at, UTC):%Y-%m-%d}"
        lines.append(f"  - {day}: {made.setting} was changed to {made.value}")
    return "\n".join([*lines, f"  - The design was frozen: {evidence.study.sha256}", ""])


def _held(evidence: Evidence) -> list[str]:
    """The tables; a database that no app has opened since there are some lacks these."""
    return [table for table in TABLES if evidence.db[table].exists()]


def _columns(evidence: Evidence, table: str) -> list[str]:
    shown = evidence.study.question_type.words.columns if table == "votes" else ()
    return [*exported_columns(evidence.db, table).values(), *shown]


def _rows(evidence: Evidence, table: str) -> Iterator[tuple[Cell, ...]]:
    """All rows of a table; of a vote also the versions that were shown, where they have columns."""
    study, names = evidence.study, list(exported_columns(evidence.db, table))
    rows = evidence.db.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2")
    if table != "votes" or not study.question_type.words.columns:
        yield from rows
        return
    kind, slot = names.index("kind"), names.index("slot")
    for row in rows:
        yield (*row, *study.presentation(row[kind], row[slot]).versions)


def describe(evidence: Evidence) -> dict[str, Any]:
    """dataset_description.json: JSON-LD in the words of schema.org."""
    columns = [name for table in _held(evidence) for name in _columns(evidence, table)]
    variables = []
    for name in dict.fromkeys(columns):  # each once, in order
        description, unit = meaning(evidence.study, name)
        variable = {"@type": "PropertyValue", "name": name, "description": description}
        variables.append(variable | ({"unitText": unit} if unit else {}))
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": evidence.study.title,
        "description": f'Answers to "{evidence.study.question}": one row a vote, with what was '
        "shown, for how long, and who answered. study.json holds the whole design.",
        "version": str(evidence.study.version),
        "identifier": evidence.study.sha256,
        "variableMeasured": variables,
    } | _terms(evidence.study)


def _terms(study: Study) -> dict[str, Any]:
    """Who made it, and what one may do with it, as far as the study says so."""
    people = [{"@type": "Person", "name": name} for name in study.authors]
    said = {"author": people, "license": study.licence}
    return {name: value for name, value in said.items() if value}


def _add(archive: ZipFile, name: str, content: str | bytes) -> None:
    archive.writestr(_entry(name), content)


def _add_sheet(
    archive: ZipFile, name: str, columns: Iterable[str], rows: Iterable[Iterable[Cell]]
) -> None:
    with (
        archive.open(_entry(name), "w", force_zip64=True) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        write_sheet(text, columns, rows)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, EPOCH)
    entry.compress_type = ZIP_DEFLATED
    return entry
