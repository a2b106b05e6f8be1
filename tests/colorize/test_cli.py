"""The command line: `python -m colorize`, mostly in this process, for speed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import color

from colorize import Colorizer, zoo
from colorize.__main__ import DEFAULT_MODEL, main
from colorize.hints import Hint, save_hints
from colorize.model import Model
from colorize.photo import encode_photo
from tests.helpers.photos import pixels_of, speckled


@pytest.fixture
def model(make_model, tmp_path) -> str:
    return str(make_model(name="mine").save(tmp_path / "models" / "mine"))


@pytest.fixture
def album(tmp_path) -> Path:
    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    Image.fromarray(speckled(40, 50, 0)).save(folder / "a.jpg")
    Image.fromarray(speckled(30, 20, 1)).convert("L").save(folder / "sub" / "b.tif")
    return folder


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_help_needs_no_torch():
    code = (
        "import sys; sys.argv = ['colorize', '--help']\n"
        "try:\n    import runpy; runpy.run_module('colorize', run_name='__main__')\n"
        "except SystemExit as done:\n    assert done.code == 0\n"
        "loaded = {'torch', 'numpy', 'PIL', 'gradio', 'skimage'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("INPUT", "--output", "Exit codes"))


def test_the_package_needs_no_torch_and_the_colorizer_no_gradio():
    code = (
        "import sys, colorize; assert 'torch' not in sys.modules\n"
        "colorize.Colorizer, __import__('colorize.bench.speed')\n"
        "assert 'gradio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_folder_as_a_person_would(album, model, tmp_path):
    out = tmp_path / "out"
    words = [sys.executable, "-m", "colorize", album, "--output", out, "--model", model]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 colorized, 0 done before, 0 failed.\n"
    for name, original in (("a.jpg", album / "a.jpg"), ("sub/b.png", album / "sub" / "b.tif")):
        before = color.rgb2lab(pixels_of(original))
        after = color.rgb2lab(pixels_of(out / name))
        assert np.hypot(*after[..., 1:].transpose(2, 0, 1)).mean() > 2
        assert np.abs(after[..., 0] - before[..., 0]).mean() < 1.5  # JPEG's own error included


def test_json_a_line(album, model, tmp_path, capsys):
    assert run(album, "--output", tmp_path / "out", "--model", model, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["input"] for line in lines] == [str(album / "a.jpg"), str(album / "sub/b.tif")]
    first = lines[0]
    assert set(first) == {"input", "output", "width", "height", "model", "seconds"}
    assert (first["width"], first["height"], first["model"]) == (50, 40, "mine")
    assert Path(first["output"]) == tmp_path / "out" / "a.jpg"
    seconds = first["seconds"]
    assert set(seconds) == {"read", "network", "colour", "write", "total"}
    total = seconds.pop("total")
    assert total == pytest.approx(sum(seconds.values()), abs=1e-3)


def test_what_is_done_is_skipped_unless_told(album, model, tmp_path, capsys):
    words = (album, "--output", tmp_path / "out", "--model", model)
    assert run(*words) == 0
    (tmp_path / "out" / "a.jpg").write_bytes(b"mine now")
    assert run(*words) == 0
    assert "0 colorized, 2 done before" in capsys.readouterr().out
    assert (tmp_path / "out" / "a.jpg").read_bytes() == b"mine now"
    assert run(*words, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["skipped"] for line in lines] == [True, True]
    assert run(*words, "--overwrite") == 0
    assert "2 colorized, 0 done before" in capsys.readouterr().out
    assert pixels_of(tmp_path / "out" / "a.jpg").shape == (40, 50, 3)


def test_broken_photos_are_told_and_the_rest_is_done(album, model, tmp_path, capsys):
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    code = run(
        album, tmp_path / "gone.png", "--output", tmp_path / "out", "--model", model, "--json"
    )
    out, err = capsys.readouterr()
    lines = {Path(line["input"]).name: line for line in map(json.loads, out.splitlines())}
    assert code == 1 and len(lines) == 4
    assert set(lines["broken.jpg"]) == set(lines["gone.png"]) == {"input", "error"}
    assert "output" in lines["a.jpg"] and "output" in lines["b.tif"]
    assert err.count("colorize: ") == 2 and "Traceback" not in err


def test_a_model_that_fails_in_the_middle_leaves_the_others_done(
    album, model, tmp_path, capsys, monkeypatch
):
    forward, passes = Model.forward, []

    def moody(self, x):
        passes.append(x)
        if len(passes) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, x)

    monkeypatch.setattr(Model, "forward", moody)
    assert run(album, "--output", tmp_path / "out", "--model", model) == 1
    out, err = capsys.readouterr()
    assert "1 colorized, 0 done before, 1 failed." in out
    assert '"a.jpg" failed: The memory of ' in err and "another device" in err
    assert run(album, "--output", tmp_path / "out", "--model", model) == 0  # again: the rest


def test_a_damaged_model_is_told_and_another_works(album, model, make_model, tmp_path, capsys):
    other = make_model(name="other").save(tmp_path / "models" / "other")
    Path(model).write_bytes(Path(model).read_bytes()[:3000])
    assert run(album, "--output", tmp_path / "out", "--model", model) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(album, "--output", tmp_path / "out", "--model", other) == 0


def test_into_its_own_folder_twice(album, model, capsys):
    before = (album / "a.jpg").read_bytes()
    for expected in ("2 colorized, 0 done before", "0 colorized, 2 done before"):
        assert run(album, "--output", album, "--model", model) == 0
        assert expected in capsys.readouterr().out
    assert (album / "a.jpg").read_bytes() == before
    assert sorted(p.name for p in album.rglob("*-colorized*")) == [
        "a-colorized.jpg",
        "b-colorized.png",
    ]


def test_settings_reach_the_pixels(album, model, tmp_path):
    run(album / "a.jpg", "--output", tmp_path, "--model", model, "--saturation", 0)
    gray = color.rgb2lab(pixels_of(tmp_path / "a.jpg"))
    assert np.abs(gray[..., 1:]).max() < 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--temperature", "1.2"], "'1.2' is no number from 0 to 1"),
        (["--temperature", "nan"], "'nan' is no number"),
        (["--saturation", "red"], "'red' is no number from 0 to 4"),
        (["--colour"], "unrecognized arguments"),
    ],
)
def test_wrong_words_are_wrong_usage(album, tmp_path, capsys, words, sentence):
    with pytest.raises(SystemExit) as stopped:
        run(album, "--output", tmp_path, *words)
    assert stopped.value.code == 2 and sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model", "nonesuch"], "There is no model 'nonesuch'"),
        (["--device", "abacus"], "The device 'abacus' is not there"),
    ],
)
def test_what_is_not_there_is_wrong_usage(album, model, tmp_path, capsys, words, sentence):
    assert run(album, "--output", tmp_path / "out", "--model", model, *words) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"colorize: {sentence}") and err.count("\n") == 1 and out == ""
    assert not (tmp_path / "out").exists()


def test_no_photos_at_all(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", "--output", tmp_path / "out") == 2
    assert "There are no photos in" in capsys.readouterr().err


def test_output_must_be_a_folder(album, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(album, "--output", tmp_path / "file") == 2
    assert "is a file; give the name of a folder" in capsys.readouterr().err


def test_a_progress_bar_on_a_terminal_only(album, model, tmp_path, capsys, monkeypatch):
    words = (album, "--output", tmp_path / "out", "--model", model, "--overwrite")
    assert run(*words) == 0 and capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("colorize.__main__.PATIENCE", 0)
    assert run(*words) == 0 and "2/2" in capsys.readouterr().err
    assert run(*words, "--json") == 0 and capsys.readouterr().err == ""


def test_stopping_keeps_what_is_done(album, model, tmp_path, capsys, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("colorize.folder.colorize_all", pressed)
    assert run(album, "--output", tmp_path / "out", "--model", model) == 1
    assert "stopped; what is done is kept" in capsys.readouterr().err


class TestModels:
    @pytest.fixture
    def shelf(self, tmp_path, monkeypatch, make_model) -> Path:
        monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "weights")
        make_model(name="alpha").save(tmp_path / "weights" / "alpha")
        return tmp_path / "weights"

    def test_as_json(self, shelf, capsys):
        assert main(["models", "--json"]) == 0
        entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
        assert list(entries) == ["alpha", "eccv16", "siggraph17"]
        assert entries["alpha"]["source"] == "shipped" and entries["alpha"]["megabytes"] > 0
        assert entries["eccv16"]["parameters"] == 32_235_385
        assert entries["eccv16"]["gflop"] == pytest.approx(83.5, abs=0.1)

    def test_of_files_of_ones_own(self, shelf, model, capsys):
        assert main(["models", model, "--json"]) == 0
        entry = json.loads(capsys.readouterr().out)[-1]
        assert (entry["name"], entry["source"]) == (model, "file")

    def test_as_a_table_even_with_a_damaged_one(self, shelf, capsys):
        (shelf / "beta.safetensors").write_bytes(b"")
        assert main(["models"]) == 1
        out, err = capsys.readouterr()
        assert [line.split()[0] for line in out.splitlines()] == [
            "name", "alpha", "eccv16", "siggraph17",
        ]  # fmt: skip
        assert "beta.json cannot be read" in err

    @pytest.mark.parametrize("damage", ["cut", "another's"])
    def test_those_with_damaged_weights_are_told(self, shelf, make_model, capsys, damage):
        make_model(name="beta").save(shelf / "beta")
        weights, description = shelf / "beta.safetensors", shelf / "beta.json"
        if damage == "cut":
            weights.write_bytes(weights.read_bytes()[:-1])
        else:
            description.write_bytes((shelf / "alpha.json").read_bytes())
        assert main(["models"]) == 1
        out, err = capsys.readouterr()
        assert "alpha" in out and "beta" not in out
        assert "beta" in err and "Copy" in err


class TestHints:
    RED = Hint(0.5, 0.5, "#b03020")

    @pytest.fixture
    def uncle(self, tmp_path) -> Path:
        Image.fromarray(speckled(40, 50, 0)).save(tmp_path / "uncle.png")  # as a.jpg
        return tmp_path / "uncle.png"

    def test_and_a_reference_reach_the_pixels(self, album, model, tmp_path, uncle):
        hints = save_hints([self.RED], tmp_path / "any name.json")
        words = [album / "a.jpg", "--output", tmp_path / "out", "--model", model]
        wishes = {
            (): {},
            ("--hints", hints): {"hints": [self.RED]},
            ("--reference", uncle, "--strength", 0.7): {"reference": str(uncle), "strength": 0.7},
            ("--hints", hints, "--reference", uncle): {
                "hints": [self.RED],
                "reference": str(uncle),
            },
        }
        colorizer, seen = Colorizer.load(model), []
        for options, wish in wishes.items():
            assert run(*words, "--overwrite", *options) == 0
            seen.append((tmp_path / "out" / "a.jpg").read_bytes())
            assert seen[-1] == encode_photo(colorizer(album / "a.jpg", **wish).photo)
        assert len(set(seen)) == len(wishes)

    def test_go_by_name_in_a_folder(self, album, model, tmp_path, capsys):
        save_hints([self.RED], tmp_path / "hints" / "sub" / "b.json")
        save_hints([self.RED], tmp_path / "hints" / "other.json")
        words = [album, "--output", tmp_path / "out", "--model", model]
        assert run(*words, "--hints", tmp_path / "hints") == 0
        assert "No photo here takes the hints" in capsys.readouterr().err
        colorizer = Colorizer.load(model)
        for photo, result, wish in (("a.jpg", "a.jpg", []), ("sub/b.tif", "sub/b.png", [self.RED])):
            made = (tmp_path / "out" / result).read_bytes()
            assert made == encode_photo(colorizer(album / photo, hints=wish).photo)

    def test_that_are_wrong_are_one_photos_error(self, album, model, tmp_path, capsys):
        save_hints([self.RED], tmp_path / "hints" / "a.json")
        (tmp_path / "hints" / "sub").mkdir()
        (tmp_path / "hints" / "sub" / "b.json").write_text('[{"x": 2, "y": 0, "color": null}]')
        words = [album, "--output", tmp_path / "out", "--model", model]
        assert run(*words, "--hints", tmp_path / "hints") == 1
        said = capsys.readouterr()
        assert "Hint 1 of 1: A hint's x is 2; it must be a number from 0 to 1" in said.err
        assert said.out == "1 colorized, 0 done before, 1 failed.\n"
        assert (tmp_path / "out" / "a.jpg").exists()

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[", "are no JSON"),
            ('{"version": 2, "hints": []}', "of version 2; this program reads"),
            ('[{"x": 1.5, "y": 0, "color": null}]', "x is 1.5; it must be a number from 0 to 1"),
            ('[{"x": NaN, "y": 0, "color": null}]', "x is nan"),
            ('[{"x": 0, "y": 0, "color": "red"}]', "color is 'red'; it must be"),
            (json.dumps([{}] * 10_000), "10,000 hints were given; at most 500"),
        ],
        ids=["half", "version", "outside", "nan", "colour", "many"],
    )
    def test_that_are_none_are_wrong_usage(self, album, model, tmp_path, capsys, text, sentence):
        (tmp_path / "h.json").write_text(text)
        words = [album / "a.jpg", "--output", tmp_path / "out", "--model", model]
        assert run(*words, "--hints", tmp_path / "h.json") == 2
        assert sentence in capsys.readouterr().err and not (tmp_path / "out").exists()

    def test_in_one_file_for_many_photos_are_wrong_usage(self, album, model, tmp_path, capsys):
        hints = save_hints([self.RED], tmp_path / "h.json")
        assert run(album, "--output", tmp_path / "out", "--model", model, "--hints", hints) == 2
        assert "is one file, and these are 2 photos" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (lambda p: Image.fromarray(speckled(20, 20, gray=True)).save(p), "is grey or of one"),
            (lambda p: p.write_bytes(b"GIF89a"), '"uncle.png"'),
            (lambda p: Image.new("1", (7100, 7100)).save(p), "at most 50 megapixels"),
            (lambda p: None, "No such file"),
        ],
        ids=["grey", "broken", "huge", "gone"],
    )
    def test_references_that_are_none(self, album, model, tmp_path, capsys, make, sentence):
        make(tmp_path / "uncle.png")
        words = [album, "--output", tmp_path / "out", "--model", model]
        assert run(*words, "--reference", tmp_path / "uncle.png") == 2
        said = capsys.readouterr().err
        assert sentence in said and "uncle.png" in said and not list(tmp_path.glob("out/*"))

    def test_travel_to_other_processes(self, album, model, tmp_path, uncle):
        save_hints([self.RED], tmp_path / "hints" / "a.json")
        words = [album, "--model", model, "--hints", tmp_path / "hints", "--reference", uncle]
        assert run(*words, "--output", tmp_path / "here") == 0
        assert run(*words, "--output", tmp_path / "there", "--workers", 2) == 0
        for name in ("a.jpg", "sub/b.png"):
            assert np.array_equal(
                pixels_of(tmp_path / "here" / name), pixels_of(tmp_path / "there" / name)
            )


def test_the_default_is_the_zoos():
    assert DEFAULT_MODEL == zoo.DEFAULT
