"""What can be chosen, and what is refused."""

from dataclasses import FrozenInstanceError, fields, replace
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize.hints import Hint, HintError
from colorize.photo import Photo
from colorize.settings import DEFAULTS, MOST_SATURATION, Changes, Settings
from tests.helpers.photos import speckled


@given(st.none() | st.floats(0, 1), st.floats(0, MOST_SATURATION))
def test_all_within_the_limits_is_taken_and_found_again(temperature, saturation):
    made = Settings("rebalanced", temperature, saturation)
    again = Settings("rebalanced", temperature, saturation)
    assert {made: "painted"}[again] == "painted"


@pytest.mark.parametrize("temperature", [-0.1, 1.1, nan, inf])
def test_other_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match=f"temperature of {temperature} .* between 0 .* and 1"):
        Settings(temperature=temperature)


@pytest.mark.parametrize("saturation", [-0.1, 4.1, nan, inf])
def test_other_saturations_are_refused(saturation):
    with pytest.raises(ValueError, match=f"saturation of {saturation} .* between 0 .* and 4"):
        Settings(saturation=saturation)


@pytest.mark.parametrize("strength", [-0.1, 1.1, nan, inf])
def test_other_strengths_are_refused(strength):
    with pytest.raises(ValueError, match=f"strength of {strength} .* between 0 .* and 1"):
        Settings(strength=strength)


def test_hints_are_kept_in_a_form_that_can_be_found_again():
    hints = [Hint(0.5, 0.5, "#b03020"), Hint(0.1, 0.9)]
    made = Settings(hints=hints)
    hints.append(Hint(0, 0))
    assert {made: "painted"}[Settings(hints=(Hint(0.5, 0.5, "#B03020"), Hint(0.1, 0.9)))]
    assert made != Settings(hints=hints)


@pytest.mark.parametrize("hints", [((0.5, 0.5),), [{"x": 0.5, "y": 0.5, "color": None}], "[]"])
def test_what_is_no_hint_is_refused(hints):
    with pytest.raises(HintError, match="is no hint: give `Hint`s, or what `read_hints` reads"):
        Settings(hints=hints)


def test_more_hints_than_a_hand_sets_are_refused():
    with pytest.raises(HintError, match="10,000 hints were given; at most 500"):
        Settings(hints=[Hint(0.5, 0.5)] * 10_000)


def test_any_difference_is_another_painting():
    others = [replace(DEFAULTS, **{name: 0.5}) for name in ("temperature", "saturation")]
    others += [replace(DEFAULTS, hints=(Hint(0.5, 0.5),)), replace(DEFAULTS, reference="uncle.jpg")]
    others += [replace(DEFAULTS, reference="uncle.jpg", strength=0.5)]
    assert len({DEFAULTS, replace(DEFAULTS, model="regression"), *others}) == 7
    with pytest.raises(FrozenInstanceError):
        DEFAULTS.saturation = 2.0


def test_what_can_be_changed_is_a_setting():
    assert Changes.__annotations__.keys() < {field.name for field in fields(Settings)}


def test_settings_travel_whole_or_by_name(colorizer):
    photo, wish = Photo(speckled(40, 50)), Settings(temperature=0.1, saturation=2.0)
    whole = colorizer(photo, wish).pixels
    assert np.array_equal(colorizer(photo, temperature=0.1, saturation=2.0).pixels, whole)
    look = colorizer.look(photo)
    assert np.array_equal(look.render(wish).pixels, whole)
    assert np.array_equal(look.render(Settings(saturation=2.0), temperature=0.1).pixels, whole)
    assert not np.array_equal(look.render(wish, saturation=1.0).pixels, whole)
    with pytest.raises(TypeError, match="colour"):
        look.render(colour=1.0)
