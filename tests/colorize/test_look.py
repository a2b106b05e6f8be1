from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorize.agreement import agree
from colorize.colorizer import Colorizer
from colorize.hints import Hint, HintError
from colorize.hints.hint import MOST
from colorize.hints.reference import BESIDE, reference_of
from colorize.lab import rgb_to_ab
from colorize.photo import SCREEN, Photo, PhotoError
from colorize.settings import Settings
from tests.helpers.photos import speckled


def ab_of(rgb: tuple[int, int, int]) -> torch.Tensor:
    return rgb_to_ab(torch.tensor(rgb).view(1, 3) / 255)[0]


class TestLook:
    @pytest.fixture
    def photo(self) -> Photo:
        return Photo(speckled(60, 80))

    def test_renders_again_without_the_network(self, colorizer, photo, monkeypatch):
        look = colorizer.look(photo)
        monkeypatch.setattr(colorizer.model, "forward", None)  # whoever calls it now will notice
        bold, pale = look.render(temperature=0.0), look.render(temperature=1.0)
        assert not np.array_equal(bold.pixels, pale.pixels)
        assert torch.equal(bold.ab, look.ab(0.0)) and torch.equal(pale.ab, look.ab(1.0))

    def test_default_is_the_models_temperature(self, colorizer, photo):
        look = colorizer.look(photo)
        expected = look.render(temperature=colorizer.model.config.temperature)
        assert np.array_equal(look.render().pixels, expected.pixels)

    def test_renders_a_smaller_copy(self, colorizer, photo):
        look = colorizer.look(photo)
        small = Photo(np.array(Image.fromarray(photo.pixels).resize((40, 30))))
        shown = replace(look, photo=small).render().pixels.astype(float)
        full = look.render().pixels
        again = np.array(Image.fromarray(full).resize((40, 30))).astype(float)
        assert shown.shape == (30, 40, 3) and np.abs(shown - again).mean() < 4

    def test_belief_is_the_distribution_that_is_decoded(self, colorizer, photo):
        look = colorizer.look(photo)
        centres = look.centres
        for x, y in ((0, 0), (79, 59), (40, 10)):
            belief = look.belief(x, y)
            assert belief.shape == (313,) and belief.sum().item() == pytest.approx(1, abs=1e-4)
            height, width = look.output.shape[2:]
            row, column = y * height // 60, x * width // 80
            assert torch.allclose(belief @ centres, look.ab(1.0)[:, row, column], atol=1e-2)
            likeliest = centres[belief.argmax()]
            assert torch.equal(likeliest, look.ab(0.0)[:, row, column])

    def test_belief_of_two_channels_is_their_product(self, make_model, photo):
        look = Colorizer(make_model("channels"), device="cpu").look(photo)
        belief, centres = look.belief(5, 5), look.centres
        assert belief.shape == (100,) and centres.shape == (100, 2)
        assert torch.allclose(belief @ centres, look.ab(1.0)[:, 0, 0], atol=1e-2)

    def test_beside_the_photo_is_its_border(self, colorizer, photo):
        look = colorizer.look(photo)
        assert torch.equal(look.belief(-5, 999), look.belief(0, 59))

    def test_entropy_is_that_of_the_beliefs(self, colorizer, photo):
        look = colorizer.look(photo)
        belief = look.belief(0, 0)
        expected = -(belief * belief.clamp(min=1e-12).log()).sum()
        assert look.entropy.shape == look.output.shape[2:]
        assert look.entropy[0, 0].item() == pytest.approx(expected.item(), abs=1e-3)

    def test_regression_believes_nothing(self, make_model, photo):
        look = Colorizer(make_model("regression"), device="cpu").look(photo)
        assert look.belief(1, 1) is None and look.entropy is None and look.centres is None

    @pytest.mark.parametrize("saturation", [-0.1, 4.1, float("nan")])
    def test_other_saturations_are_refused(self, colorizer, photo, saturation):
        with pytest.raises(ValueError, match="saturation"):
            colorizer.look(photo).render(saturation=saturation)

    def test_other_temperatures_are_refused(self, colorizer, photo):
        with pytest.raises(ValueError, match="temperature"):
            colorizer.look(photo).render(temperature=1.5)


