"""What can be chosen, and what is refused."""

from dataclasses import FrozenInstanceError, fields, replace
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("wish", [{"hints": ((0.5, 0.5),)}, {"reference": "uncle.jpg"}])
def test_what_would_be_ignored_is_refused(wish):
    with pytest.raises(ValueError, match="not painted yet"):
        Settings(**wish)


def test_any_difference_is_another_painting():
    others = [replace(DEFAULTS, **{name: 0.5}) for name in ("temperature", "saturation")]
    assert len({DEFAULTS, replace(DEFAULTS, model="regression"), *others}) == 4
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
