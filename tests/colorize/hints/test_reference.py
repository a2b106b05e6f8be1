from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize.colorizer import Colorizer
from colorize.hints import HintError
from colorize.hints.reference import Reference, borrow, open_reference, reference_of
from colorize.hints.steer import steer
from colorize.lab import rgb_to_ab
from colorize.model import Model
from colorize.photo import Photo, PhotoError
from tests.helpers.photos import speckled

RED, BLUE = torch.tensor([50.0, 30.0]), torch.tensor([5.0, -45.0])


@pytest.fixture
def hull(make_model) -> Model:
    return make_model("hull")


def halves(left: int, right: int) -> torch.Tensor:
    """(1, 313, 12, 20): sure of one bin on each side."""
    output = torch.zeros(1, 313, 12, 20)
    output[:, left, :, :10] = 12.0
    output[:, right, :, 10:] = 12.0
    return output


def coloured(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    color = torch.empty(1, 2, 12, 20)
    color[0, :, :, :10], color[0, :, :, 10:] = left[:, None, None], right[:, None, None]
    return color


LIGHT = torch.full((1, 1, 48, 80), 50.0)


def test_colours_come_from_where_the_model_believes_the_same(hull):
    """There the two things have changed sides."""
    reference = Reference(halves(200, 100), LIGHT, coloured(BLUE, RED))
    found = borrow(hull, halves(100, 200), LIGHT, reference)
    assert len(found) >= 20
    for one in found:
        left = one.hint.x < 0.5
        assert (one.source[0] >= 0.5) == left and one.likeness > 0.99
        ab = rgb_to_ab(torch.tensor([one.hint.rgb]) / 255)[0]
        assert (ab - (RED if left else BLUE)).norm() < 2
    painted = steer(hull, halves(100, 200), LIGHT, [[one.hint for one in found]])
    assert (painted - coloured(RED, BLUE)).norm(dim=1).mean() < 5


def test_what_is_like_nothing_there_stays_as_it_is(hull):
    reference = Reference(halves(100, 300), LIGHT, coloured(RED, BLUE))
    found = borrow(hull, halves(100, 200), LIGHT, reference)
    for one in found:
        assert (one.source is None) == (one.hint.color is None) == (one.hint.x > 0.5)
    own = hull.decode(halves(100, 200))
    painted = steer(hull, halves(100, 200), LIGHT, [[one.hint for one in found]])
    assert (painted - own)[..., 12:].norm(dim=1).mean() < 2


def test_another_lightness_is_another_thing(hull):
    reference = Reference(halves(100, 200), LIGHT + 40, coloured(RED, BLUE))
    assert all(one.source is None for one in borrow(hull, halves(100, 200), LIGHT, reference))


def test_strength_goes_from_nothing_to_the_reference(hull):
    output, reference = halves(100, 200), Reference(halves(100, 200), LIGHT, coloured(RED, BLUE))
    own = hull.decode(output)[0, :, 0, 0]

    def first(strength: float) -> torch.Tensor:
        hint = borrow(hull, output, LIGHT, reference, strength)[0].hint
        return rgb_to_ab(torch.tensor([hint.rgb]) / 255)[0]

    assert (first(1) - RED).norm() < 1 < (first(0.5) - RED).norm()
    assert ((first(0.5) - first(0)) - (first(1) - first(0)) / 2).norm() < 3
    assert torch.cosine_similarity(first(0), own, dim=0) > 0.99  # as far as it can be shown


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_other_strengths_are_refused(hull, strength):
    reference = Reference(halves(100, 200), LIGHT, coloured(RED, BLUE))
    with pytest.raises(HintError, match="strength of .* between 0"):
        borrow(hull, halves(100, 200), LIGHT, reference, strength)


@pytest.mark.parametrize("kind", ["hull", "regression", "channels", "palette-net", "siggraph17"])
def test_a_photo_lends_its_colours_to_itself(make_model, kind):
    colorizer = Colorizer(make_model(kind), device="cpu")
    look = colorizer.look(Photo(speckled(60, 80)))
    reference = reference_of(look)
    assert reference.color.shape[2:] == look.output.shape[2:]
    found = borrow(look.model, look.output, look.shown.lightness, reference)
    assert all(one.likeness > 0.999 for one in found)
    if kind != "regression":  # whose random answer is the same everywhere
        assert sum(one.source == (one.hint.x, one.hint.y) for one in found) > len(found) / 2


class TestOpenReference:
    def save(self, path: Path, pixels: np.ndarray) -> str:
        Image.fromarray(pixels).save(path)
        return str(path)

    def test_opens_photos_in_colour(self, tmp_path):
        path = self.save(tmp_path / "uncle.png", speckled(40, 50))
        assert open_reference(path).pixels.shape == (40, 50, 3)

    def test_refuses_grey_ones(self, tmp_path):
        path = self.save(tmp_path / "uncle.png", speckled(40, 50, gray=True))
        with pytest.raises(HintError, match='"uncle.png" is grey or of one tint'):
            open_reference(path)
        with pytest.raises(HintError, match="The reference photo is grey"):
            open_reference(Path(path).read_bytes())

    def test_refuses_broken_and_huge_ones(self, tmp_path):
        path = Path(self.save(tmp_path / "uncle.png", speckled(40, 50)))
        with pytest.raises(PhotoError, match="broken"):
            open_reference(path.read_bytes()[:200])
        huge = self.save(tmp_path / "huge.png", np.zeros((7001, 7200, 3), np.uint8))
        with pytest.raises(PhotoError, match="at most 50 megapixels"):
            open_reference(huge)
