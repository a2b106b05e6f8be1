"""While people vote: who took part, how many more may, who asks to be forgotten; copies of it all.

python -m survey people studies/poster                  # to approve and to pay
python -m survey open studies/poster --target 60        # or pause, or close
python -m survey forget studies/poster 5f2c9a           # a person who asks for it
python -m survey backup studies/poster
python -m survey restore studies/poster
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from survey.commands.command import Commands

RECRUIT = {
    "pause": "let nobody new begin for now; who has begun goes on",
    "close": "let nobody new begin, and call the study complete",
    "open": "let people begin",
}


def register(commands: Commands) -> None:
    options = commands.add(
        people, "list who took part: code, state, minutes, rules kept and broken"
    )
    shape = options.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true")
    shape.add_argument("--csv", action="store_true")
    for name, about in RECRUIT.items():
        _recruit_options(commands.add(recruit, about, name=name))
    _forget_options(commands.add(forget, "remove a person who asks for it, and every copy"))
    options = commands.add(backup, "copy the votes, while the study runs, and check the copy")
    options.add_argument("--output", type=Path, help="default: DATA/backups/votes-TIME.db")
    about = "make the votes again from mirrors; what is there already stays"
    options = commands.add(restore, about)
    options.add_argument("--mirror", type=Path, help="folder of the lines (default: DATA/mirror)")
    options.add_argument("--hub", metavar="REPO", help="fetch the lines from this dataset first")


def people(args: argparse.Namespace) -> int:
    from survey.people import as_csv, as_table, people

    found = people(args.study, args.data)
    if args.json:
        print(json.dumps([asdict(person) for person in found], indent=1))
    elif args.csv:
        print(as_csv(found), end="")
    else:
        print(as_table(found))
    return 0


def recruit(args: argparse.Namespace) -> int:
    """`pause`, `close` and `open`: the state, and what else is to change with it."""
    from survey import outcomes
    from survey.recruitment import decide
    from survey.store import Store

    endings = [outcomes.read(text) for text in args.outcome]

    decided = {"state": {"pause": "paused", "close": "closed", "open": "open"}[args.command]}
    decided |= {name: getattr(args, name) for name in ("target", "results") if getattr(args, name)}
    store = Store(args.study, args.data)
    try:
        now = store.transact(lambda ledger: decide(ledger, decided))
        store.transact(lambda ledger: outcomes.decide(ledger, endings))
    finally:
        store.close()
    people = f"{now.target} people" if now.target else "any number of people"
    print(f"{args.study} is {now.state}, for {people}; results: {now.results}")
    return 0


def _recruit_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--target", metavar="N", help="participants who keep the rules; 0: any")
    options.add_argument(
        "--results", metavar="WHEN", help="complete, operator, everyone, or a day YYYY-MM-DD"
    )
    about = "the panel's code or address for finished, excluded, screened, full or declined"
    options.add_argument("--outcome", action="append", default=[], metavar="NAME=CODE", help=about)


def forget(args: argparse.Namespace) -> int:
    from survey.forget import forget, forget_on_hub
    from survey.mirror import FOLDER
    from survey.store import DATA, Store

    data = args.data or args.study / DATA
    store = Store(args.study, args.data)
    try:
        gone = forget(store, data / FOLDER, args.person)
    finally:
        store.close()
    print(f"{gone.votes} votes and {gone.lines} lines of the mirror are gone")
    if args.hub:
        files = forget_on_hub(args.hub, data / FOLDER, gone.token, os.environ.get("HF_TOKEN"))
        print(f"{files} files of {args.hub} were written anew, and its history dropped")
    for copy in sorted((data / "backups").glob("*.db")):
        print(f"{copy} is older, and may hold them still; delete it.", file=sys.stderr)
    return 0


def _forget_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("person", help="panel id, completion code or token")
    hub = os.environ.get("SURVEY_MIRROR_REPO")
    options.add_argument("--hub", metavar="REPO", default=hub, help="also in this dataset")


def backup(args: argparse.Namespace) -> int:
    from survey.recovery import backup
    from survey.store import DATA, DATABASE

    data = args.data or args.study / DATA
    name = time.strftime("votes-%Y%m%d-%H%M%S.db")
    output = args.output or data / "backups" / name
    votes = backup(data / DATABASE, output)
    print(f"{output}: {votes} votes, checked")
    return 0


def restore(args: argparse.Namespace) -> int:
    from survey.forget import respect
    from survey.mirror import FOLDER, files
    from survey.recovery import restore
    from survey.store import DATA, Store

    lines = args.mirror or (args.data or args.study / DATA) / FOLDER
    if args.hub:
        from survey.push import fetch

        fetch(args.hub, lines)
    if not files(lines):
        raise ValueError(f"{lines} holds no mirror; name its folder with --mirror, or use --hub.")
    store = Store(args.study, args.data)
    try:
        respect(store, lines)
        found = restore(store, files(lines))
    finally:
        store.close()
    print(f"{found.lines} lines, {found.votes} new votes, {found.torn} torn lines")
    if found.conflicts:
        print(f"{found.conflicts} lines contradict votes that came first", file=sys.stderr)
    return int(found.conflicts > 0)
