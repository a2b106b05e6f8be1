"""The commands of `python -m survey`, gathered as each module registers its own.

python -m survey --help
"""

import argparse
from collections.abc import Callable
from pathlib import Path

Command = Callable[[argparse.Namespace], int]


class Commands:
    """A parser with a command for each function that was added."""

    def __init__(self, about: str) -> None:
        self.parser = argparse.ArgumentParser(
            "python -m survey", description=about, formatter_class=argparse.RawTextHelpFormatter
        )
        self._all = self.parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        self, run: Command, about: str, *, of_study: bool = True, name: str = ""
    ) -> argparse.ArgumentParser:
        """The parser of a command's options; most are about one study."""
        options = self.mention(name or run.__name__, about)
        options.set_defaults(run=run)
        if of_study:
            options.add_argument("study", type=Path, help="folder of the study")
            options.add_argument("--data", type=Path, help="folder of its votes (STUDY/data)")
        return options

    def mention(self, name: str, about: str) -> argparse.ArgumentParser:
        """A command that reads its own options is listed here all the same."""
        return self._all.add_parser(name, help=about, description=about)
