import json
from pathlib import Path

import pytest
import torch

from colorize.config import BinsConfig, ModelConfig, ModelError, NetworkConfig
from colorize.model import Model
from train.__main__ import main
from train.calibrate import calibrate, moments, solve_tilt, tilt_logits
from train.catalogue import find_recipe
from train.objective import untrained_model

CENTRES = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0], [-40.0, -40.0], [10.0, 60.0]])
TINY = {"widths": (16, 32), "depths": (1, 1)}


def test_moments_by_hand():
    assert moments(torch.tensor([[3.0, 4.0], [-3.0, 4.0]])).tolist() == [0, 4, 5]


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_tilt_that_was_put_on_is_found_and_taken_off(temperature):
    torch.manual_seed(0)
    true = 2 * torch.randn(400, len(CENTRES))
    ab = torch.softmax(true / temperature, 1) @ CENTRES
    put_on = torch.tensor([1.5, -2.0, 1.0])
    found = solve_tilt(true + tilt_logits(CENTRES, put_on), moments(ab), CENTRES, temperature)
    assert found.tilt == pytest.approx((-put_on).tolist(), abs=0.02)
    assert found.after == pytest.approx(found.wanted, abs=0.01)
    assert max(abs(b - t) for b, t in zip(found.before, found.wanted, strict=True)) > 1


def test_a_calibrated_model_has_the_true_averages(lessons, tmp_path):
    recipe = find_recipe("rebalanced", network="unet", network_options=TINY, temperature=0.7)
    torch.manual_seed(1)
    model = untrained_model(recipe)
    with torch.no_grad():
        model.network.head.weight.mul_(100)  # as sure of itself as a trained one
    source = model.save(tmp_path / "wild")
    calibrate(source, lessons.folder, tmp_path / "tame", device="cpu")
    about = json.loads((tmp_path / "tame.json").read_text())["about"]["calibration"]
    assert about["after"] == pytest.approx(about["wanted"], abs=0.05)
    assert about["before"] != pytest.approx(about["wanted"], abs=1)
    wild, tame = Model.load(source), Model.load(tmp_path / "tame")
    added = tame.network.head.bias - wild.network.head.bias
    wanted = tilt_logits(wild.bins.centres, torch.tensor(about["tilt"]))
    torch.testing.assert_close(added, wanted, atol=2e-2, rtol=1e-2)


def test_a_share_goes_so_far():
    torch.manual_seed(0)
    logits = 2 * torch.randn(400, len(CENTRES))
    truth = torch.tensor([3.0, 5.0, 38.0])
    found = solve_tilt(logits, truth, CENTRES, 0.5, share=0.25)
    quarter = [0.75 * b + 0.25 * t for b, t in zip(found.before, truth.tolist(), strict=True)]
    assert found.after == pytest.approx(quarter, abs=0.02)
    assert solve_tilt(logits, truth, CENTRES, 0.5, share=0).tilt == [0, 0, 0]


def test_averages_out_of_reach_are_a_sentence():
    with pytest.raises(ModelError, match="No tilt gives"):
        solve_tilt(torch.zeros(10, len(CENTRES)), torch.tensor([0.0, 0.0, 90.0]), CENTRES, 0.5)


def test_models_without_one_distribution_are_refused(lessons, tmp_path, capsys):
    flat = ModelConfig("flat", network=NetworkConfig(options=TINY), bins=BinsConfig(None))
    path = Model(flat).save(tmp_path / "flat")
    command = ["calibrate", str(path), "--data", str(lessons.folder), "--output"]
    assert main([*command, str(tmp_path / "out")]) == 2
    assert "has no one distribution over colours" in capsys.readouterr().err
    assert not Path(tmp_path / "out.safetensors").exists()
