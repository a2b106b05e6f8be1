"""The export: a Psych-DS data set that holds all a report needs, and no secrets."""

import csv
import io
import json
import re
from zipfile import ZipFile

import pytest

from survey.recruitment import change
from survey.report.data_dictionary import MEANING
from survey.report.evidence import open_evidence
from survey.report.export import export
from survey.report.findings import find
from survey.report.html import report
from survey.store import Store
from survey.study import DesignError
from tests.helpers.made_up_votes import poll
from tests.helpers.study import make_study

RATES = {"real": 0.75, "plain": 0.25, "=cmd()": 0.5}
DATA_FILE = re.compile(r"data/([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")


@pytest.fixture(scope="module", params=["single", "pair"])
def study(request, tmp_path_factory):
    """A folder with votes, among them a model whose name is a formula."""
    folder = tmp_path_factory.mktemp("study")
    title = "Real? Études, no. 2"
    make_study(folder, photos=24, design=request.param, models=("plain", "=cmd()"), title=title)
    poll(folder, RATES, 12, catch={4}, unfinished={5})
    return folder


@pytest.fixture(scope="module")
def archive(study):
    return export(study, study / "out.zip")


def test_the_export_alone_makes_the_same_report(study, archive):
    assert report(archive) == report(study)
    with open_evidence(archive) as copy, open_evidence(study) as source:
        assert find(copy.db, copy.study) == find(source.db, source.study)
        assert copy.study.sha256 == source.study.sha256


def test_an_export_of_the_export_is_the_export(archive):
    again = export(archive, archive.with_name("again.zip"))
    assert again.read_bytes() == archive.read_bytes()


def test_it_is_psych_ds(archive):
    with ZipFile(archive) as files:
        description = json.loads(files.read("dataset_description.json"))
        sheets = [name for name in files.namelist() if name.startswith("data/")]
        headers = {
            h for name in sheets for h in files.read(name).decode().splitlines()[0].split(",")
        }
    assert description["@type"] == "Dataset"
    assert description["@context"] == "https://schema.org/"
    assert description["name"]
    assert description["description"]
    assert all(DATA_FILE.fullmatch(name) for name in sheets)
    assert "data/study-RealEtudesNo2_description-votes_data.csv" in sheets
    variables = [variable["name"] for variable in description["variableMeasured"]]
    assert set(variables) == headers == set(MEANING)
    assert len(variables) == len(headers)


def test_it_tells_no_secrets(study, archive):
    with ZipFile(archive) as files:
        everything = b"".join(files.read(name) for name in files.namelist())
    with open_evidence(study) as evidence:
        tokens = [row["token"] for row in evidence.db["participants"].rows]
    assert tokens
    assert not any(token.encode() in everything for token in tokens)
    assert b"panel_id" not in everything


def test_no_cell_is_a_formula(archive):
    with ZipFile(archive) as files:
        for name in files.namelist():
            if name.endswith(".csv"):
                cells = [
                    c for row in csv.reader(io.StringIO(files.read(name).decode())) for c in row
                ]
                texts = [cell for cell in cells if not re.fullmatch(r"-?[\d.e+-]+", cell)]
                assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@"))]
                assert "'=cmd()" in cells or "condition" not in cells


def test_its_people_are_told_with_the_rules_that_they_broke(study, archive):
    with ZipFile(archive) as files:
        people = list(csv.DictReader(files.read("results/people.csv").decode().splitlines()))
        rates = list(csv.DictReader(files.read("results/rates.csv").decode().splitlines()))
    assert [row["participant"] for row in people] == [str(n) for n in range(1, 13)]
    broke = {(row["participant"], rule) for row in people for rule in row if row[rule] == "1"}
    said = {(person, rule) for person, rule in broke if rule.startswith("broke_")}
    assert said == {("4", "broke_catch"), ("5", "broke_unfinished")}
    assert {row["participant"] for row in people if row["excluded"] == "1"} == {"4", "5"}
    assert {row["finished"] for row in people} == {"0", "1"}
    assert {row["scored_votes"] for row in people} == {"24"}
    models = [row for row in rates if row["condition"] != "real"]
    assert all(
        float(r["d_prime_low"]) < float(r["d_prime"]) < float(r["d_prime_high"]) for r in models
    )


