import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize import Colorizer
from colorize.photo import Photo
from train.__main__ import main
from train.evaluation import evaluate
from train.evaluation.baselines import LightnessTable, gray, original
from train.evaluation.bootstrap import MetricParts
from train.evaluation.guesses import EvaluationPhotos, Guessers, old_print
from train.evaluation.metrics import METRICS, Guess, Truth
from train.objective import untrained_model

SCARCE = {"bin_accuracy_balanced", "auc_balanced"}  # may find no bin of 1,000 pixels here


@pytest.fixture
def model(tiny, tmp_path: Path) -> Path:
    """An untrained model with bins: wrong, but a model."""
    torch.manual_seed(0)
    return untrained_model(tiny("classification", short_side=32)).save(tmp_path / "models/odd")


def report(tmp_path: Path, *words: str | Path) -> dict:
    path = tmp_path / "report.json"
    assert main(["evaluate", *map(str, words), "--json", str(path)]) == 0
    return json.loads(path.read_text())


def by_name(found: dict) -> dict[str, dict]:
    return {row["model"]: row for row in found["rows"]}


def test_the_report_has_every_number_of_every_row(lessons, model, tmp_path, capsys):
    found = report(tmp_path, model, "--data", lessons.folder, "--split", "val")
    rows = by_name(found)
    assert list(rows) == ["gray", "mean-by-lightness", "original", "models/odd"]
    assert found["n"] == 20
    for row in rows.values():
        assert row["n"] == 20
        assert METRICS.keys() == row["intervals"].keys()
        for name in METRICS.keys() - SCARCE:
            low, high = row["intervals"][name]
            assert low <= row[name] <= high
    printed = capsys.readouterr().out
    assert "20 photos" in printed
    assert "models/odd - gray" in printed


def test_baselines_are_what_they_are_called(lessons, tmp_path):
    rows = by_name(report(tmp_path, "--data", lessons.folder))
    gray, mean, original = (rows[n] for n in ("gray", "mean-by-lightness", "original"))
    assert (original["auc_raw"], original["delta_e"], original["chroma_ratio"]) == (100, 0, 1)
    assert gray["colorfulness"] == 0
    assert gray["chroma_ratio"] == pytest.approx(0, abs=1e-3)
    assert gray["auc_raw"] < 100
    assert mean["auc_balanced"] > gray["auc_balanced"]


def test_differences_are_paired(lessons, model, tmp_path):
    twice = report(
        tmp_path, model, "--data", lessons.folder, "--limit", "12", "--temperature", "0,1"
    )
    rows = by_name(twice)
    differences = {(d["model"], d["minus"]): d for d in twice["differences"]}
    one, other = "models/odd T=0", "models/odd T=1"
    assert differences.keys() == {(one, "gray"), (other, "gray"), (one, other)}
    for name in METRICS.keys() - SCARCE:
        assert differences[one, other][name] == pytest.approx(
            rows[one][name] - rows[other][name], abs=2e-5
        )
    assert rows[one]["psnr"] != rows[other]["psnr"]


def test_an_aged_row_is_what_age_costs(lessons, model, tmp_path):
    plain = by_name(report(tmp_path, model, "--data", lessons.folder, "--limit", "6"))
    both = report(tmp_path, model, "--data", lessons.folder, "--limit", "6", "--aged")
    rows = by_name(both)
    assert list(rows) == [*plain, "models/odd aged"]
    assert {name: rows[name] for name in plain} == plain  # age changes nothing else
    pair = {(d["model"], d["minus"]): d for d in both["differences"]}[
        "models/odd", "models/odd aged"
    ]
    loss = rows["models/odd"]["ab_rmse"] - rows["models/odd aged"]["ab_rmse"]
    assert loss != 0
    assert pair["ab_rmse"] == pytest.approx(loss, abs=2e-5)


def test_temperatures_have_aged_rows_too(lessons, model, tmp_path):
    words = ["--limit", "2", "--aged", "--temperature", "0,1"]
    rows = by_name(report(tmp_path, model, "--data", lessons.folder, *words))
    names = [f"models/odd{aged} T={t}" for aged in ("", " aged") for t in (0, 1)]
    assert list(rows)[3:] == names


class TestOldPrints:
    def test_a_photo_ages_as_its_name_says_and_keeps_its_lightness_at_heart(self, lessons):
        photo = EvaluationPhotos(lessons, np.arange(1)).photo(0)
        old, again = old_print(photo), old_print(photo)
        assert old.name == photo.name and np.array_equal(old.pixels, again.pixels)
        assert (old.pixels == old.pixels[..., :1]).all()
        assert not np.array_equal(old.pixels, gray(Truth(photo.pixels)).pixels)
        assert not np.array_equal(old.pixels, old_print(replace(photo, name="other.png")).pixels)

    def test_what_is_thought_of_the_print_is_painted_on_the_photo(self, lessons, model):
        colorizer = Colorizer.load(model, device="cpu")
        photos = [EvaluationPhotos(lessons, np.arange(1)).photo(0)]
        guessers = Guessers({"odd": colorizer}, None, LightnessTable.empty(), False, aged=True)
        guess = next(guessers.guesses(photos))["odd aged"]
        thought = colorizer.look(old_print(photos[0]))
        assert torch.equal(guess.answer, thought.ab())
        lightness = guess.lab[0] - guess.truth.lab[0]
        assert lightness.abs().mean() < 0.5  # and not that of the print


def test_a_model_without_bins_has_no_temperatures(lessons, tiny, tmp_path):
    path = untrained_model(tiny("regression")).save(tmp_path / "plain")
    found = report(
        tmp_path, path, "--data", lessons.folder, "--limit", "3", "--temperature", "0.2,0.4"
    )
    assert list(by_name(found))[3:] == [f"{tmp_path.name}/plain"]


