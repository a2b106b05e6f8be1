import math

import pytest

from colorize.hints import Hint, HintError
from colorize.hints.hint import MOST, check_hints


def test_a_hint_is_a_value():
    one = Hint(0.5, 0.25, "#B03020", 0.2)
    assert one == Hint(0.5, 0.25, "#b03020", 0.2) and hash(one) == hash(
        Hint(0.5, 0.25, "#b03020", 0.2)
    )
    assert one.rgb == (0xB0, 0x30, 0x20)
    with pytest.raises(AttributeError):
        one.x = 0.1


def test_without_a_colour_it_leaves_the_place_as_it_is():
    assert Hint(0, 1).color is None and Hint(0, 1).rgb is None
    assert isinstance(Hint(0, 1).x, float)


@pytest.mark.parametrize(
    "value", [-0.01, 1.01, math.nan, math.inf, -math.inf, 10**400, "0.5", None, True, [0]]
)
@pytest.mark.parametrize("name", ["x", "y"])
def test_places_outside_the_photo_are_refused(name, value):
    with pytest.raises(HintError, match=f"hint's {name} is .* must be a number from 0 to 1"):
        Hint(**{"x": 0.5, "y": 0.5, name: value})


@pytest.mark.parametrize(
    "value", ["red", "#12345", "#1234567", "#12345g", "", 0xFF0000, ["#112233"], "#١٢٣٤٥٦"]
)
def test_what_is_no_colour_is_refused(value):
    with pytest.raises(HintError, match=r'color is .* must be "#rrggbb"'):
        Hint(0.5, 0.5, value)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "above 0"), (-1, "from 0 to 1"), (math.nan, "from 0 to 1"), ("far", "from 0 to 1")],
)
def test_what_is_no_radius_is_refused(value, words):
    with pytest.raises(HintError, match=words):
        Hint(0.5, 0.5, None, value)


def test_long_values_are_cut_in_sentences():
    with pytest.raises(HintError) as error:
        Hint(0.5, 0.5, "#" + "f" * 10_000)
    assert len(str(error.value)) < 250


def test_more_than_a_hand_sets_are_refused():
    assert len(check_hints([Hint(0, 0)] * MOST)) == MOST
    with pytest.raises(HintError, match=f"10,000 hints were given; at most {MOST}"):
        check_hints([Hint(0, 0)] * 10_000)
