from itertools import combinations

import pytest
import torch
from torch import Tensor

from colorize.hints.alternatives import alternatives, modes_of
from colorize.hints.steer import steer
from colorize.lab import rgb_to_ab
from colorize.model import Model

LEFT = ((55.0, 40.0), (-40.0, 40.0), (10.0, -50.0), (0.0, 0.0))
RIGHT = ((20.0, 60.0), (60.0, -20.0), (-30.0, -10.0), (0.0, 0.0))
SHARES = (0.4, 0.25, 0.2, 0.15)


def torn(model: Model) -> Tensor:
    """(1, 313, 16, 24): each half is undecided between four colours."""
    belief = torch.full((1, model.bins.size, 16, 24), 1e-6)
    for columns, colors in ((slice(0, 12), LEFT), (slice(12, 24), RIGHT)):
        for color, share in zip(colors, SHARES, strict=True):
            near = (model.bins.centres - torch.tensor(color)).norm(dim=1)
            spread = torch.softmax(-(near**2) / 50, 0) * share
            belief[:, :, :, columns] += spread[None, :, None, None]
    return belief.log()


@pytest.fixture
def hull(make_model) -> Model:
    return make_model("hull")


LIGHT = torch.full((1, 1, 64, 96), 55.0)


def test_three_versions_that_differ_clearly_from_each_other_and_from_the_first(hull):
    output = torn(hull)
    versions = alternatives(hull, output, LIGHT)
    assert len(versions) == 3
    painted = [hull.decode(output), *(steer(hull, output, LIGHT, [hints]) for hints in versions)]
    for one, other in combinations(painted, 2):
        assert (one - other).norm(dim=1).mean() > 8  # CIE76, for their lightness is one


def test_every_colour_is_one_that_the_model_held_possible(hull):
    output = torn(hull)
    belief = torch.softmax(output, 1)[0]
    for hints in alternatives(hull, output, LIGHT):
        assert any(hint.color for hint in hints) and len(hints) <= 18
        for hint in hints:
            if hint.color:
                ab = rgb_to_ab(torch.tensor([hint.rgb]) / 255)[0]
                near = (hull.bins.centres - ab).norm(dim=1) < 20
                assert belief[near, int(hint.y * 16), int(hint.x * 24)].sum() > 0.1


def test_a_version_is_consistent_within_like_places(hull):
    output = torn(hull)
    for hints in alternatives(hull, output, LIGHT):
        for half in (lambda x: x < 0.5, lambda x: x >= 0.5):
            assert len({hint.color for hint in hints if half(hint.x)}) == 1


def test_the_same_every_time(hull):
    assert alternatives(hull, torn(hull), LIGHT) == alternatives(hull, torn(hull), LIGHT)


def test_a_model_that_is_sure_has_no_others(hull):
    output = torch.zeros(1, 313, 16, 24)
    output[:, 150] = 30.0
    assert alternatives(hull, output, LIGHT) == []


def test_a_model_without_beliefs_has_none(make_model):
    assert alternatives(make_model("regression"), torch.zeros(1, 2, 16, 24), LIGHT) == []


@pytest.mark.parametrize(
    ("kind", "strong"),
    [("channels", (3, 7, 13, 17)), ("palette", (0, 1, 3)), ("grid", (7, 12, 17))],
)
def test_other_bins_have_others_too(make_model, kind, strong):
    model = make_model(kind)
    output = torch.zeros(1, model.bins.size, 16, 24)
    output[:, list(strong)] = 8.0
    versions = alternatives(model, output, LIGHT, count=2)
    assert len(versions) == 2 and versions[0] != versions[1]


def test_modes_are_strong_apart_and_the_likeliest_first(hull):
    belief = torch.softmax(torn(hull), 1)[0, :, 0, 0]
    modes = modes_of(belief, hull.bins.centres, torch.tensor(LEFT[0]))
    found = torch.stack([mode.color for mode in modes])
    assert torch.allclose(found, torch.tensor(LEFT[1:]), atol=3)
    assert [mode.share for mode in modes] == sorted((m.share for m in modes), reverse=True)
