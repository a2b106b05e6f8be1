"""Addresses behave like paths, and stores like disks: whole files, each where it belongs."""

import copy
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image

from colorize.__main__ import main
from colorize.engine.address import (
    AddressError,
    Remote,
    check_writable,
    listed,
    place,
    read_bytes,
    write_bytes,
)
from colorize.folder import plan
from tests.helpers.archive import album, results
from tests.helpers.photos import speckled


class Disklike(MemoryFileSystem):
    """A store that shows a file while it is written, as SFTP does, and can fill up."""

    protocol = "disklike"
    store: dict = {}  # noqa: RUF012
    pseudo_dirs: list = [""]  # noqa: RUF012
    full = False

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options) -> None:
        super().pipe_file(path, value[: len(value) // 2], **options)
        if self.full:
            raise OSError(28, "No space left on device")
        super().pipe_file(path, value, **options)


@pytest.fixture(autouse=True)
def stores() -> Iterator[None]:
    fsspec.register_implementation("disklike", Disklike, clobber=True)
    yield
    for store in (MemoryFileSystem, Disklike):
        store.store.clear()
        store.pseudo_dirs[:] = [""]


@pytest.fixture
def model(make_model, tmp_path) -> str:
    return str(make_model(name="mine").save(tmp_path / "models" / "mine"))


class TestRemote:
    def test_a_path_with_a_scheme(self):
        scan = place("s3://archive/1950/scan.tif")
        assert str(scan) == "s3://archive/1950/scan.tif" and scan.suffix == ".tif"
        assert str(scan.with_suffix(".png")) == "s3://archive/1950/scan.png"
        assert str(scan.with_stem("scan-2")) == "s3://archive/1950/scan-2.tif"
        assert str(scan.parent / "a b.jpg") == "s3://archive/1950/a b.jpg"
        assert str(scan.relative_to(place("s3://archive"))) == "1950/scan.tif"

    def test_it_travels(self):
        scan = Remote("s3://archive/scan.tif")
        for copied in (pickle.loads(pickle.dumps(scan)), copy.deepcopy(scan), place(str(scan))):
            assert (copied, str(copied), hash(copied)) == (scan, str(scan), hash(scan))

    def test_everything_else_is_of_this_machine(self):
        assert place("C:/scans/a.tif") == Path("C:/scans/a.tif")
        assert place("file:///scans/a.tif") == Path("/scans/a.tif")


class TestWholeFiles:
    @pytest.mark.parametrize("scheme", ["memory", "disklike"])
    def test_what_is_written_is_read(self, scheme):
        address = Remote(f"{scheme}://out/sub/a.png")
        for data in (b"first", b"second"):
            write_bytes(address, data)
            assert read_bytes(address) == data
        assert list(listed(Remote(f"{scheme}://out"))) == [address]

    def test_half_a_file_is_never_seen(self, monkeypatch):
        address = Remote("disklike://out/a.png")
        write_bytes(address, b"old!")
        monkeypatch.setattr(Disklike, "full", True)
        with pytest.raises(AddressError, match="a.png cannot be written .*No space left"):
            write_bytes(address, b"newer!")
        assert read_bytes(address) == b"old!" and list(listed(address.parent)) == [address]

    def test_a_place_is_tried_and_left_clean(self, monkeypatch):
        check_writable(Remote("memory://out"))
        assert not list(listed(Remote("memory://out")))
        monkeypatch.setattr(Disklike, "full", True)
        with pytest.raises(AddressError, match="cannot be written"):
            check_writable(Remote("disklike://out"))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nonesuch://a/b", "nonesuch://a/b cannot be reached \\(Protocol not known: nonesuch"),
        ("dropbox://a/b", "needs a driver that is not installed here"),
    ],
)
def test_what_cannot_be_reached_is_a_sentence(address, sentence, capsys):
    assert main([address, "--output", "memory://out"]) == 2
    assert re.search(sentence, capsys.readouterr().err)


def test_a_store_that_does_not_answer_is_a_sentence(monkeypatch, capsys):
    def refused(*_, **__):
        raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr(Disklike, "isdir", refused)
    assert main(["disklike://a/b", "--output", "memory://out"]) == 2
    said = capsys.readouterr().err
    assert "disklike://a/b cannot be reached (Connection refused). Check the address" in said


class TestPlan:
    def fill(self, *names: str) -> None:
        for name in names:
            write_bytes(Remote(f"memory://scans/{name}"), b"")

    def results(self, output: str) -> dict[str, str]:
        jobs = plan([Remote("memory://scans")], place(output))
        return {str(job.input.relative_to("memory://scans")): str(job.output) for job in jobs}

    def test_the_same_places_as_in_a_folder(self):
        self.fill("a.jpg", "1950/b.tif", ".hidden.png", ".cache/c.png", "notes.txt")
        assert self.results("memory://colour") == {
            "1950/b.tif": "memory://colour/1950/b.png",
            "a.jpg": "memory://colour/a.jpg",
        }
        assert self.results("/colour")["a.jpg"] == "/colour/a.jpg"

    def test_an_output_inside_is_not_entered_and_beside_is_marked(self):
        self.fill("a.png", "colour/a.png")
        inside = {"a.png": "memory://scans/colour/a.png"}
        assert self.results("memory://scans/colour") == inside
        assert self.results("memory://scans")["a.png"] == "memory://scans/a-colorized.png"

    def test_names_that_differ_in_case_alone(self):
        self.fill("A.png", "a.PNG", "ä.png", "A\u0308.png")
        results = self.results("memory://colour").values()
        assert len({name.casefold() for name in results}) == 4


def test_from_store_to_store_and_again(model, tmp_path, capsys):
    photos = album(tmp_path / "scans", count=6, broken=1)
    for path in photos.iterdir():
        write_bytes(Remote(f"memory://scans/{path.name}"), path.read_bytes())
    main([str(photos), "--output", str(tmp_path / "out"), "--model", model])
    capsys.readouterr()
    words = ["memory://scans", "--output", "memory://colour", "--model", model, "--json"]
    assert main(words) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["input"] for row in rows] == [f"memory://scans/0000{n}.png" for n in range(6)]
    assert [row["input"] for row in rows if "error" in row] == ["memory://scans/00001.png"]
    for address in listed(Remote("memory://colour")):
        (tmp_path / "copy").mkdir(exist_ok=True)
        (tmp_path / "copy" / address.name).write_bytes(read_bytes(address))
    assert results(tmp_path / "copy") == results(tmp_path / "out")
    assert len(results(tmp_path / "copy")) == 5

    assert main(words) == 1  # the broken one is tried again
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(row.get("skipped", False) for row in rows) == 5


def test_a_photo_by_its_address_and_one_that_is_gone(model, tmp_path, capsys):
    Image.fromarray(speckled(20, 24)).save(tmp_path / "a.png")
    write_bytes(Remote("memory://scans/a.png"), (tmp_path / "a.png").read_bytes())
    words = ["memory://scans/a.png", "memory://scans/gone.png", "--output", str(tmp_path / "out")]
    assert main([*words, "--model", model]) == 1
    assert "memory://scans/gone.png is not there" in capsys.readouterr().err
    assert (tmp_path / "out" / "a.png").is_file()