def test_it_holds_the_votes_as_they_are(study, archive):
    with open_evidence(study) as source, open_evidence(archive) as copy:
        for table in ("votes", "photos", "stimuli"):
            rows = [
                list(db.query(f"SELECT * FROM {table} ORDER BY 1, 2"))
                for db in (copy.db, source.db)
            ]
            assert rows[0] == rows[1]


def test_what_was_there_stays_if_the_export_fails(study, archive, tmp_path):
    old = tmp_path / "old.zip"
    old.write_bytes(b"old")
    with pytest.raises(FileNotFoundError):
        export(study, old, data=tmp_path / "nowhere")
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.zip"]


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("study.json", '"seed": 0', '"seed": 1', "edited after it was frozen"),
        ("votes", ",trial,", ",trail,", "was changed"),
        ("votes", "\n1,1,", "\n1,99,", "was changed"),  # a vote by nobody
        ("votes", "\n2,", "\n1,", "was changed"),  # two votes with one number
        ("photos", "photo_name", "name", "was changed"),
    ],
)
def test_a_doctored_export_is_refused(archive, tmp_path, file, old, new, sentence):
    doctored = tmp_path / "doctored.zip"
    with ZipFile(archive) as source, ZipFile(doctored, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if file in name and not name.startswith("results"):
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode(), 1)
            copy.writestr(name, content)
    with pytest.raises(DesignError, match=sentence):
        report(doctored)


def test_it_says_whose_it_is_and_what_was_changed(tmp_path):
    terms = {"authors": ("Ada L.", "B. Babbage"), "licence": "CC-BY-4.0"}
    study = make_study(tmp_path, photos=12, target=5, **terms)
    poll(tmp_path, {"real": 0.7, "plain": 0.3, "vivid": 0.4}, 3)
    store = Store(tmp_path, durable=False)
    for number, value in enumerate(("9", "12")):
        store.transact(lambda ledger, n=number, v=value: change(ledger, "target", v, 86_400.0 * n))
    store.close()
    with ZipFile(export(tmp_path, tmp_path / "a.zip")) as files:
        about = json.loads(files.read("dataset_description.json"))
        assert files.read("LICENSE") == b"CC-BY-4.0\n"
        said = files.read("CHANGES").decode().splitlines()
    assert [person["name"] for person in about["author"]] == list(terms["authors"])
    assert about["license"] == "CC-BY-4.0"
    assert said[1:3] == [
        "  - 1970-01-02: target was changed to 12",
        "  - 1970-01-01: target was changed to 9",
    ]
    assert study.sha256 in said[3]
    with open_evidence(tmp_path / "a.zip") as copy:
        assert copy.study == study


def test_all_stimuli_may_be_in_it(study, archive, tmp_path):
    everything = export(study, tmp_path / "all.zip", stimuli=True)
    with open_evidence(study) as evidence, ZipFile(everything) as files:
        shown = {f"materials/{row['file']}" for row in evidence.db["stimuli"].rows}
        assert shown <= set(files.namelist())
        assert not shown <= set(ZipFile(archive).namelist())
    assert report(everything) == report(study)


def test_an_export_from_before_question_pages_and_what_was_seen_opens(archive, tmp_path):
    older = tmp_path / "older.zip"
    new = ("window_width", "window_height", "shown_width", "modality", "browser", "gamut")
    with ZipFile(archive) as source, ZipFile(older, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if "description-responses" in name:
                continue
            if "description-votes" in name:
                rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
                kept = [column for column in rows[0] if column not in {*new, "cover_ms"}]
                text = io.StringIO(newline="")
                writer = csv.DictWriter(text, kept, extrasaction="ignore")
                writer.writeheader()
                writer.writerows(rows)
                content = text.getvalue().encode()
            copy.writestr(name, content)
    assert report(older) == report(archive)