class Knowing(Colorizer):
    """A colorizer that colours every photo as it was: what evaluation must find perfect."""

    def __init__(self) -> None:
        pass

    def look_all(self, sources: list[Photo]) -> list["Knowing.Look"]:
        return [Knowing.Look(photo) for photo in sources]

    class Look:
        def __init__(self, photo: Photo) -> None:
            self.photo = photo

        def render(self, temperature: float | None = None) -> Guess:
            truth = Truth(self.photo.pixels)
            guess = Guess(truth, self.photo.pixels, truth.lab[1:])
            object.__setattr__(guess, "ab", guess.answer)
            return guess


def test_a_model_that_knows_the_colours_is_as_good_as_the_original(lessons):
    photos = EvaluationPhotos(lessons, np.arange(10))
    table = evaluate.lightness_table(photos, None)
    guessers = Guessers({"knowing": Knowing()}, None, table, leave_out=True)
    rows = by_name(evaluate.compare(evaluate.sum_metrics(photos, guessers), seed=0))
    assert {**rows["knowing"], "model": "original"} == rows["original"]


def test_each_photo_is_left_out_of_its_own_table(lessons):
    photos = EvaluationPhotos(lessons, np.arange(2))
    guessers = Guessers({}, None, evaluate.lightness_table(photos, None), leave_out=True)
    found = next(guessers.guesses([photos.photo(0)]))["mean-by-lightness"]
    other = LightnessTable.of(Truth(photos.photo(1).pixels).lab)
    level = Truth(photos.photo(0).pixels).lab[0].round().long()
    assert torch.allclose(found.answer, other.ab()[:, level], atol=1e-4)


def test_mean_by_lightness_can_learn_from_training_photos(lessons, tmp_path):
    words = ["--data", lessons.folder, "--split", "val"]
    alone = report(tmp_path, *words)
    taught = report(tmp_path, *words, "--train", lessons.folder)
    assert (alone["mean_by_lightness"], taught["mean_by_lightness"]) == ("leave-one-out", "cache")
    assert by_name(alone)["gray"] == by_name(taught)["gray"]
    assert by_name(alone)["mean-by-lightness"] != by_name(taught)["mean-by-lightness"]


def test_a_folder_of_photos_is_evaluated_at_its_short_side(tmp_path):
    random = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i, size in enumerate([(300, 400), (40, 50), (8, 200)]):
        pixels = random.integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"photos/{i}.png")
    with evaluate.evaluation_photos(tmp_path / "photos") as photos:
        sizes = [(p.height, p.width) for p in map(photos.photo, range(len(photos)))]
    assert sizes == [(256, 341), (40, 50)]  # the last is too small for SSIM


def test_a_limit_takes_photos_from_all_over(lessons):
    with evaluate.evaluation_photos(lessons.folder, limit=3) as photos:
        assert photos.numbers.tolist() == [0, 39, 79]


def test_the_trivial_answers_are_counted():
    """Three quarters of the pixels are of one colour, more yellow than red."""
    pixels = np.full((16, 16, 3), (120, 120, 40), np.uint8)
    pixels[:4] = (200, 30, 90)
    truth = Truth(pixels)
    rows = {"gray": gray(truth), "original": original(truth)}
    parts = {name: MetricParts() for name in rows}
    for name, guess in rows.items():
        parts[name].add(guess)
    found = evaluate.trivial_accuracies({name: part.sums() for name, part in parts.items()})
    assert found == {"bin_accuracy": 75, "keras_accuracy": 75}


def test_a_row_is_recorded_beside_its_model(lessons, model, tmp_path):
    before = json.loads(model.with_suffix(".json").read_text())
    found = report(tmp_path, model, "--data", lessons.folder, "--limit", "4", "--record")
    after = json.loads(model.with_suffix(".json").read_text())
    evaluation = after["about"].pop("evaluation")
    assert after == before
    assert evaluation == {"data": "cache", **by_name(found)["models/odd"]}
    assert Colorizer.load(model, device="cpu").name == "classification"


def test_several_temperatures_cannot_be_recorded(lessons, model, capsys):
    words = ["--data", str(lessons.folder), "--temperature", "0.2,0.4", "--record"]
    assert main(["evaluate", str(model), *words]) == 2
    assert "--record takes one temperature" in capsys.readouterr().err


def test_pages_hold_pictures_of_every_model(lessons, model, tmp_path):
    words = ["--data", lessons.folder, "--limit", "5", "--pages", tmp_path / "pages"]
    report(tmp_path, model, *words)
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {
        "index.html",
        "all-models.jpg",
        "models-odd.jpg",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "no model 'nobody'"),
        (["--split", "holiday"], "no split 'holiday'"),
        (["--data", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_what_cannot_be_evaluated_is_a_sentence(lessons, capsys, words, sentence):
    assert main(["evaluate", "--data", str(lessons.folder), *words]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("text", ["warm", "0.2,", "1.5", "-1"])
def test_a_temperature_out_of_range_is_wrong_usage(text):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "--data", "d", f"--temperature={text}"])
    assert end.value.code == 2


def test_a_number_that_could_not_be_taken_is_a_dash():
    assert evaluate.cell(None, [None, None], 2) == "-"
    assert evaluate.cell(1.234, [1, 2], 1) == "1.2 [1.0, 2.0]"


@pytest.mark.slow  # two processes import torch
def test_processes_find_the_same_numbers_to_the_digit(lessons, model, tmp_path):
    words = (model, "--data", lessons.folder, "--temperature", "0.2,0.7")
    assert report(tmp_path, *words, "--workers", "2") == report(tmp_path, *words)
