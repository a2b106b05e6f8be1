from dataclasses import replace
from pathlib import Path

import pytest
import torch

from colorize.config import ModelError, changed
from colorize.model import Model
from train.catalogue import find_recipe
from train.objective import untrained_model
from train.warmstart import adjust_head, origin, solve_head, take_trunk, translate_head

TINY = {"network": "unet", "network_options": {"widths": (16, 32), "depths": (1, 1)}}


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A classification model, as a run leaves it."""
    torch.manual_seed(0)
    return untrained_model(find_recipe("classification", **TINY)).save(tmp_path / "best")


def test_regression_takes_all_of_a_classification_but_the_head(trained):
    torch.manual_seed(1)
    model = untrained_model(find_recipe("regression", **TINY))
    head = model.network.head.weight.clone()
    left = take_trunk(model, trained)
    torch.manual_seed(0)
    theirs = untrained_model(find_recipe("classification", **TINY)).network.state_dict()
    assert left == ["head.bias", "head.weight"]
    assert torch.equal(model.network.head.weight, head)
    for name, value in model.network.state_dict().items():
        if not name.startswith("head"):
            assert torch.equal(value, theirs[name].half().float())


def test_rebalanced_takes_everything(trained):
    model = untrained_model(find_recipe("rebalanced", **TINY))
    assert take_trunk(model, trained) == []


def test_a_plain_classification_leans_to_what_the_weighed_loss_wants(tmp_path):
    torch.manual_seed(0)
    plain = untrained_model(find_recipe("classification", **TINY))
    plain.config.about["recipe"] = {"rebalance": False}
    path = plain.save(tmp_path / "best")
    model = untrained_model(find_recipe("rebalanced", **TINY))
    take_trunk(model, path)
    weights, lightness = torch.rand(313) + 0.1, torch.rand(1, 1, 32, 32) * 100
    before = torch.softmax(model(lightness), 1)
    assert adjust_head(model, path, weights)
    wanted = before * weights[:, None, None]
    after = torch.softmax(model(lightness), 1)
    torch.testing.assert_close(after, wanted / wanted.sum(1, keepdim=True))


def test_a_rebalanced_one_and_one_of_other_bins_do_not_lean(tmp_path):
    model = untrained_model(find_recipe("rebalanced", **TINY))
    for name in ("rebalanced", "regression"):
        other = untrained_model(find_recipe(name, **TINY))
        other.config.about["recipe"] = {"rebalance": name == "rebalanced"}
        path = other.save(tmp_path / name)
        bias = model.network.head.bias.clone()
        assert not adjust_head(model, path, torch.rand(313))
        assert torch.equal(model.network.head.bias, bias)


def test_another_network_is_refused_and_left_as_it_was(trained):
    recipe = find_recipe("regression", **TINY)
    other = untrained_model(changed(recipe, network_options={"widths": (48, 64), "depths": (1, 1)}))
    before = {k: v.clone() for k, v in other.network.state_dict().items()}
    with pytest.raises(ModelError, match="too little fits .* same network"):
        take_trunk(other, trained)
    for name, value in other.network.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_file_that_is_no_model_is_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        take_trunk(
            untrained_model(find_recipe("regression", **TINY)), tmp_path / "none.safetensors"
        )


def test_where_the_first_weights_came_from_is_told_on(tmp_path):
    model = untrained_model(find_recipe("classification", **TINY))
    assert origin(model.save(tmp_path / "ours")) is None
    model.config = replace(model.config, about={"origin": "an encoder of others, and its licence"})
    assert origin(model.save(tmp_path / "grown")) == "an encoder of others, and its licence"


def test_a_new_last_layer_is_the_best_that_the_layers_before_allow():
    """Lessons that such a layer gave are learned to the last digit."""
    torch.manual_seed(0)
    model = untrained_model(find_recipe("regression", **TINY))
    head = model.network.get_submodule("head")
    torch.nn.init.normal_(head.weight)
    lessons = []
    for _ in range(4):
        lightness = torch.rand(2, 1, 64, 64) * 100
        lessons.append((lightness, model(lightness).detach()))
    wanted = head.weight.clone()
    torch.nn.init.normal_(head.weight)
    solve_head(model, lessons)
    torch.testing.assert_close(head.weight, wanted, atol=0.02, rtol=0.02)
    torch.testing.assert_close(model(lessons[0][0]), lessons[0][1], atol=0.01, rtol=0.01)


def test_a_model_of_other_colours_begins_with_the_beliefs_about_them(trained):
    """Three colours that the other one holds possible, and how likely it holds their like."""
    colors = {"colors": [[0.0, 0.0], [60.0, 40.0], [-40.0, 40.0]]}
    model = untrained_model(find_recipe("palette", **TINY, bins_options=colors))
    take_trunk(model, trained)
    assert translate_head(model, trained)
    other, lightness = Model.load(trained), torch.rand(1, 1, 64, 64) * 100
    near = torch.cdist(model.bins.centres, other.bins.centres).argmin(1)
    ours, theirs = model(lightness).flatten(2)[0], other(lightness).flatten(2)[0, near]
    for mine, nearest in zip(ours, theirs, strict=True):
        assert torch.corrcoef(torch.stack((mine, nearest)))[0, 1] > 0.5


def test_no_beliefs_are_carried_to_a_model_without_any(trained):
    assert not translate_head(untrained_model(find_recipe("regression", **TINY)), trained)
