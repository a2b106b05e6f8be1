"""Which pair comes next: from seed and votes alone, never one seen before, sides balanced."""

from collections import Counter
from itertools import combinations

from survey.board.drawing import Drawing, one_way
from tests.helpers.open_board import MODELS

PAIRS = list(combinations(MODELS, 2))
SEEN = {"cat.png": [], "dog.png": []}


def test_the_same_seed_and_votes_draw_the_same():
    one, other = Drawing(MODELS), Drawing(MODELS)
    for drawing in (one, other):
        drawing.add("cat.png", MODELS[0], MODELS[1], "first")
    draws = [one.draw([5, number], SEEN) for number in range(40)]
    assert draws == [other.draw([5, number], SEEN) for number in range(40)]
    assert len(set(draws)) > 6


def test_what_was_seen_does_not_come_again():
    drawing, seen = Drawing(MODELS), {"cat.png": [], "dog.png": []}
    for number in range(2 * len(PAIRS)):
        drawn = drawing.draw([1, number], seen)
        pair = one_way(drawn.first, drawn.second)
        assert pair not in seen[drawn.photo]
        seen[drawn.photo].append(pair)
    assert drawing.draw([1, 99], seen) is None


def test_sides_stay_balanced_and_cannot_be_foretold():
    """Of a fair coin's 300 throws, one side has 17 more or less than half; of Efron's, 3."""
    drawing, left, surprises = Drawing(MODELS[:2]), Counter(), 0
    for number in range(300):
        drawn = drawing.draw([7, number], SEEN)
        surprises += left[drawn.first] > left[drawn.second]
        left[drawn.first] += 1
        drawing.add(*drawn, "tie")
    assert abs(left[MODELS[0]] - left[MODELS[1]]) < 20
    assert surprises > 30  # whoever was ahead came again


def test_photos_are_shown_alike():
    drawing, shown = Drawing(MODELS[:2]), Counter()
    for number in range(100):
        drawn = drawing.draw([3, number], SEEN)
        shown[drawn.photo] += 1
        drawing.add(*drawn, "first")
    assert shown == {"cat.png": 50, "dog.png": 50}


def test_pairs_come_where_the_ratings_are_least_sure():
    """Hundreds of votes on one pair, none on the others: these come, but for a quarter of any."""
    drawing = Drawing(MODELS)
    for number in range(300):
        drawing.add("cat.png", MODELS[0], MODELS[1], ("first", "second")[number % 2])
    drawn = [drawing.draw([2, number], SEEN) for number in range(200)]
    known = sum(one_way(d.first, d.second) == PAIRS[0] for d in drawn)
    assert 0 < known < 50


def test_votes_on_models_that_went_change_nothing():
    one, other = Drawing(MODELS), Drawing(MODELS)
    one.add("cat.png", MODELS[0], "gone@00000009", "first")
    assert [one.draw([4, n], SEEN) for n in range(20)] == [
        other.draw([4, n], SEEN) for n in range(20)
    ]


def test_one_model_makes_no_pair():
    assert Drawing(MODELS[:1]).draw([0, 0], SEEN) is None
