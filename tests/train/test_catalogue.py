import pytest
import torch

from train.catalogue import RECIPES, as_text, find_recipe
from train.objective import untrained_model
from train.recipe import RecipeError, flat_recipe

SYSTEMS = {
    "channels", "regression", "classification", "rebalanced", "palette", "cartoon", "autoencoder",
    "zhang", "zhang-l2", "focal", "focal-exact", "block",
    "cifar-regression", "cifar-classification", "cifar-rebalanced",
}  # fmt: skip


def test_every_system_has_its_recipe_and_a_line_in_the_table():
    assert RECIPES.keys() >= SYSTEMS
    lines = as_text().splitlines()
    assert len(lines) == len(RECIPES) + 1
    for name in RECIPES:
        assert any(line.split()[0] == name for line in lines[1:])


def test_the_main_three_differ_only_in_their_loss():
    of_loss = {"name", "sentence", "bins", "loss", "rebalance", "mix"}
    of_loss.add("agreement")  # of the bold colours that it makes
    three = [
        flat_recipe(find_recipe(name)) for name in ("regression", "classification", "rebalanced")
    ]
    for other in three[1:]:
        assert {k for k in other if other[k] != three[0][k]} <= of_loss
    of_cifar = [flat_recipe(find_recipe(f"cifar-{r['name']}")) for r in three]
    for other in of_cifar[1:]:
        differences = {k for k in other if other[k] != of_cifar[0][k]}
        assert differences <= of_loss | {"bins_options"}


def test_the_papers_numbers():
    channels, cifar, cartoon = (
        find_recipe("channels"),
        find_recipe("cifar-classification"),
        find_recipe("cartoon"),
    )
    autoencoder, zhang = find_recipe("autoencoder"), find_recipe("zhang")
    assert (channels.model.network.kind, channels.model.bins.options) == ("unet-pair", {"n": 10})
    assert (channels.model.temperature, channels.rebalance) == (0.38, True)
    assert (cifar.model.bins.kind, cifar.model.bins.options, cifar.soft) == (
        "grid",
        {"n": 20},
        True,
    )
    assert (cartoon.optimizer, cartoon.model.input.source, cartoon.pad) == (
        "adadelta",
        "gray",
        True,
    )
    assert cartoon.model.bins.options == {"count": 32, "space": "rgb"}
    assert (cartoon.held, find_recipe("cartoon-distance").loss) == (0.3, "palette-distance")
    assert (autoencoder.optimizer, autoencoder.loss, autoencoder.model.ab_scale) == (
        "adamax",
        "l2",
        128,
    )
    assert (zhang.model.bins.kind, zhang.rebalance, find_recipe("zhang-l2").loss) == (
        "hull",
        True,
        "l2",
    )


@pytest.mark.parametrize(("name", "count"), [("autoencoder", 6_219_410), ("zhang", 32.24e6)])
def test_the_papers_sizes(name, count):
    with torch.device("meta"):
        network = untrained_model(find_recipe(name)).network
    tolerance = 0 if isinstance(count, int) else 0.005e6
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(count, abs=tolerance)


def test_an_unknown_recipe_gives_the_nearest_name():
    with pytest.raises(RecipeError, match=r"no recipe 'rebalenced'; the nearest is 'rebalanced'"):
        find_recipe("rebalenced")


def test_any_field_can_be_changed_and_no_other():
    assert find_recipe("regression", steps=7).steps == 7
    assert RECIPES["regression"].steps != 7
    with pytest.raises(RecipeError, match="no field 'step'"):
        find_recipe("regression", step=7)
