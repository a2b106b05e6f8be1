import pytest
import torch

from train.catalogue import RECIPES, find, table
from train.objective import build
from train.recipe import RecipeError

SYSTEMS = {
    "channels", "regression", "classification", "rebalanced", "palette", "cartoon", "autoencoder",
    "zhang", "zhang-l2", "focal", "focal-exact", "block",
    "cifar-regression", "cifar-classification", "cifar-rebalanced",
}  # fmt: skip


def test_every_system_has_its_recipe_and_a_line_in_the_table():
    assert RECIPES.keys() >= SYSTEMS
    lines = table().splitlines()
    assert len(lines) == len(RECIPES) + 1
    for name in RECIPES:
        assert any(line.split()[0] == name for line in lines[1:])


def test_the_main_three_differ_only_in_their_loss():
    of_loss = {"name", "sentence", "bins", "loss", "rebalance", "mix"}
    three = [vars(find(name)) for name in ("regression", "classification", "rebalanced")]
    for other in three[1:]:
        assert {k for k in other if other[k] != three[0][k]} <= of_loss
    of_cifar = [vars(find(f"cifar-{r['name']}")) for r in three]
    for other in of_cifar[1:]:
        differences = {k for k in other if other[k] != of_cifar[0][k]}
        assert differences <= of_loss | {"bins_options"}


def test_the_papers_numbers():
    channels, cifar, cartoon = find("channels"), find("cifar-classification"), find("cartoon")
    autoencoder, zhang = find("autoencoder"), find("zhang")
    assert (channels.network, channels.bins_options) == ("unet-pair", {"n": 10})
    assert (channels.temperature, channels.rebalance) == (0.38, True)
    assert (cifar.bins, cifar.bins_options, cifar.soft) == ("grid", {"n": 20}, True)
    assert (cartoon.optimizer, cartoon.source, cartoon.pad) == ("adadelta", "gray", True)
    assert cartoon.bins_options == {"count": 32, "space": "rgb"}
    assert (cartoon.held, find("cartoon-distance").loss) == (0.3, "palette-distance")
    assert (autoencoder.optimizer, autoencoder.loss, autoencoder.ab_scale) == ("adamax", "l2", 128)
    assert (zhang.bins, zhang.rebalance, find("zhang-l2").loss) == ("hull", True, "l2")


@pytest.mark.parametrize(("name", "count"), [("autoencoder", 6_219_410), ("zhang", 32.24e6)])
def test_the_papers_sizes(name, count):
    with torch.device("meta"):
        network = build(find(name)).network
    tolerance = 0 if isinstance(count, int) else 0.005e6
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(count, abs=tolerance)


def test_an_unknown_recipe_gives_the_nearest_name():
    with pytest.raises(RecipeError, match=r"no recipe 'rebalenced'; the nearest is 'rebalanced'"):
        find("rebalenced")


def test_any_field_can_be_changed_and_no_other():
    assert find("regression", steps=7).steps == 7
    assert RECIPES["regression"].steps != 7
    with pytest.raises(RecipeError, match="no field 'step'"):
        find("regression", step=7)
