import pytest
import torch

from colorize.hints import Hint, HintError
from colorize.hints.pins import pins_on, shown_colors
from colorize.lab import rgb_to_ab

RED = "#c81e28"


def ab_of(color: str) -> torch.Tensor:
    return rgb_to_ab(torch.tensor([list(bytes.fromhex(color[1:]))]) / 255)[0]


def test_hints_become_places_and_colours():
    own = torch.arange(2 * 2 * 3 * 4.0).view(2, 2, 3, 4)
    hints = [
        [Hint(0.9, 0.1, RED), Hint(0, 1), Hint(1, 0.5, "#00ff00", 0.5)],
        [Hint(0.5, 0.5)],
    ]
    pins = pins_on(own, hints)
    assert pins.cells.tolist() == [[3, 8, 7], [6, 0, 0]]
    assert pins.real.tolist() == [[True] * 3, [True, False, False]]
    assert pins.kept[:, 0].tolist() == [False, True] and pins.kept[0].tolist() == [
        False,
        True,
        False,
    ]
    assert torch.allclose(pins.color[0, :, 0], ab_of(RED), atol=1e-3)
    assert pins.color[0, :, 1].tolist() == own[0].flatten(1)[:, 8].tolist()
    assert pins.color[1, :, 0].tolist() == own[1].flatten(1)[:, 6].tolist()
    assert pins.radius[0].tolist() == [torch.inf, torch.inf, pytest.approx(0.5 * 4 / 12**0.5)]


def test_places_with_a_colour_are_counted_once():
    hints = [
        [
            Hint(0.1, 0.1, "#ff0000"),
            Hint(0.1, 0.1, "#0000ff"),
            Hint(0.9, 0.9, "#00ff00"),
            Hint(0, 1),
        ],
        [Hint(0.1, 0.1)],
        [],
    ]
    assert pins_on(torch.zeros(3, 2, 3, 4), hints).count.tolist() == [2, 1, 1]


def test_each_answer_needs_its_own_hints():
    with pytest.raises(ValueError, match="Hints for 1 photos were given with 2 answers"):
        pins_on(torch.zeros(2, 2, 3, 4), [[Hint(0, 0)]])


def test_too_many_are_refused():
    with pytest.raises(HintError, match="10,000 hints"):
        pins_on(torch.zeros(1, 2, 3, 4), [[Hint(0, 0, "#123456")] * 10_000])


class TestShownColors:
    """What a visitor sees of a chosen colour at the photo's lightness."""

    def shown(self, color: str | None, light: float) -> str | None:
        (found,) = shown_colors([Hint(0.7, 0.2, color)], torch.full((1, 1, 8, 8), light))
        return found

    @pytest.mark.parametrize("light", [30.0, 50.0, 70.0])
    def test_hue_and_chroma_stay_where_they_can(self, light):
        shown = self.shown("#805a46", light)
        assert torch.allclose(ab_of(shown), ab_of("#805a46"), atol=0.9)

    @pytest.mark.parametrize(
        ("color", "light"), [("#0000ff", 90.0), ("#ffff00", 20.0), ("#ff0000", 85.0)]
    )
    def test_else_the_chroma_is_the_largest_that_can_be_shown(self, color, light):
        wanted, found = ab_of(color), ab_of(self.shown(color, light))
        assert found.norm() < wanted.norm() - 10
        cosine = torch.cosine_similarity(wanted, found, dim=0)
        assert cosine > 0.99 and found.norm() > 5

    def test_black_and_white_show_no_colour_and_a_kept_place_names_none(self):
        assert self.shown("#ff0000", 0.0) == "#000000"
        assert self.shown("#ff0000", 100.0) == "#ffffff"
        assert self.shown(None, 50.0) is None
