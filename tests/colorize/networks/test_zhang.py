import pytest
import torch

from colorize.networks.zhang import Siggraph17, Zhang
from colorize.zoo import gflop
from tests.helpers.published_models import PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_keys_and_shapes_are_the_published_ones(name):
    network, shapes = PUBLISHED[name]
    with torch.device("meta"):
        ours = {key: tuple(value.shape) for key, value in network().state_dict().items()}
    shapes = {key: shape for key, shape in shapes.items() if key != "model_out.weight"}
    assert ours == shapes


def test_sizes_are_the_published_ones():
    with torch.device("meta"):
        zhang, siggraph = Zhang(), Siggraph17()
    assert sum(p.numel() for p in zhang.parameters()) == 32_235_385
    assert sum(p.numel() for p in siggraph.parameters()) == 34_187_027
    assert gflop(zhang, 256) == pytest.approx(83.5, abs=0.1)


@pytest.mark.parametrize(("height", "width"), [(256, 256), (64, 96), (48, 176)])
def test_shapes_of_the_answers(height, width):
    with torch.device("meta"):
        x = torch.empty(1, 1, height, width)
        assert Zhang()(x).shape == (1, 313, height // 4, width // 4)
        assert Siggraph17()(x).shape == (1, 2, height, width)


def test_blocks_five_and_six_are_dilated():
    with torch.device("meta"):
        network = Zhang()
    dilated = {
        name.split(".")[0]
        for name, module in network.named_modules()
        if getattr(module, "dilation", (1, 1)) == (2, 2)
    }
    assert dilated == {"model5", "model6"}
