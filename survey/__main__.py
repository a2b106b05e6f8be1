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
import json
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from survey.designs import DESIGNS
from survey.planning.assumed import add_options, assumed_by

SETTINGS = (  # options of `build` that go into the design as they are
    *("title", "design", "question", "practice", "trials", "catch", "pairs", "target", "panel"),
    *("seed", "version", "language", "contact", "kept", "minutes", "display"),
)
CATCH = 0.25  # of 40 trials: ten, of which a guesser keeps the rule in 5 % of cases
PROLIFIC = "PROLIFIC_PID,STUDY_ID,SESSION_ID"  # the person's own comes first
RECRUIT = {
    "pause": "let nobody new begin for now; who has begun goes on",
    "close": "let nobody new begin, and call the study complete",
    "open": "let people begin",
}
Command = Callable[[argparse.Namespace], int]
SEED_BITS = 53  # whole numbers that every reader of JSON keeps exactly


def main(argv: list[str] | None = None) -> int:
    """Run a command; 0: done, 1: some inputs failed but the others are done, 2: wrong usage."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["power"]:  # it knows its options best
        from survey.power import main as power

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


def build(args: argparse.Namespace) -> int:
    from colorize.files import bare_name
    from colorize.folder import PHOTOS
    from survey.build import build, load_models, model_name
    from survey.other_systems import find, named
    from survey.questionnaire.questions import read_pages
    from survey.study import Exclusion, Study

    if not args.photos.is_dir():
        raise ValueError(f"{args.photos} is no folder; give the one that holds the photos.")
    names = [name.strip() for name in args.models.split(",")] if args.models else []
    settings = {name: getattr(args, name) for name in SETTINGS}
    for name in ("consent", "debrief"):
        if path := getattr(args, name):
            settings[name] = path.read_text(encoding="utf-8")
    if args.questions:
        settings |= read_pages(json.loads(args.questions.read_text(encoding="utf-8")))
    chosen = {name: value for name, value in settings.items() if value is not None}
    chosen.setdefault("seed", secrets.randbits(SEED_BITS))
    chosen["title"] = args.title or args.output.name
    design = DESIGNS[chosen.setdefault("design", "single")]
    chosen.setdefault("practice", design.practice)
    chosen["exposure_ms"] = getattr(args, "exposure", design.exposure_ms)
    chosen.setdefault("catch", CATCH)
    chosen["real_catches"] = design.catch_half is not None and design.shows_real
    chosen["counterbalanced"] = design.is_order_free
    chosen |= {"authors": tuple(args.author), "licence": args.licence}
    given = [named(text) for text in args.add]
    study = Study(models=(*map(model_name, names), *(name for name, _ in given)), **chosen)
    rules = Exclusion.of_new_studies(study.catches, design.chance)
    study = replace(study, exclusion=replace(rules, smallest_screen=args.smallest_screen))
    photos = [path for path in args.photos.rglob("*") if path.suffix.lower() in PHOTOS]
    added = [find(name, folder, photos, args.photos) for name, folder in given]
    colorize, limits = load_models(names, args.device), {"size": args.size, "most": args.most}
    built = build(photos, args.output, study, colorize, added=added, **limits)
    for row in built.left_out:
        name = bare_name(row["name"])  # which no terminal obeys
        print(f"left out: {name}, because {row['reason']}", file=sys.stderr)
    print(f"{args.output}: {built.photos} photos. The design: {built.study.sha256}")
    return int(built.unreadable > 0)


def plan(args: argparse.Namespace) -> int:
    from colorize.files import write_whole
    from survey.planning.preregistration import Chances, preregistration

    numbers = tuple(args.participants or ())
    chances = Chances(assumed_by(args), numbers, args.runs, args.seed)
    write_whole(args.output, preregistration(args.study, chances).encode())
    print(args.output)
    return 0


def freeze(args: argparse.Namespace) -> int:
    from survey.store import Store
    from survey.study import Study

    study = Study.load(args.study, changed=True)
    path = Path(args.study, "study.json")
    before = path.read_bytes()
    study.save(args.study)
    try:
        Store(args.study, args.data).close()  # refuses a change after the first vote
    except ValueError:
        path.write_bytes(before)
        raise
    print(f"{args.study} is frozen. The design: {study.sha256}")
    return 0


def simulate(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from survey.simulate import describe, simulate
    from survey.store import Store

    data = args.data or args.study / "simulation"
    if (data / "votes.db").exists():
        raise ValueError(f"{data} holds votes already; remove it, or name another with --data.")
    store = Store(args.study, data, durable=False)
    try:
        found = simulate(store, args.participants, seed=args.seed)
    finally:
        store.close()
    print(json.dumps(asdict(found)) if args.json else describe(found))
    print(f"To see the report: python -m survey report {args.study} --data {data}", file=sys.stderr)
    return 0


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


def people(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from survey.people import as_csv, as_table, people

    found = people(args.study, args.data)
    if args.json:
        print(json.dumps([asdict(person) for person in found], indent=1))
    elif args.csv:
        print(as_csv(found), end="")
    else:
        print(as_table(found))
    return 0


def words(args: argparse.Namespace) -> int:
    from survey.language.wording import LANGUAGES, wording

    if args.language not in LANGUAGES:
        raise ValueError(f"There is no {args.language!r}; there are {', '.join(LANGUAGES)}.")
    print(json.dumps(wording(args.language), indent=2, ensure_ascii=False))
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


def bench(args: argparse.Namespace) -> int:
    if args.kill:
        from survey.bench.durability import main as kill

        return kill(args.kill, args.within, args.json)
    from survey.bench.speed import main as bench

    return bench(args.rounds, args.seconds, args.votes, args.within, args.json)


def parser() -> argparse.ArgumentParser:
    """The options of every command but `power`."""
    parser = argparse.ArgumentParser(
        "python -m survey", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        run: Command, about: str, *, study: bool = True, name: str = ""
    ) -> argparse.ArgumentParser:
        options = commands.add_parser(name or run.__name__, help=about, description=about)
        options.set_defaults(run=run)
        if study:
            options.add_argument("study", type=Path, help="folder of the study")
            options.add_argument("--data", type=Path, help="folder of its votes (STUDY/data)")
        return options

    _build_options(command(build, "make a study from photos and models", study=False))
    command(freeze, "accept an edited study.json, before the first vote")
    options = command(plan, "write the plan to register: rules, tests, power, hash")
    options.add_argument("--output", type=Path, default=Path("plan.html"))
    add_options(options)
    options = command(simulate, "let simulated participants take a study")
    options.add_argument("--participants", type=int, default=100, metavar="N")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    options = command(report, "write what was found, as a page")
    options.add_argument("--output", type=Path, default=Path("report.html"))
    options = command(export, "write everything into one zip file, without secrets")
    options.add_argument("--output", type=Path, required=True)
    options.add_argument("--stimuli", action="store_true", help="with every image")
    options = command(people, "list who took part: code, state, minutes, rules kept and broken")
    shape = options.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true")
    shape.add_argument("--csv", action="store_true")
    _forget_options(command(forget, "remove a person who asks for it, and every copy"))
    for name, about in RECRUIT.items():
        _recruit_options(command(recruit, about, name=name))
    options = command(words, "print what participants read, to be translated", study=False)
    options.add_argument("--language", default="en")
    commands.add_parser("power", help="how many participants and photos a difference takes")
    commands.add_parser("board", help="the open board: its ratings, as a page, as a zip")
    options = command(backup, "copy the votes, while the study runs, and check the copy")
    options.add_argument("--output", type=Path, help="default: DATA/backups/votes-TIME.db")
    options = command(restore, "make the votes again from mirrors; what is there already stays")
    options.add_argument("--mirror", type=Path, help="folder of the lines (default: DATA/mirror)")
    options.add_argument("--hub", metavar="REPO", help="fetch the lines from this dataset first")
    _bench_options(command(bench, "measure votes and reports, or kill under load", study=False))
    return parser


def _build_options(options: argparse.ArgumentParser) -> None:
    add = options.add_argument
    add("photos", type=Path, help="folder of photos")
    add("--models", metavar="A,B,C", help="names or files of models")
    about = "a system by its pictures of these photos, of the same names; as often as there are any"
    add("--add", action="append", default=[], metavar="NAME=FOLDER", help=about)
    add("--output", type=Path, required=True, metavar="STUDY")
    add("--size", type=int, default=256, help="pixels on a side (256)")
    add("--most", type=int, metavar="N", help="scored photos at most (all)")
    add("--device", default="auto", help="auto, cpu, cuda or mps")
    add("--title", help="what participants read first (the name of the folder)")
    types = ", ".join(f"{name}: {design.summary}" for name, design in DESIGNS.items())
    add("--design", choices=tuple(DESIGNS), help=f"{types} (single)")
    add("--question", help="the default is the design's")
    add("--consent", type=Path, metavar="FILE", help="text to agree to")
    _word_options(options)
    exposures = ", ".join(f"{name} {d.exposure_ms or 'none'}" for name, d in DESIGNS.items())
    add(
        "--exposure",
        type=_exposure,
        default=argparse.SUPPRESS,
        metavar="MS",
        help=f"or `none` ({exposures})",
    )
    practices = ", ".join(f"{name} {d.practice}" for name, d in DESIGNS.items())
    add("--practice", type=int, help=f"trials with feedback, where any is right ({practices})")
    add("--trials", type=int, help="scored trials of each participant (40)")
    add("--catch", type=float, help=f"catch trials as a share of these ({CATCH})")
    add("--pairs", help="of models: balanced, or uncertain: where preferences are least sure")
    add("--smallest-screen", type=int, default=0, metavar="PX", help="leave out phones (0: take)")
    add("--target", type=int, help="participants, then the study is full (0: no limit)")
    add("--panel", type=_panel, help="`prolific`, or the address parameters of another, A or A,B,C")
    add("--seed", type=int, help="of all chance; who knows it knows the answers (drawn by chance)")
    add("--version", type=int)
    add("--author", action="append", default=[], metavar="NAME", help="of the data; repeat it")
    add("--licence", default="", help="of the data, as CC-BY-4.0")


def _word_options(options: argparse.ArgumentParser) -> None:
    """What participants are told and asked beside the trials, and how they see these."""
    add = options.add_argument
    add("--contact", help="who asks and where to write to, told with the consent")
    add("--kept", metavar="WORDS", help='how long answers are kept, as "until 2036"; told likewise')
    add("--minutes", type=int, help="that it takes, told likewise (estimated)")
    add("--debrief", type=Path, metavar="FILE", help="what it was about, told at the end")
    add("--questions", type=Path, metavar="FILE", help="pages before and after the trials, as JSON")
    add("--language", help="en, de, or `browser`: as each participant's browser prefers (en)")
    sizes = "of an image: CSS pixels, `natural`: its own, on any screen, or `fit` (fit)"
    add("--display", metavar="SIZE", help=sizes)


def _forget_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("person", help="panel id, completion code or token")
    hub = os.environ.get("SURVEY_MIRROR_REPO")
    options.add_argument("--hub", metavar="REPO", default=hub, help="also in this dataset")


def _recruit_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--target", metavar="N", help="participants who keep the rules; 0: any")
    options.add_argument(
        "--results", metavar="WHEN", help="complete, operator, everyone, or a day YYYY-MM-DD"
    )
    about = "the panel's code or address for finished, excluded, screened, full or declined"
    options.add_argument("--outcome", action="append", default=[], metavar="NAME=CODE", help=about)


def _panel(text: str) -> str:
    return PROLIFIC if text == "prolific" else text


def _bench_options(options: argparse.ArgumentParser) -> None:
    add = options.add_argument
    add("--json", action="store_true")
    add("--rounds", type=int, default=5, help="of every measurement (5)")
    add("--seconds", type=float, default=4.0, help="of each load (4)")
    add("--votes", type=int, default=1_000_000, help="in the report (1,000,000; 0: none)")
    add("--within", type=Path, metavar="FOLDER", help="measure the disk of this folder")
    add("--kill", type=int, metavar="N", help="instead: kill -9 under load, N times")


def _exposure(text: str) -> int | None:
    return None if text == "none" else int(text)


if __name__ == "__main__":
    sys.exit(main())
