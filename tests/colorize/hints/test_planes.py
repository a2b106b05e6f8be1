import torch

from colorize.hints import Hint
from colorize.hints.pins import pins_on
from colorize.hints.planes import ask_again, hint_planes, takes_hints
from colorize.hints.steer import steer


def test_only_the_network_that_was_trained_so_takes_hints(make_model):
    assert takes_hints(make_model("siggraph17"))
    assert not any(takes_hints(make_model(kind)) for kind in ("hull", "zhang", "autoencoder"))


def test_planes_hold_squares_around_the_hints():
    own = torch.zeros(2, 2, 32, 32)
    own[1, 0] = 7.0
    hints = [[Hint(0.5, 0.25, "#c81e28"), Hint(0, 0)], [Hint(1, 1)]]
    planes = hint_planes(pins_on(own, hints), 32, 32)
    assert planes.shape == (2, 3, 32, 32)
    assert planes[0, 2].sum() == 49 + 16 and planes[1, 2].sum() == 16  # corners are cut
    assert (planes[0, 2, 5:12, 13:20] == 1).all() and (planes[0, 0, 5:12, 13:20] > 50).all()
    assert (planes[1, :, 28:, 28:] == torch.tensor([7.0, 0, 1])[:, None, None]).all()
    assert not planes[0, :2, :4, :4].any()  # left as it is: the model's own grey


@torch.no_grad()
def test_without_hints_it_is_the_plain_answer(make_model):
    model, light = make_model("siggraph17"), torch.rand(1, 1, 32, 32) * 100
    pins = pins_on(torch.zeros(1, 2, 32, 32), [[]])
    assert torch.equal(ask_again(model, light, pins), model(light))


@torch.no_grad()
def test_hints_reach_the_network_in_its_units(make_model):
    model, light = make_model("siggraph17"), torch.rand(1, 1, 32, 32) * 100
    seen = []
    model.network.register_forward_pre_hook(lambda _, given: seen.append(given))
    steer(model, model(light), light, [[Hint(0.5, 0.5, "#c81e28")]])
    shown, planes = seen[-1]
    assert torch.equal(shown, model.normalise(light))
    assert 0.4 < planes[0, 0].max() < 0.8 and planes[0, 2].unique().tolist() == [0, 1]