class TestHints:
    HINTS = (Hint(0.3, 0.3, "#b03020"), Hint(0.8, 0.7, "#3060b0"), Hint(0.6, 0.2))

    @pytest.fixture
    def photo(self) -> Photo:
        return Photo(speckled(100, 140))

    def test_none_are_what_the_model_says_to_the_last_bit(self, colorizer, photo):
        look = colorizer.look(photo)
        assert torch.equal(look.ab(0.3), look.model.decode(look.output, 0.3)[0])
        assert np.array_equal(look.render(hints=[]).pixels, look.render().pixels)

    @pytest.mark.parametrize("kind", ["hull", "regression", "siggraph17"])
    @pytest.mark.parametrize("agreement", [0.0, 1.0])
    def test_are_painted_though_like_places_agree(self, make_model, photo, kind, agreement):
        look = Colorizer(make_model(kind, agreement=agreement), device="cpu").look(photo)
        own, ab = look.ab(), look.render(hints=self.HINTS).ab
        height, width = ab.shape[1:]
        for hint in self.HINTS:
            place = slice(None), int(hint.y * height), int(hint.x * width)
            wanted = own[place] if hint.rgb is None else ab_of(hint.rgb)
            assert (ab[place] - wanted).norm() < 1

    def test_agreement_comes_before_hints(self, make_model, photo):
        look = Colorizer(make_model(agreement=1.0), device="cpu").look(photo)
        free = Colorizer(make_model(), device="cpu").look(photo)
        agreed = agree(
            free.ab()[None], look.shown.lightness, look.model.bins.belief(look.output), 1
        )
        assert torch.equal(look.ab(), agreed[0]) and not torch.equal(look.ab(), free.ab())
        assert not torch.allclose(look.ab(hints=self.HINTS), free.ab(hints=self.HINTS), atol=1)

    def test_cost_no_pass(self, colorizer, photo, monkeypatch):
        look = colorizer.look(photo)
        monkeypatch.setattr(colorizer.model, "forward", None)
        assert not np.array_equal(look.render(hints=self.HINTS).pixels, look.render().pixels)

    def test_travel_with_the_file_s_name_or_the_photo(self, colorizer, photo):
        whole = colorizer(photo, Settings(hints=self.HINTS)).pixels
        assert np.array_equal(colorizer(photo, hints=list(self.HINTS)).pixels, whole)
        assert np.array_equal(next(colorizer.map([photo], hints=self.HINTS)).pixels, whole)


class TestReference:
    @pytest.fixture
    def photo(self) -> Photo:
        return Photo(speckled(100, 140, gray=True))

    @pytest.fixture
    def uncle(self, tmp_path) -> str:
        Image.fromarray(speckled(120, 90, seed=1)).save(tmp_path / "uncle.png")
        return str(tmp_path / "uncle.png")

    def test_lends_its_colours_as_hints(self, colorizer, photo, uncle):
        look, wish = colorizer.look(photo), Settings(reference=uncle, strength=0.8)
        lent = [one.hint for one in look.borrow(wish)]
        assert len(lent) > 10
        painted = look.render(wish).pixels
        assert np.array_equal(painted, look.render(hints=lent).pixels)
        assert np.array_equal(colorizer(photo, reference=uncle, strength=0.8).pixels, painted)

    def test_says_nothing_beside_a_persons_hint(self, colorizer, photo, uncle):
        look, mine = colorizer.look(photo), (Hint(0.5, 0.5, "#b03020"),)
        first, *others = look.hints(Settings(hints=mine, reference=uncle))
        lent = [one.hint for one in look.borrow(Settings(reference=uncle))]
        assert first == mine[0] and set(others) < set(lent)
        assert all(np.hypot(one.x - 0.5, one.y - 0.5) >= BESIDE for one in others)

    def test_leaves_as_many_hints_as_are_allowed(self, colorizer, photo, uncle):
        many = [Hint(0.01, 0.01, "#b03020")] * (MOST - 2)
        hints = colorizer.look(photo).hints(Settings(hints=many, reference=uncle))
        assert len(hints) == MOST and list(hints[:-2]) == many

    def test_is_looked_at_once_and_forgotten(self, colorizer, photo, uncle):
        passes = []

        def network(shown):
            passes.append(shown.lightness.shape)
            return colorizer.run(shown)

        look = colorizer.look(photo, network)
        for strength in (0.2, 0.9):
            look.render(reference=uncle, strength=strength)
        assert len(passes) == 2  # the photo's and the reference's, both where they were asked for
        colorizer.forget()
        look.render(reference=uncle)
        assert len(passes) == 3

    def test_its_content_may_come_without_the_file(self, colorizer, photo, uncle):
        expected = colorizer(photo, reference=uncle).pixels
        colorizer.reference("far/away.png", Path(uncle).read_bytes())
        assert np.array_equal(colorizer(photo, reference="far/away.png").pixels, expected)

    def test_a_huge_one_is_made_small_first(self, colorizer, photo, uncle, monkeypatch):
        seen = []
        keep = lambda look: seen.append(look.photo.pixels.shape) or reference_of(look)  # noqa: E731
        monkeypatch.setattr("colorize.colorizer.reference_of", keep)
        image = Image.new("RGB", (2600, 1000), "#c03020")
        image.paste("#2030c0", (0, 0, 1300, 1000))
        image.save(uncle)
        colorizer(photo, reference=uncle)
        assert max(seen[0]) == SCREEN

    def test_what_lends_nothing_is_a_sentence(self, colorizer, photo, tmp_path):
        look = colorizer.look(photo)
        Image.fromarray(speckled(40, 50, gray=True)).save(tmp_path / "grey.png")
        with pytest.raises(HintError, match='"grey.png" is grey or of one tint'):
            look.render(reference=str(tmp_path / "grey.png"))
        with pytest.raises(PhotoError, match='"gone.png" is not there'):
            look.render(reference=str(tmp_path / "gone.png"))
