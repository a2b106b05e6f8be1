from dataclasses import replace
from pathlib import Path

import pytest
import torch

from colorize.model import ModelError
from train.catalogue import find
from train.objective import build
from train.warmstart import lean, take_trunk

TINY = {"widths": (16, 32), "depths": (1, 1)}


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A classification model, as a run leaves it."""
    torch.manual_seed(0)
    return build(find("classification", network_options=TINY)).save(tmp_path / "best")


def test_regression_takes_all_of_a_classification_but_the_head(trained):
    torch.manual_seed(1)
    model = build(find("regression", network_options=TINY))
    head = model.network.head.weight.clone()
    left = take_trunk(model, trained)
    torch.manual_seed(0)
    theirs = build(find("classification", network_options=TINY)).network.state_dict()
    assert left == ["head.bias", "head.weight"]
    assert torch.equal(model.network.head.weight, head)
    for name, value in model.network.state_dict().items():
        if not name.startswith("head"):
            assert torch.equal(value, theirs[name].half().float())


def test_rebalanced_takes_everything(trained):
    model = build(find("rebalanced", network_options=TINY))
    assert take_trunk(model, trained) == []


def test_a_plain_classification_leans_to_what_the_weighed_loss_wants(tmp_path):
    torch.manual_seed(0)
    plain = build(find("classification", network_options=TINY))
    plain.config.about["recipe"] = {"rebalance": False}
    path = plain.save(tmp_path / "best")
    model = build(find("rebalanced", network_options=TINY))
    take_trunk(model, path)
    weights, lightness = torch.rand(313) + 0.1, torch.rand(1, 1, 32, 32) * 100
    before = torch.softmax(model(lightness), 1)
    assert lean(model, path, weights)
    wanted = before * weights[:, None, None]
    after = torch.softmax(model(lightness), 1)
    torch.testing.assert_close(after, wanted / wanted.sum(1, keepdim=True))


def test_a_rebalanced_one_and_one_of_other_bins_do_not_lean(tmp_path):
    model = build(find("rebalanced", network_options=TINY))
    for name in ("rebalanced", "regression"):
        other = build(find(name, network_options=TINY))
        other.config.about["recipe"] = {"rebalance": name == "rebalanced"}
        path = other.save(tmp_path / name)
        bias = model.network.head.bias.clone()
        assert not lean(model, path, torch.rand(313))
        assert torch.equal(model.network.head.bias, bias)


def test_another_network_is_refused_and_left_as_it_was(trained):
    recipe = find("regression", network_options=TINY)
    other = build(replace(recipe, network_options={"widths": (48, 64), "depths": (1, 1)}))
    before = {k: v.clone() for k, v in other.network.state_dict().items()}
    with pytest.raises(ModelError, match="too little fits .* same network"):
        take_trunk(other, trained)
    for name, value in other.network.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_file_that_is_no_model_is_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        take_trunk(build(find("regression", network_options=TINY)), tmp_path / "none.safetensors")
