"""Agreement: who listens to whom, against attention written out in full."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from colorize import agreement
from colorize.agreement import agree
from colorize.colorizer import Colorizer
from colorize.config import ModelConfig
from colorize.photo import Photo
from tests.helpers.photos import speckled


def made_up(height: int = 12, width: int = 15, bins: int = 20) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    ab = 20 * torch.randn(1, 2, height, width, generator=random)
    lightness = 100 * torch.rand(1, 1, 4 * height, 4 * width, generator=random)
    logits = 3 * torch.randn(1, bins, height, width, generator=random)
    return ab, lightness, logits.softmax(1)


def in_full(ab: Tensor, lightness: Tensor, beliefs: Tensor) -> Tensor:
    """The definition, place by place, without a sketch of the beliefs."""
    height, width = ab.shape[2:]
    small = lightness[0, 0].view(height, 4, width, 4).mean((1, 3))
    heard = torch.empty_like(ab)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    for y in range(height):
        for x in range(width):
            far = ((rows - y) ** 2 + (columns - x) ** 2) / (
                agreement.NEAR * min(height, width)
            ) ** 2
            light = ((small - small[y, x]) / agreement.LIGHTNESS) ** 2
            roots = beliefs[0].sqrt()
            mind = (roots - roots[:, y, x, None, None]).square().sum(0) / agreement.BELIEF**2
            weights = torch.exp(-(far + light + mind) / 2)
            mean = (ab[0] * weights).sum((1, 2)) / weights.sum()
            chroma = (ab[0].norm(dim=0) * weights).sum() / weights.sum()
            heard[0, :, y, x] = mean * min(chroma / mean.norm(), agreement.VIVID)
    return heard


def test_at_strength_0_nothing_changes_at_all():
    ab, lightness, beliefs = made_up()
    assert agree(ab, lightness, beliefs, 0.0) is ab


def test_it_is_the_definition(monkeypatch):
    monkeypatch.setattr(agreement, "SKETCH", 40_000)  # so many that no distance is off
    ab, lightness, beliefs = made_up()
    torch.testing.assert_close(
        agree(ab, lightness, beliefs, 1.0), in_full(ab, lightness, beliefs), atol=0.6, rtol=0.02
    )


def test_strength_is_the_share_of_the_way():
    ab, lightness, beliefs = made_up()
    all_the_way, third = (agree(ab, lightness, beliefs, s) for s in (1.0, 1 / 3))
    torch.testing.assert_close(third, ab + (all_the_way - ab) / 3)


def test_a_mean_of_hues_is_given_their_chroma_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(agreement, "NEAR", 1e6)  # all are asked alike
    ab, lightness, beliefs = (torch.zeros_like(x) for x in made_up(2, 2))
    ab[0, :, 0] = torch.tensor([[30.0, 0.0], [0.0, 30.0]])  # red and yellow, chroma 30
    ab[0, :, 1] = ab[0, :, 0].flip(0)
    beliefs[:, 0] = 1
    found = agree(ab, lightness, beliefs, 1.0)
    assert agreement.VIVID < 2**0.5  # by which their mean is greyer
    torch.testing.assert_close(found, torch.full_like(ab, 15 * agreement.VIVID))
    similar = ab.clone()
    similar[0, :, :, 1] = torch.tensor([[24.0], [18.0]])  # orange, of chroma 30
    similar[0, :, :, 0] = torch.tensor([[30.0], [0.0]])
    found = agree(similar, lightness, beliefs, 1.0)
    torch.testing.assert_close(found.norm(dim=1), torch.full((1, 2, 2), 30.0))


def test_rows_asked_in_turns_are_asked_alike(monkeypatch):
    found = agree(*made_up(), 1.0)
    monkeypatch.setattr(agreement, "ROWS", 7)
    torch.testing.assert_close(agree(*made_up(), 1.0), found)


def test_speckles_vanish_within_a_thing_and_the_things_stay_apart():
    """Two halves that differ in lightness and in belief; each of one colour and noise."""
    random = torch.Generator().manual_seed(1)
    left = torch.arange(30) < 15
    colour = torch.where(left, 30.0, -30.0).expand(1, 2, 20, 30)
    noise = 8 * torch.randn(1, 2, 20, 30, generator=random)
    lightness = torch.where(left, 70.0, 30.0).repeat_interleave(4).expand(1, 1, 80, 120)
    beliefs = torch.stack((left, ~left)).float()[None, :, None].expand(1, 2, 20, 30)
    found = agree(colour + noise, lightness, beliefs, 1.0)
    assert (found - colour).square().mean() < noise.square().mean() / 10


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (64, 96)])
def test_any_size_and_constant_colours_stay(size):
    ab, lightness, beliefs = made_up(*size, bins=3)
    constant = torch.full_like(ab, 12.5)
    torch.testing.assert_close(agree(constant, lightness, beliefs, 1.0), constant)


def test_photos_do_not_hear_one_another():
    ab, lightness, beliefs = made_up()
    other = [x.flip(3) for x in (ab, lightness, beliefs)]
    together = agree(
        *(torch.cat(pair) for pair in zip((ab, lightness, beliefs), other, strict=True)), 1.0
    )
    torch.testing.assert_close(together[:1], agree(ab, lightness, beliefs, 1.0))
    torch.testing.assert_close(together[1:], agree(*other, 1.0))


class TestLooks:
    @pytest.mark.parametrize("kind", ["hull", "regression", "grid", "palette", "channels"])
    def test_every_model_can_agree_with_itself(self, make_model, kind):
        photo = Photo(speckled(40, 60))
        plain = Colorizer(make_model(kind), "cpu").look(photo)
        model = make_model(kind)
        model.config = replace(model.config, agreement=1.0)
        agreed = Colorizer(model, "cpu").look(photo)
        assert torch.equal(agreed.output, plain.output)
        assert agreed.ab().shape == plain.ab().shape
        assert agreed.ab().std() < plain.ab().std()

    def test_unless_asked_it_does_not(self):
        assert ModelConfig("mine").agreement == 0
