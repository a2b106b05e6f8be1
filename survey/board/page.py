"""The board as a page: which colours people prefer, how sure that is, and how it was counted.

Try it: python -m survey board studies/board --report board.html
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from pathlib import Path
from string import Template

from survey.board.lineup import titles
from survey.board.votes import MOST_OF_NETWORK, SIMULATED, Vote, heaviest, models_of, rated
from survey.preference.bradley_terry import MOST
from survey.preference.ratings import Ratings
from survey.report import html
from survey.report.markup import definitions, note, paragraph, percent, section, span
from survey.report.preference import habits, ratings_sections

TITLE = "Which colours people prefer"
EMPTY = (
    "No votes yet. Two versions of a photo, without names, and one key: whoever comes first "
    "decides what stands here."
)
NOBODYS = "Votes on this board are simulated: they say nothing of the models."
WEIGHED = (
    "Anyone may vote, as often as they like, but never twice on the same pair. So that nobody "
    "decides alone, all votes of one browser together weigh less than {person:.0f} votes of as "
    "many people, and all votes from one network on one day less than {network:.0f}. The busiest "
    "browser cast {cast:,}; they weigh {weight:.1f}. Whoever has many browsers in many networks "
    "can still push the board: it is open, and no substitute for a study."
)
METHOD = (
    "Bradley–Terry with Davidson's ties (1970) and one leaning to a side. Intervals are of 95 %, "
    "for other people and other photos like these: variance clustered on browsers and on photos. "
    "Pairs are shown where the ratings are least sure, which biases no rating: the likelihood "
    "takes every pair as it came. Whoever looks often at growing numbers sees an interval exclude "
    "the truth more often than one time in twenty."
)
HERE = Path(html.__file__).parent  # of the report's page and style


def render(votes: Sequence[Vote], here: Collection[str] = ()) -> str:
    """The page; `here` are the models that can be voted on now."""
    ratings = rated(votes, here)
    facts, parts = "An open board: anyone may vote", [paragraph(EMPTY, "lead")]
    if ratings:
        facts = facts_of(ratings)
        parts = [
            paragraph(lead(ratings), "lead"),
            *(paragraph(sentence, "caution") for sentence in cautions(ratings, votes)),
            *ratings_sections(ratings),
            section("Habits", definitions(habits(ratings))),
            section("How votes are weighed", paragraph(weighed(votes)), note(METHOD)),
        ]
        if here and (gone := left_behind(votes, here)):
            parts.append(note(f"Not to be voted on any more: {', '.join(gone)}."))
    page = Template((HERE / "report.html").read_text(encoding="utf-8"))
    style = (HERE / "report.css").read_text(encoding="utf-8")
    return page.substitute(title=TITLE, css=style, facts=escape(facts), body="\n".join(parts))


def facts_of(ratings: Ratings) -> str:
    """1,854 votes · 199 browsers · 60 photos · 3 models"""
    counted = {"vote": ratings.votes, "browser": ratings.people, "photo": ratings.photos}
    counted["model"] = len(ratings.models)
    return " · ".join(f"{n:,} {word}{'s' if n != 1 else ''}" for word, n in counted.items())


def lead(ratings: Ratings) -> str:
    """The strongest against the next and against the weakest, in words."""
    numbers = range(len(ratings.models))
    best, *others = sorted(numbers, key=lambda i: -ratings.strengths[i].estimate)
    said = []
    for other in dict.fromkeys((others[0], others[-1])):
        share = ratings.pair(best, other).share
        against = f"against {ratings.models[other]} ({span(share, 0, 100)})"
        said.append(f"{percent(share.estimate)} of the deciding votes {against}")
    return f"{ratings.models[best]} wins {' and '.join(said)}."


def cautions(ratings: Ratings, votes: Sequence[Vote]) -> list[str]:
    """What the reader must know before the numbers."""
    said = [NOBODYS] if any(vote["photo"].startswith(SIMULATED) for vote in votes) else []
    said += [
        f"Only {count} {what}{'s' if count != 1 else ''}: take the intervals as rough."
        for what, count in (("browser", ratings.people), ("photo", ratings.photos))
        if count < html.FEW
    ]
    if not all(pair.bounded for pair in ratings.pairs):
        said.append(
            "Some models have only won, or only lost, against others so far: how far apart these "
            "are is a guess."
        )
    return said


def left_behind(votes: Sequence[Vote], here: Collection[str]) -> list[str]:
    """Models with a history and no future."""
    models = models_of(votes)
    named = titles(models, here)
    return [named[model] for model in models if model not in here]


def weighed(votes: Sequence[Vote]) -> str:
    cast, weight = heaviest(votes)
    return WEIGHED.format(person=MOST, network=MOST_OF_NETWORK, cast=cast, weight=weight)
