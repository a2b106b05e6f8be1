from dataclasses import replace

import pytest

from train.catalogue import find
from train.recipe import Recipe, RecipeError


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": "l3"}, "loss 'l3'; it must be one of l2"),
        ({"optimizer": "sgd"}, "optimizer 'sgd'; it must be one of adamw"),
        ({"bins": None}, "no bins to classify into"),
        ({"network": "zhang"}, "only the network unet names photos"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(change, sentence):
    with pytest.raises(RecipeError, match=sentence):
        replace(find("classification"), **change)


def test_a_recipe_is_data():
    recipe = find("zhang")
    assert isinstance(recipe, Recipe)
    with pytest.raises(AttributeError):
        recipe.steps = 3
