"""The command line: what it prints, and how it says what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorize.config import Options
from train.__main__ import main, parser
from train.catalogue import RECIPES
from train.recipe import FIELDS

ROOT = Path(__file__).parents[2]


def refusal(capsys: pytest.CaptureFixture, *words: str | Path) -> str:
    """What a command that cannot be done says on stderr; it must end with 2 and no traceback."""
    assert main([str(word) for word in words]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("words", [[], ["prepare"], ["fit"], ["evaluate"], ["bench"]])
def test_help_needs_no_torch(words):
    code = (
        "import sys; sys.argv = ['train', *sys.argv[1:]]\n"
        "from train.__main__ import main\n"
        "try:\n    main([*sys.argv[1:], '--help'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "assert 'torch' not in sys.modules and 'gradio' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_recipes_are_printed(capsys):
    assert main(["recipes"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in RECIPES)


def test_every_field_of_a_recipe_can_be_given():
    words = ["fit", "x", "--data", "d", "--output", "o"]
    values = {int: "3", float: "0.5", str: "l2", bool: "yes", Options: '{"n": 3}'}
    for name, kind in FIELDS.items():
        if name not in ("name", "sentence"):
            options = parser().parse_args(
                [*words, f"--{name.replace('_', '-')}", values.get(kind, "none")]
            )
            expected = json.loads(values[kind]) if kind in (int, float, Options) else None
            found = getattr(options, f"recipe_{name}")
            assert found == {str: "l2", bool: True}.get(kind, expected)


@pytest.mark.parametrize(
    "words",
    [
        ["--rebalance", "maybe"],
        ["--network-options", "widths"],
        ["--network-options", "[3]"],
        ["--steps", "many"],
    ],
)
def test_a_value_of_the_wrong_kind_is_wrong_usage(capsys, words):
    with pytest.raises(SystemExit) as end:
        main(["fit", "regression", "--data", "d", "--output", "o", *words])
    assert end.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_an_unknown_recipe_gives_the_nearest_name(capsys, tmp_path):
    said = refusal(capsys, "fit", "regresion", "--data", tmp_path, "--output", tmp_path / "run")
    assert "no recipe 'regresion'; the nearest is 'regression'" in said
    assert not (tmp_path / "run").exists()


def test_an_empty_folder_is_a_sentence(capsys, tmp_path):
    (tmp_path / "photos").mkdir()
    said = refusal(
        capsys, "fit", "regression", "--data", tmp_path / "photos", "--output", tmp_path / "run"
    )
    assert "photos holds no images" in said


def test_a_missing_folder_is_a_sentence(capsys, tmp_path):
    said = refusal(
        capsys, "fit", "regression", "--data", tmp_path / "nowhere", "--output", tmp_path / "run"
    )
    assert "nowhere is not a folder" in said


def test_all_grey_photos_are_a_sentence(capsys, tmp_path):
    for shade in (20, 120, 220):
        grey = np.full((16, 16, 3), shade, np.uint8)
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(grey).save(tmp_path / f"photos/{shade}.png")
    said = refusal(
        capsys, "fit", "regression", "--data", tmp_path / "photos", "--output", tmp_path / "run"
    )
    assert "None of the 3 images" in said
    assert "nearly grey" in said


def test_a_cache_of_another_version_is_a_sentence(capsys, tmp_path):
    (tmp_path / "meta.json").write_text('{"version": 99}')
    said = refusal(capsys, "fit", "regression", "--data", tmp_path, "--output", tmp_path / "run")
    assert "has format version 99; this program reads 1" in said


def test_a_device_that_is_not_there_is_a_sentence(capsys, lessons, tmp_path):
    said = refusal(
        capsys,
        "fit",
        "regression",
        "--data",
        lessons.folder,
        "--output",
        tmp_path,
        "--device",
        "tpu",
    )
    assert "'tpu' is not there" in said


def test_a_start_from_another_network_is_a_sentence(capsys, lessons, tmp_path):
    narrow, wide = (json.dumps({"widths": [w, 32], "depths": [1, 1]}) for w in (16, 48))
    words = ["--data", str(lessons.folder), "--steps", "1", "--crop", "16", "--batch", "2"]
    words += ["--network", "unet"]
    first = ["fit", "regression", *words, "--output", str(tmp_path / "a")]
    assert main([*first, "--network-options", narrow]) == 0
    start = tmp_path / "a/best.safetensors"
    again = ["fit", "block", *words, "--output", tmp_path / "b", "--init", start]
    assert "too little fits" in refusal(capsys, *again, "--network-options", wide)
    assert "no checkpoint" in refusal(capsys, *again[:-2], "--resume")


def test_several_processes_need_a_cache(capsys, album, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    said = refusal(capsys, "fit", "regression", "--data", album(3), "--output", tmp_path / "run")
    assert "several processes cannot prepare it together" in said


def test_a_folder_of_photos_is_prepared_as_the_recipe_wants(album, tmp_path):
    """Cartoons: squares with white borders, three in ten held back."""
    run = tmp_path / "run"
    words = ["--data", str(album(40)), "--output", str(run), "--steps", "2", "--crop", "8"]
    options = ["--network-options", '{"side": 8}', "--square", "8", "--batch", "4"]
    assert main(["fit", "cartoon", *words, *options]) == 0
    settings = json.loads((run / "cache/meta.json").read_text())["settings"]
    assert (settings["square"], settings["splits"]) == (True, {"val": 0.3})
    assert (run / "best.safetensors").exists()
