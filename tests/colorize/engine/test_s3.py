"""A real S3 server on this machine: listed, coloured by two processes, and gone on with."""

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from colorize.__main__ import main
from colorize.engine.address import Remote, listed, read_bytes, write_bytes
from tests.helpers.archive import Command, album, results

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bucket() -> Iterator[Remote]:
    """An empty bucket; every process that is started now finds the server."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        store = fsspec.filesystem("s3", skip_instance_cache=True)
        type(store).clear_instance_cache()
        store.mkdir("archive")
        yield Remote("s3://archive")
    type(store).clear_instance_cache()
    server.stop()


def test_an_archive_in_a_bucket(bucket, make_model, tmp_path, capsys):
    model = make_model(name="mine").save(tmp_path / "models" / "mine")
    photos = album(tmp_path / "scans", count=24, broken=2)
    for path in photos.iterdir():
        write_bytes(bucket / "scans" / "1950" / path.name, path.read_bytes())
    words = [bucket / "scans", "--output", bucket / "colour", "--model", model]
    with Command(*words, "--workers", 2) as run:
        code, rows, err = run.finish()
    assert code == 1 and len(rows) == 24 and sum("error" in row for row in rows) == 2, err

    assert main([str(photos), "--output", str(tmp_path / "out"), "--model", str(model)]) == 1
    found = [x for x in listed(bucket / "colour") if x.suffix == ".png"]
    for address in found:
        place = tmp_path / "copy" / address.relative_to(bucket / "colour" / "1950")
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(read_bytes(address))
    assert results(tmp_path / "copy") == results(tmp_path / "out") and len(found) == 22

    fsspec.filesystem("s3").rm_file("archive/colour/1950/00000.png")
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    done = {Path(row["output"]).name for row in rows if "seconds" in row}
    assert done == {"00000.png"} and sum(row.get("skipped", False) for row in rows) == 21


def test_a_bucket_that_is_not_there(bucket, tmp_path, capsys):
    assert main(["s3://nowhere/scans", "--output", str(tmp_path / "out")]) == 1
    assert "s3://nowhere/scans is not there." in capsys.readouterr().err
