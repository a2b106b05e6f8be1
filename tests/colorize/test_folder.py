import os
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorize.folder import colorize_all, plan
from colorize.settings import Settings
from tests.helpers.photos import pixels_of, speckled


@pytest.fixture
def photos(tmp_path):
    """photos("a.jpg", "sub/b.tif"): a folder with these photos in it."""

    def make(*names: str) -> Path:
        folder = tmp_path / "photos"
        for seed, name in enumerate(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(speckled(20, 24, seed)).save(path)
        return folder

    return make


def results(inputs: list[Path], output: Path) -> dict[str, str]:
    """Name of each photo -> place of its result under the output folder."""
    return {
        job.input.name: job.output.relative_to(output).as_posix() for job in plan(inputs, output)
    }


class TestPlan:
    def test_subfolders_are_kept(self, photos, tmp_path):
        folder = photos("a.jpg", "1950/b.png", "1950/summer/c.jpeg")
        expected = {"a.jpg": "a.jpg", "b.png": "1950/b.png", "c.jpeg": "1950/summer/c.jpeg"}
        assert results([folder], tmp_path / "out") == expected
        assert [job.input.name for job in plan([folder], tmp_path)] == list(expected)

    def test_jpeg_stays_jpeg_and_all_else_becomes_png(self, photos, tmp_path):
        folder = photos("a.JPG", "b.tiff", "c.webp", "d.bmp", "e.png", "f.gif", "g.jfif")
        assert set(results([folder], tmp_path / "out").values()) == {
            "a.JPG", "b.png", "c.png", "d.png", "e.png", "f.png", "g.jpg",
        }  # fmt: skip

    def test_other_files_and_hidden_ones_are_left_out(self, photos, tmp_path):
        folder = photos("a.png", ".hidden.png", ".cache/b.png")
        (folder / "notes.txt").write_text("Lisbon")
        assert results([folder], tmp_path / "out") == {"a.png": "a.png"}

    def test_a_named_file_is_tried_whatever_its_name(self, tmp_path):
        assert results([tmp_path / "scan"], tmp_path / "out") == {"scan": "scan.png"}

    def test_beside_the_photo_the_result_is_marked(self, photos):
        folder = photos("a.jpg", "sub/b.tif")
        expected = {"a.jpg": "a-colorized.jpg", "b.tif": "sub/b-colorized.png"}
        assert results([folder], folder) == expected

    def test_nor_over_another_photo(self, photos):
        folder = photos("x/a.png", "y/a.png")
        jobs = plan([folder / "x" / "a.png", folder / "y"], folder / "y")
        assert [job.output.name for job in jobs] == ["a-colorized.png", "a-colorized-2.png"]

    def test_results_of_an_earlier_run_are_no_photos(self, photos):
        folder = photos("a.jpg", "b.tif", "b.bmp")
        first = plan([folder], folder)
        for job in first:
            Image.fromarray(speckled(8, 8)).save(job.output)
        assert plan([folder], folder) == first

    def test_same_names_are_numbered(self, photos, tmp_path):
        folder = photos("one/a.png", "two/a.png", "two/a.bmp")
        named = [folder / "one" / "a.png", folder / "two" / "a.png", folder / "two" / "a.bmp"]
        found = [job.output.name for job in plan(named, tmp_path / "out")]
        assert found == ["a.png", "a-2.png", "a-3.png"]

    def test_each_photo_once(self, photos, tmp_path):
        folder = photos("a.png", "b.png")
        assert len(plan([folder, folder / "a.png", folder], tmp_path / "out")) == 2

    def test_an_output_inside_the_folder_is_not_entered(self, photos):
        folder = photos("a.png", "colored/a.png", "colored/old.png")
        assert results([folder], folder / "colored") == {"a.png": "a.png"}

    def test_links_in_a_folder_are_not_followed(self, photos, tmp_path):
        folder, elsewhere = photos("a.png"), tmp_path / "elsewhere"
        elsewhere.mkdir()
        Image.fromarray(speckled(8, 8)).save(elsewhere / "secret.png")
        (folder / "loop").symlink_to(folder)
        (folder / "out").symlink_to(elsewhere)
        (folder / "link.png").symlink_to(elsewhere / "secret.png")
        (folder / "nowhere.png").symlink_to(folder / "gone.png")
        assert results([folder], tmp_path / "results") == {"a.png": "a.png"}

    def test_a_link_that_is_named_is_followed(self, photos, tmp_path):
        folder = photos("a.png")
        (tmp_path / "album").symlink_to(folder)
        assert results([tmp_path / "album"], tmp_path / "out") == {"a.png": "a.png"}

    def test_a_result_that_is_a_link_to_a_photo_is_not_written(self, photos, tmp_path):
        folder, out = photos("a.png", "b.png"), tmp_path / "out"
        out.mkdir()
        (out / "a.png").symlink_to(folder / "b.png")
        assert results([folder], out) == {"a.png": "a-colorized.png", "b.png": "b.png"}

    @pytest.mark.skipif(os.name != "posix", reason="names that only POSIX allows")
    def test_odd_names(self, photos, tmp_path):
        names = [
            "new\nline.png",
            "\u202egpj.png",
            "Ünï.png",
            "a" * 240 + ".png",
            "q?.png",
            "-x.png",
        ]
        found = results([photos(*names)], tmp_path / "out")
        assert found == {name: name for name in names}


class TestColorizeAll:
    def test_every_photo_is_written(self, photos, colorizer, tmp_path):
        jobs = plan([photos("a.jpg", "sub/b.tif", "c.png")], tmp_path / "out")
        done = list(colorize_all(jobs, colorizer))
        assert [job.input for job in done] == [job.input for job in jobs]
        for job in done:
            assert job.error is None
            assert set(job.seconds) == {"read", "network", "colour", "write"}
            assert pixels_of(job.output).shape == (20, 24, 3)

    def test_results_are_those_of_one_photo_alone(self, photos, colorizer, tmp_path):
        folder = photos("a.png", "b.png")
        settings = Settings(temperature=0.1, saturation=2.0)
        list(colorize_all(plan([folder], tmp_path), colorizer, settings))
        for name in ("a.png", "b.png"):
            alone = colorizer(folder / name, settings).pixels
            assert np.array_equal(pixels_of(tmp_path / name), alone)

    def test_what_breaks_does_not_stop_the_rest(self, photos, colorizer, tmp_path, monkeypatch):
        folder = photos("a.png", "b.png", "c.png", "d.png", "e.png")
        (folder / "b.png").write_bytes(b"\x89PNG broken")
        (tmp_path / "out" / "d.png").mkdir(parents=True)  # where its result should go
        look = colorizer.look

        def moody(photo):
            if photo.name == "c.png":
                raise RuntimeError("the network tripped")
            return look(photo)

        monkeypatch.setattr(colorizer, "look", moody)
        done = list(colorize_all(plan([folder], tmp_path / "out"), colorizer))
        assert [bool(job.error) for job in done] == [False, True, True, True, False]
        assert '"b.png"' in done[1].error and "the network tripped" in done[2].error
        assert "folder" in done[3].error
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "d.png", "e.png"]

    def test_nothing_half_written_stays(self, photos, colorizer, tmp_path, monkeypatch):
        def full_disk(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full_disk)
        done = list(colorize_all(plan([photos("a.png")], tmp_path / "out"), colorizer))
        assert "No space left" in done[0].error
        assert list((tmp_path / "out").iterdir()) == []

    def test_photos_do_not_pile_up(self, photos, colorizer, tmp_path):
        folder = photos(*(f"{n:02}.png" for n in range(12)))
        started = []

        def jobs():
            for job in plan([folder], tmp_path / "out"):
                started.append(job)
                yield job

        for number, _ in enumerate(colorize_all(jobs(), colorizer), start=1):
            assert len(started) <= number + 6

    def test_a_full_disk_is_told_and_the_rest_is_done_when_there_is_room(
        self, photos, colorizer, small_disk
    ):
        folder, out = photos(*(f"{n}.png" for n in range(8))), small_disk.path / "out"
        small_disk.fill(leave=4)  # pages: two results
        done = list(colorize_all(plan([folder], out), colorizer))
        failed = [job for job in done if job.error]
        assert 0 < len(failed) < 8
        assert all("cannot be written: No space left on device." in job.error for job in failed)
        left = {path.name for path in out.iterdir()}
        assert left == {job.output.name for job in done if not job.error}  # and nothing half
        small_disk.free()
        again = plan([job.input for job in failed], out)
        assert not any(job.error for job in colorize_all(again, colorizer))
        assert len(list(out.iterdir())) == 8


