import pytest

from colorize.config import changed
from train.catalogue import find_recipe
from train.recipe import Recipe, RecipeError


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": "l3"}, "loss 'l3'; it must be one of l2"),
        ({"optimizer": "sgd"}, "optimizer 'sgd'; it must be one of adamw"),
        ({"bins": None}, "no bins to classify into"),
        ({"loss": "l2"}, "which compares colours, but the bins 'hull'"),
        ({"network": "zhang"}, "only unet and mobile-unet name photos"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(change, sentence):
    with pytest.raises(RecipeError, match=sentence):
        changed(find_recipe("classification"), **change)


def test_a_recipe_is_data():
    recipe = find_recipe("zhang")
    assert isinstance(recipe, Recipe)
    with pytest.raises(AttributeError):
        recipe.steps = 3
