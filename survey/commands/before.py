"""Before the first vote: a study is built, planned, frozen and tried out.

python -m survey build photos/ --models regression,rebalanced --output studies/poster
python -m survey plan studies/poster --output plan.html # to register, before the first vote
python -m survey freeze studies/poster                  # after a change to its study.json
python -m survey simulate studies/poster --participants 200
python -m survey words --language de                    # what participants read, to be translated
"""

import argparse
import json
import secrets
import sys
from dataclasses import asdict, replace
from pathlib import Path

from survey.commands.command import Commands
from survey.designs import DESIGNS
from survey.planning.assumed import add_options, assumed_by

SETTINGS = (  # options of `build` that go into the design as they are
    *("title", "design", "question", "practice", "trials", "catch", "pairs", "target", "panel"),
    *("seed", "version", "language", "contact", "kept", "minutes", "display"),
)
CATCH = 0.25  # of 40 trials: ten, of which a guesser keeps the rule in 5 % of cases
PROLIFIC = "PROLIFIC_PID,STUDY_ID,SESSION_ID"  # the person's own comes first
SEED_BITS = 53  # whole numbers that every reader of JSON keeps exactly


def register(commands: Commands) -> None:
    _build_options(commands.add(build, "make a study from photos and models", of_study=False))
    commands.add(freeze, "accept an edited study.json, before the first vote")
    options = commands.add(plan, "write the plan to register: rules, tests, power, hash")
    options.add_argument("--output", type=Path, default=Path("plan.html"))
    add_options(options)
    options = commands.add(simulate, "let simulated participants take a study")
    options.add_argument("--participants", type=int, default=100, metavar="N")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    options = commands.add(words, "print what participants read, to be translated", of_study=False)
    options.add_argument("--language", default="en")


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


def _panel(text: str) -> str:
    return PROLIFIC if text == "prolific" else text


def _exposure(text: str) -> int | None:
    return None if text == "none" else int(text)


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


def words(args: argparse.Namespace) -> int:
    from survey.language.wording import LANGUAGES, wording

    if args.language not in LANGUAGES:
        raise ValueError(f"There is no {args.language!r}; there are {', '.join(LANGUAGES)}.")
    print(json.dumps(wording(args.language), indent=2, ensure_ascii=False))
    return 0
