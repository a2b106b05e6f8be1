"""The open board from the shell: what it says, as a page, as a zip, or tried out.

python -m survey board studies/board                            # the ratings, as JSON
python -m survey board studies/board --report board.html
python -m survey board studies/board --export board.zip
python -m survey board studies/try --simulate 2000              # into a new folder
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from survey.board.votes import all_votes, rated
from survey.preference.ratings import Ratings
from survey.store import DATABASE, read_only

PHOTOS = 60  # of a simulated board


def main(argv: list[str] | None = None) -> int:
    """0: done; what is wrong is said by whoever calls."""
    args = _parser().parse_args(argv)
    if args.simulate:
        return _simulate(args.board, args.simulate, args.seed)
    votes, models = _read(args.board)
    if args.report:
        from colorize.files import write_whole
        from survey.board.page import render

        write_whole(args.report, render(votes, models).encode())
        print(args.report)
    if args.export:
        from survey.board.export import export

        print(export(votes, args.export))
    if not (args.report or args.export):
        print(json.dumps(_summary(rated(votes, models)), indent=1))
    return 0


def _read(folder: Path) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Every vote, and the models of the last lineup."""
    db = read_only(folder / DATABASE)
    try:
        last = list(db.query("SELECT models FROM lineups ORDER BY id DESC LIMIT 1"))
        return all_votes(db), list(json.loads(last[0]["models"])) if last else []
    finally:
        db.close()


def _summary(ratings: Ratings | None) -> dict[str, Any]:
    if ratings is None:
        return {"votes": 0}
    strengths = zip(ratings.models, ratings.strengths, strict=True)
    return {
        "votes": ratings.votes,
        "people": ratings.people,
        "photos": ratings.photos,
        "strengths": {model: list(strength) for model, strength in strengths},
        "left": list(ratings.left),
        "undecided": list(ratings.undecided),
        "transitivity_p": ratings.transitivity_p,
    }


def _simulate(folder: Path, votes: int, seed: int) -> int:
    from colorize.zoo import shipped
    from survey.board.lineup import lineup
    from survey.board.simulation import fill
    from survey.board.store import BoardStore

    if (folder / DATABASE).exists():
        raise ValueError(f"{folder} holds a board already; name a new folder.")
    store, models = BoardStore(folder, durable=False), lineup(shipped())
    try:
        print(f"{folder}: {fill(store, models, PHOTOS, votes, seed=seed)} simulated votes")
    finally:
        store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m survey board", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("board", type=Path, help="folder of the board: DATA/board of the app")
    add("--report", type=Path, metavar="HTML", help="write the board as a page")
    add("--export", type=Path, metavar="ZIP", help="write every vote and the ratings")
    add("--simulate", type=int, metavar="N", help="make a board of so many simulated votes")
    add("--seed", type=int, default=0)
    return parser
