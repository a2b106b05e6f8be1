"""What tries to break the app, as commands.

    python -m tests.stress load --minutes 10 --participants 100 --visitors 10
    python -m tests.stress board --minutes 2 --voters 100 --visitors 10
    python -m tests.stress kill --rounds 50
    python -m tests.stress soak --minutes 60
    python -m tests.stress attack --participants 1000
    python -m tests.stress faults

Each file of this folder that has a command offers `add_arguments(parser)` and `main(args) -> int`.
"""

import argparse
import importlib
import signal
import sys

COMMANDS = {
    "load": "participants answer while visitors colour photos: latencies, memory, files",
    "board": "visitors vote on the open board while others colour photos: is every vote kept?",
    "kill": "kill -9 during that load, again and again: is any acknowledged vote lost?",
    "faults": "full disks, no handles, damaged and held databases, a Hub that fails or hangs",
    "attack": "throw-away participants, guessed keys: what can be learned, and how fast?",
    "images": "damaged photos through the app and the shell: colours, or a sentence",
    "bombs": "small files that promise much, opened under watch: seconds and megabytes",
    "archive": "many photos, more workers: photos a second, and memory for a long list",
    "start": "a cold start: the first page, the first photo, the first trial",
    "passes": "visitors' passes through the network: at once, or queued into batches",
    "soak": "an hour or more at a modest pace: does anything grow?",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.stress", description=__doc__.split("\n")[0]
    )
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, words in COMMANDS.items():
        module = importlib.import_module(f"tests.stress.{name}")
        command = commands.add_parser(name, help=words, description=module.__doc__.split("\n")[0])
        module.add_arguments(command)
        command.set_defaults(main=module.main)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # servers end with us
    return args.main(args)


if __name__ == "__main__":
    sys.exit(main())
