"""Photos of every name that a file system allows, through every door of the project."""

import csv
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorize.__main__ import main as colorize
from survey.__main__ import main as survey
from survey.report.safe_csv import RISKY, read_sheet
from tests.stress.raw_client import RawClient, photo
from train.__main__ import main as train
from train.data.cache import Cache

NAMES = [
    b"new\nline.png",
    b"return\r.png",
    b"tab\t.png",
    b"\x1b[31mred\x07.png",
    b"\x7f.png",
    b"no utf-8 \xff\xfe.png",
    b"\xed\xa0\x80 half a character.png",
    "\u202egpj.png".encode(),
    "\u2028 line.png".encode(),
    "\U0001f600.png".encode(),
    b"CON.png",
    b"nul.png",
    b"-rf.png",
    b"--help.png",
    b"a" * 250 + b".png",
    "ä".encode() * 120 + b".png",
    b'q?*<>|".png',
    b"=HYPERLINK(1).png",
    b"@SUM(1).png",
    b"a\\..\\..\\b.png",
    b"%41%00%2e%2e.png",
    b"$(id);`id`.png",
    b"<img src=x onerror=alert(1)>.png",
    b" .png",
    b"\xffolder/x.png",
    b"=1+1/y.png",
]
SIZE = (96, 80)
pytestmark = pytest.mark.skipif(os.name != "posix", reason="names that only POSIX allows")


@pytest.fixture(scope="module")
def model(tiny_weights) -> str:
    return str(tiny_weights / "regression.safetensors")


@pytest.fixture(scope="module")
def album(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("album")
    for number, name in enumerate(NAMES):
        path = folder / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        cloud = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(cloud).resize(SIZE).save(path)
    return folder


def results(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_command_line_colours_them_all_under_their_names(album, model, tmp_path, capsys):
    words = [str(album), "--output", str(tmp_path / "out"), "--model", model]
    assert colorize([*words, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(NAMES)
    assert {line["input"] for line in lines} == {str(album / name) for name in results(album)}
    assert results(tmp_path / "out") == results(album)
    assert colorize(words) == 0  # as a person, who finds them done
    assert f"{len(NAMES)} done before" in capsys.readouterr().out


def test_refusals_print_nothing_that_a_terminal_obeys(tmp_path, model, capsys):
    for name in NAMES[:-2]:
        (tmp_path / os.fsdecode(name)).write_bytes(b"no photo")
    out = str(tmp_path / "out")
    named = [str(tmp_path / os.fsdecode(name)) for name in NAMES[:-2]]
    assert colorize([*named, "--output", out, "--model", model]) == 1
    said = capsys.readouterr().err
    assert said.count("is not an image") == len(named) == len(said.splitlines())
    assert said.isprintable() or all(line.isprintable() for line in said.split("\n"))
    assert results(tmp_path / "out") == set()


def test_a_training_cache_keeps_them(album, tmp_path, capsys):
    cache = str(tmp_path / "cache")
    assert train(["prepare", str(album), "--output", cache, "--workers", "1"]) == 0
    made = Cache.open(cache)
    assert {made.name(i) for i in range(len(made))} == results(album)
    assert set(made.classes) == {os.fsdecode(b"\xffolder"), "=1+1"}
    pages = tmp_path / "pages"
    assert train(["evaluate", "--data", cache, "--limit", "2", "--pages", str(pages)]) == 0
    assert (pages / "index.html").is_file()


def test_a_study_of_them_can_be_taken_reported_and_exported(album, model, tmp_path, capsys):
    study, votes = str(tmp_path / "study"), str(tmp_path / "votes")
    options = ["--size", "64", "--trials", "4", "--practice", "1", "--catch", "0"]
    assert survey(["build", str(album), "--models", model, "--output", study, *options]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())
    assert survey(["simulate", study, "--participants", "8", "--data", votes]) == 0
    report, again, archive = (str(tmp_path / name) for name in ("r.html", "s.html", "e.zip"))
    assert survey(["report", study, "--data", votes, "--output", report]) == 0
    assert survey(["export", study, "--data", votes, "--output", archive]) == 0
    assert survey(["report", archive, "--output", again]) == 0
    assert Path(report).read_bytes() == Path(again).read_bytes()
    assert "<img src=x" not in Path(report).read_text(encoding="utf-8")
    with zipfile.ZipFile(archive) as files:
        (sheet,) = (name for name in files.namelist() if "-photos_" in name)
        text = files.read(sheet).decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not any(cell.startswith(RISKY[:-1]) for cell in cells)
    told = {row["photo_name"] for row in read_sheet(io.StringIO(text, newline=""))}
    names = {os.fsdecode(name).rpartition("/")[2] for name in NAMES}
    assert told < {name.encode(errors="replace").decode() for name in names}


def test_the_app_gives_them_back_under_harmless_names(fort, album):
    visitor = RawClient(fort.url)
    content = (album / "CON.png").read_bytes()
    more = ["../" * 9 + "etc/x.png", "a\0b.png", "", "x" * 300 + ".png", "/abs.png", "C:\\x.png"]
    for name in [*(os.fsdecode(name) for name in NAMES), *more]:
        upload = visitor.upload(name.encode(errors="replace").decode(), content)
        if upload.status_code != 200:  # without a name it is no file
            assert upload.status_code in (400, 422) and not name
            continue
        (path,) = upload.json()
        assert Path(path).is_relative_to(fort.temporary / "gradio")
        told = visitor.call(photo(path=path), "", 0.4, 1.0, "")
        assert "event: complete" in told, (name, told)
        result = json.loads(told.rpartition("data: ")[2])[0]
        stem = Path(result["path"]).name.removesuffix("-colorized.png")
        assert stem and stem.isprintable() and "/" not in stem
        with Image.open(io.BytesIO(visitor.http.get(result["url"]).content)) as image:
            assert image.size == SIZE
    visitor.close()
    assert "Traceback" not in fort.said()
