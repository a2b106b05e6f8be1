from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from colorize.hints import Hint
from colorize.hints import steer as room
from colorize.hints.kriging import weights
from colorize.hints.likeness import pick
from colorize.hints.pins import Pins, pins_on
from colorize.hints.steer import distances, follow, reach, steer, tilt
from colorize.lab import rgb_to_ab
from colorize.model import Model
from tests.helpers.models import KINDS

FIVE = (
    Hint(0.1, 0.1, "#a04030"),
    Hint(0.9, 0.2, "#3060a0"),
    Hint(0.5, 0.55, "#408040"),
    Hint(0.15, 0.9, "#908060"),
    Hint(0.85, 0.85, "#a03080"),
)


def ab_of(color: str) -> Tensor:
    return rgb_to_ab(torch.tensor([tuple(bytes.fromhex(color[1:]))]) / 255)[0]


def lightness(height: int, width: int, photos: int = 1, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(photos, 1, 5, 5, generator=random) * 80 + 10
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")


@pytest.fixture(params=[kind for kind in KINDS if kind != "zhang"])  # which has hull's bins
def asked(request, make_model) -> tuple[Model, Tensor, Tensor]:
    """A model of every kind, its answer to one photo, and the photo's lightness."""
    model = make_model(request.param)
    side = model.config.input.square
    light = lightness(side or 64, side or 96)
    with torch.no_grad():
        return model, model(light).float(), light


def at(ab: Tensor, hint: Hint) -> Tensor:
    return ab[0, :, int(hint.y * ab.shape[2]), int(hint.x * ab.shape[3])]


class TestEveryKindOfModel:
    def test_without_hints_nothing_changes(self, asked):
        model, output, light = asked
        assert torch.equal(steer(model, output, light, [()]), model.decode(output))
        assert torch.equal(steer(model, output, light, [[]], 0.2), model.decode(output, 0.2))

    @torch.no_grad()
    def test_pinned_places_have_their_colour(self, asked):
        model, output, light = asked
        for hints in (FIVE[:1], FIVE):
            ab = steer(model, output, light, [hints])
            assert ab.shape == model.decode(output).shape and ab.isfinite().all()
            for hint in hints:
                assert (at(ab, hint) - ab_of(hint.color)).norm() < 1

    @torch.no_grad()
    def test_a_kept_place_stays_against_the_others(self, asked):
        model, output, light = asked
        own, kept = model.decode(output), Hint(0.5, 0.3)
        ab = steer(model, output, light, [[*FIVE, kept]])
        assert (at(ab, kept) - at(own, kept)).norm() < 1

    @torch.no_grad()
    def test_their_order_is_of_no_matter(self, asked):
        model, output, light = asked
        one = steer(model, output, light, [FIVE])
        assert torch.allclose(one, steer(model, output, light, [FIVE[::-1]]), atol=0.05)

    @torch.no_grad()
    def test_the_temperature_is_passed_on(self, asked):
        model, output, light = asked
        cold, warm = (steer(model, output, light, [FIVE], t) for t in (0.05, 1.0))
        assert torch.equal(cold, warm) == (model.bins is None)


@pytest.fixture
def hull(make_model) -> Model:
    return make_model("hull")


def answer(model: Model, photos: int = 1, seed: int = 0) -> Tensor:
    """Smooth logits (N, 313, 12, 16)."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.randn(photos, model.bins.size, 3, 4, generator=random) * 3
    return torch.nn.functional.interpolate(coarse, (12, 16), mode="bilinear")


class TestManyPhotos:
    def test_a_batch_is_its_photos_one_by_one(self, hull):
        output, light = answer(hull, 3), lightness(48, 64, 3)
        hints = [FIVE, [], [FIVE[2], Hint(0.3, 0.3)]]
        together = steer(hull, output, light, hints)
        for one in range(3):
            alone = steer(hull, output[one, None], light[one, None], [hints[one]])
            assert torch.allclose(together[one], alone[0], atol=0.02)

    def test_a_photo_without_hints_among_others_stays_as_it_is(self, hull):
        output, light = answer(hull, 2), lightness(48, 64, 2)
        ab = steer(hull, output, light, [[], FIVE])
        assert torch.allclose(ab[0], hull.decode(output)[0], atol=1e-3)


class TestTilt:
    def test_is_the_formula(self, hull):
        output = answer(hull).double()
        pins = pins_on(hull.decode(output), [(*FIVE[:2], Hint(0.4, 0.4))])
        weight = torch.rand(1, 192, 3, generator=torch.Generator().manual_seed(1)).double()
        centres = hull.bins.centres.double()
        found = tilt(output, centres, pins.color.double(), pins, weight)
        log_p = torch.log_softmax(output, 1)[0].flatten(1).numpy()
        for place in (0, 77, 191):
            expected = output[0].flatten(1)[:, place].numpy().copy()
            for k in range(2):  # the third one leaves its place as it is
                far = ((centres.numpy() - pins.color[0, :, k].numpy()) ** 2).sum(1)
                said = np.exp(-far / (2 * room.SIGMA**2))
                odds = np.log(said / said.sum() + room.FLOOR) - log_p[:, pins.cells[0, k]]
                expected += room.STRENGTH * weight[0, place, k].item() * odds
            assert np.allclose(found[0].flatten(1)[:, place].numpy(), expected, atol=1e-3)

    def test_a_place_takes_up_a_hint_among_the_colours_it_held_possible(self, hull):
        """All of the photo is red or maybe blue; the hint says another blue."""
        output = torch.full((1, 313, 4, 8), -12.0)
        centres = hull.bins.centres
        wished = torch.tensor([(60.0, 40), (10, -60)])
        red, blue = torch.cdist(wished, centres).argmin(1).tolist()
        output[:, red], output[:, blue] = 2.0, 1.0
        ab = steer(hull, output, torch.full((1, 1, 16, 32), 50.0), [[Hint(0.1, 0.5, "#2c68d0")]])
        own = hull.decode(output)
        assert (own[0, 1] > 0).all()
        assert (ab[0, 1] < -15).all()  # far away too, for all of it is alike
        assert (ab[0, :, 2, 7] - centres[blue]).norm() < (ab[0, :, 2, 7] - centres[red]).norm()


class TestAgainstHarm:
    def test_the_very_colour_that_is_there_changes_nothing(self, hull):
        output, light = answer(hull), lightness(48, 64)
        own = hull.decode(output)
        pins = pins_on(own, [[Hint(0.3, 0.3), Hint(0.7, 0.6)]])
        said = replace(pins, kept=torch.zeros_like(pins.kept))
        assert torch.allclose(follow(hull, output, light, own, said), own, atol=0.02)

    @pytest.mark.parametrize("step", [0.0, 1 / 16, 3 / 16])
    def test_hints_that_contradict_each_other_stay_bounded(self, hull, step):
        output, light = answer(hull), lightness(48, 64)
        own = hull.decode(output)
        fight = [Hint(0.4 + step * (k % 2), 0.4, ("#ff0000", "#00ff00")[k % 2]) for k in range(8)]
        ab = steer(hull, output, light, [fight])
        most = max((ab_of(h.color) - at(own, h)).norm() for h in fight)
        assert (ab - own).norm(dim=1).max() < 1.6 * most
        if not step:
            mean = (ab_of("#ff0000") + ab_of("#00ff00")) / 2
            assert (at(ab, fight[0]) - mean).norm() < 1

    def test_two_like_hints_at_one_place_are_hardly_more_than_one(self, hull):
        output, light = answer(hull), lightness(48, 64)
        own = hull.decode(output)
        once, twice = (steer(hull, output, light, [FIVE[:1] * n]) for n in (1, 2))
        assert (twice - once).norm(dim=1).max() < 0.4 * (once - own).norm(dim=1).max()

    def test_as_many_as_are_allowed_are_followed(self, hull):
        random = np.random.default_rng(0)
        hints = [Hint(x, y, "#b06040") for x, y in random.random((500, 2))]
        ab = steer(hull, answer(hull), lightness(48, 64), [hints])
        assert (ab[0] - ab_of("#b06040")[:, None, None]).norm(dim=0).max() < 15

    def test_beyond_its_radius_a_hint_changes_nothing(self, hull):
        output, light = answer(hull), lightness(48, 64)
        own, hint = hull.decode(output), Hint(0.25, 0.5, "#ff0000", 0.25)
        change = (steer(hull, output, light, [[hint]]) - own).norm(dim=1)[0]
        y, x = torch.meshgrid(torch.arange(12), torch.arange(16), indexing="ij")
        far = ((x - 4) ** 2 + (y - 6) ** 2) ** 0.5 >= 0.25 * 16
        assert (change[far] < 1e-3).all() and change[6, 4] > 10


class TestReach:
    def pins(self, *colors: tuple[float, float]) -> Pins:
        count = len(colors)
        return Pins(
            torch.arange(count)[None],
            torch.tensor(colors).T[None],
            torch.ones(1, count, dtype=torch.bool),
            torch.zeros(1, count, dtype=torch.bool),
            torch.full((1, count), torch.inf),
        )

    def test_grows_with_the_change_and_with_the_number(self):
        own = torch.zeros(1, 2, 1, 4)
        lone = [reach(own, self.pins((d, 0.0))).item() for d in (2.0, 20.0, 60.0)]
        assert lone == sorted(lone) and lone[0] < 0.01 and lone[2] > 0.99
        assert (reach(own, self.pins((20.0, 0.0), (20.0, 0.0))) > lone[1]).all()

    def test_what_takes_chroma_away_is_believed_sooner(self):
        own = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1)
        paler, stronger = (reach(own, self.pins((a, 0.0))).item() for a in (0.0, 40.0))
        assert paler > 2 * stronger

    def test_like_things_take_part_and_others_do_not(self, hull):
        """Three patches on a ground: the first and the second alike, the third of other colours."""
        output = torch.zeros(1, 313, 12, 24)
        output[:, 150] = 9.0
        light = torch.full((1, 1, 48, 96), 80.0)
        for left, colors in ((2, (200, 90)), (10, (200, 90)), (18, (40, 300))):
            output[:, :, 4:8, left : left + 4] = 0
            output[:, colors, 4:8, left : left + 4] = torch.tensor([9.0, 8.0])[:, None, None]
            light[:, :, 16:32, 4 * left : 4 * left + 16] = 40.0
        own = hull.decode(output)
        target = hull.bins.centres[90]
        pins = replace(self.pins(tuple(target.tolist())), cells=torch.tensor([[5 * 24 + 3]]))
        change = (follow(hull, output, light, own, pins) - own).norm(dim=1)[0]
        first, second, third = (change[4:8, left : left + 4].mean() for left in (2, 10, 18))
        assert first > 20 and second > 10
        assert third < second / 5 and change[0].mean() < second / 5


def test_what_is_missing_after_the_tilt_is_kriged(hull):
    output, light = answer(hull), lightness(48, 64)
    own = hull.decode(output)
    pins = pins_on(own, [FIVE])
    apart = distances(hull, output, light, own, pins)
    near = weights(room.NEAR, apart, pins)
    wide = weights(room.WIDE, apart, pins) * reach(own, pins)[:, None]
    believed = hull.decode(room.believe(hull, output, pins, wide))
    missing = pins.color - pick(believed.flatten(2), pins.cells)
    ab = believed + (missing @ wide.mT).view_as(own)
    rest = pins.color - pick(ab.flatten(2), pins.cells)
    expected = ab + (rest @ near.mT).view_as(own)
    assert torch.allclose(steer(hull, output, light, [FIVE]), expected, atol=1e-3)
