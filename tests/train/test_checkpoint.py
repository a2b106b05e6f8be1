import os
from pathlib import Path

import pytest
import torch

from colorize.config import changed
from colorize.device import pick_device
from colorize.model import Model
from train import checkpoint
from train.catalogue import find_recipe
from train.checkpoint import CheckpointError
from train.learner import Learner
from train.objective import untrained_model
from train.recipe import flat_recipe

TINY = find_recipe(
    "rebalanced", network="unet", network_options={"widths": (16, 16), "depths": (1, 1)}
)


def learner() -> Learner:
    torch.manual_seed(0)
    return Learner(TINY, classes=2, compute=pick_device("cpu"))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder that holds the checkpoint of a learner at step 5."""
    made = learner()
    made.rebalance(torch.full((313,), 1 / 313))
    made.clock.set(5, 60)
    checkpoint.write_state(tmp_path, made.state())
    return tmp_path


def test_what_is_written_can_be_restored(run):
    restored = learner()
    with torch.no_grad():
        for p in restored.module.parameters():
            p.zero_()
    restored.restore(checkpoint.read_state(run, flat_recipe(TINY)))
    for name, value in learner().module.state_dict().items():
        assert torch.equal(restored.module.state_dict()[name], value)
    assert (restored.clock.step, restored.best) == (5, float("inf"))
    assert restored.objective.weights.tolist() == pytest.approx([1] * 313)


def test_nothing_else_is_left_beside_it(run):
    assert [path.name for path in run.iterdir()] == ["state.pt"]


def test_a_missing_checkpoint_is_a_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint .* Leave out --resume"):
        checkpoint.read_state(tmp_path, flat_recipe(TINY))


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_is_a_sentence(tmp_path, content):
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.read_state(tmp_path, flat_recipe(TINY))


def test_a_checkpoint_cut_short_is_a_sentence(run):
    os.truncate(run / "state.pt", (run / "state.pt").stat().st_size // 2)
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.read_state(run, flat_recipe(TINY))


def test_another_recipe_is_refused_with_the_difference(run):
    with pytest.raises(CheckpointError, match="trained with network 'unet', not 'zhang'"):
        checkpoint.read_state(run, flat_recipe(changed(TINY, network="zhang", naming=0.0)))
    longer_and_slower = changed(TINY, steps=99_999, rate=1e-5)
    assert checkpoint.read_state(run, flat_recipe(longer_and_slower))["step"] == 5


def test_other_labels_are_refused(run):
    other = Learner(TINY, classes=3, compute=pick_device("cpu"))
    with pytest.raises(CheckpointError, match="photos with other labels"):
        other.restore(checkpoint.read_state(run, flat_recipe(TINY)))


def test_a_new_run_does_not_write_over_another(run, tmp_path):
    with pytest.raises(CheckpointError, match="already holds a run"):
        checkpoint.refuse_existing(run)
    checkpoint.refuse_existing(tmp_path / "elsewhere")


def test_an_export_is_a_model_with_its_origin(tmp_path):
    model = untrained_model(TINY)
    checkpoint.export_model(tmp_path, model, {"steps": 3})
    loaded = Model.load(tmp_path / "best.safetensors")
    assert loaded.config.about == {"steps": 3}
    assert model.config.about == {}
    for name, value in model.network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], value.half().float())


def test_the_code_version_is_a_commit_or_unknown():
    version = checkpoint.code_version()
    assert version == "unknown" or len(version.removesuffix("+")) >= 12


def test_a_full_disk_keeps_the_checkpoint_before(small_disk):
    disk = small_disk.path
    checkpoint.write_state(disk, {"recipe": {}, "step": 1})
    model = untrained_model(changed(TINY, name="regression", bins=None, loss="l2", rebalance=False))
    checkpoint.export_model(disk, model, {})
    before = {path.name: path.read_bytes() for path in disk.iterdir()}
    small_disk.fill(leave=4)
    with pytest.raises(CheckpointError, match="cannot be written.*free some space"):
        checkpoint.write_state(disk, {"recipe": {}, "step": 2, "much": torch.zeros(2**20)})
    with pytest.raises(CheckpointError, match="cannot be written"):
        checkpoint.export_model(disk, model, {"much": "x" * 20_000})
    small_disk.free()
    assert {path.name: path.read_bytes() for path in disk.iterdir()} == before
    assert checkpoint.read_state(disk, {})["step"] == 1


def test_a_failing_disk_is_a_sentence_too(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    checkpoint.write_state(tmp_path, {"recipe": {}, "step": 1})
    monkeypatch.setattr("train.checkpoint.os.fsync", fail)
    with pytest.raises(CheckpointError, match="the disk is full"):
        checkpoint.write_state(tmp_path, {"recipe": {}, "step": 2})
    assert checkpoint.read_state(tmp_path, {})["step"] == 1