@pytest.mark.skipif(os.name != "posix", reason="files that only POSIX has")
class TestStrangeFiles:
    def test_pipes_and_devices_keep_nobody_waiting(self, photos, tmp_path, colorizer):
        folder = photos("a.png")
        os.mkfifo(folder / "pipe.png")
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(folder / "s.png"))
            (folder / "zero.png").symlink_to("/dev/zero")
            jobs = list(colorize_all(plan([folder], tmp_path / "out"), colorizer))
            assert {job.input.name for job in jobs if not job.error} == {"a.png"}
            assert all("is not there" in job.error for job in jobs if job.error)
            named = [folder / "pipe.png", folder / "zero.png", Path("/dev/zero"), Path("/dev/null")]
            jobs = list(colorize_all(plan(named, tmp_path / "out"), colorizer))
            assert len(jobs) == 3 and all(job.error for job in jobs)

    def test_an_output_that_leads_into_the_input_overwrites_nothing(
        self, photos, tmp_path, colorizer
    ):
        folder = photos("a.png", "sub/b.png")
        before = {path: path.read_bytes() for path in folder.rglob("*.png")}
        (tmp_path / "out").symlink_to(folder)
        (folder / "cycle").symlink_to(folder)
        for output in (tmp_path / "out", folder / "cycle", folder / "sub"):
            for job in colorize_all(plan([folder], output), colorizer):
                assert not job.error
        assert {path: path.read_bytes() for path in before} == before

    def test_a_result_that_is_a_link_elsewhere_is_replaced_not_followed(
        self, photos, tmp_path, colorizer
    ):
        folder, precious = photos("a.png"), tmp_path / "precious.txt"
        precious.write_text("keep")
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a.png").symlink_to(precious)
        (job,) = colorize_all(plan([folder], tmp_path / "out"), colorizer)
        assert not job.error and precious.read_text() == "keep"
