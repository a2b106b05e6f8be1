"""After the votes: what was found, for people and for programs; and how fast all of this is.

python -m survey report studies/poster --output report.html
python -m survey export studies/poster --output poster.zip
python -m survey bench
"""

import argparse
from pathlib import Path

from survey.commands.command import Commands


def register(commands: Commands) -> None:
    options = commands.add(report, "write what was found, as a page")
    options.add_argument("--output", type=Path, default=Path("report.html"))
    options = commands.add(export, "write everything into one zip file, without secrets")
    options.add_argument("--output", type=Path, required=True)
    options.add_argument("--stimuli", action="store_true", help="with every image")
    about = "measure votes and reports, or kill under load"
    _bench_options(commands.add(bench, about, of_study=False))


def report(args: argparse.Namespace) -> int:
    from colorize.files import write_whole
    from survey.report.html import report

    write_whole(args.output, report(args.study, args.data).encode())
    print(args.output)
    return 0


def export(args: argparse.Namespace) -> int:
    from survey.report.export import export

    print(export(args.study, args.output, args.data, stimuli=args.stimuli))
    return 0


def bench(args: argparse.Namespace) -> int:
    if args.kill:
        from survey.bench.durability import main as kill

        return kill(args.kill, args.within, args.json)
    from survey.bench.speed import main as bench

    return bench(args.rounds, args.seconds, args.votes, args.within, args.json)


def _bench_options(options: argparse.ArgumentParser) -> None:
    add = options.add_argument
    add("--json", action="store_true")
    add("--rounds", type=int, default=5, help="of every measurement (5)")
    add("--seconds", type=float, default=4.0, help="of each load (4)")
    add("--votes", type=int, default=1_000_000, help="in the report (1,000,000; 0: none)")
    add("--within", type=Path, metavar="FOLDER", help="measure the disk of this folder")
    add("--kill", type=int, metavar="N", help="instead: kill -9 under load, N times")
