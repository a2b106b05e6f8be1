"""Studies of what people believe: built, tried out, reported, kept.

python -m survey build photos/ --models regression,rebalanced --output studies/poster
python -m survey plan studies/poster --output plan.html # to register, before the first vote
python -m survey simulate studies/poster --participants 200
python app.py --study studies/poster                    # the study itself, at /study
python -m survey report studies/poster --output report.html
python -m survey export studies/poster --output poster.zip
python -m survey people studies/poster                  # to approve and to pay
python -m survey open studies/poster --target 60        # or pause, or close
python -m survey power studies/poster                   # has this very design the power?
python -m survey power                                  # how many people and photos it takes
python -m survey board studies/board --export board.zip # the open board at /prefer
python -m survey forget studies/poster 5f2c9a           # a person who asks for it
python -m survey backup studies/poster
python -m survey restore studies/poster
"""

import argparse
import sqlite3
import sys

from survey.commands import after, before, during
from survey.commands.command import Commands


def main(argv: list[str] | None = None) -> int:
    """Run a command; 0: done, 1: some inputs failed but the others are done, 2: wrong usage."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["power"]:  # it knows its options best
        from survey.planning.power import main as power

        return power(argv[1:])
    try:
        if argv[:1] == ["board"]:  # and so does this
            from survey.board.command import main as board

            return board(argv[1:])
        args = parser().parse_args(argv)
        return int(args.run(args))
    except (ValueError, OSError, sqlite3.Error) as error:  # what ours say is meant for people
        print(f"survey {argv[0]}: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The options of every command but `power` and `board`."""
    commands = Commands(str(__doc__))
    for moment in (before, during, after):
        moment.register(commands)
    commands.mention("power", "how many participants and photos a difference takes")
    commands.mention("board", "the open board: its ratings, as a page, as a zip")
    return commands.parser


if __name__ == "__main__":
    sys.exit(main())
