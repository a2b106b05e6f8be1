"""Which models can be drawn, each by its name and the first digits of its weights' hash.

    from survey.board.lineup import lineup
    lineup(["regression", "rebalanced"])     # ['regression@5f0c…', 'rebalanced@91ab…']

A model that was trained anew under its old name is another one to the board: what people said of
the old one stays the old one's.
"""

import hashlib
from collections.abc import Iterable

DIGITS = 8


def lineup(names: Iterable[str]) -> list[str]:
    """The shipped models of these names, as the board knows them, in their names' order."""
    from colorize import zoo  # brings torch: only now

    found = []
    for name in sorted(names):
        with (zoo.WEIGHTS / f"{name}.safetensors").open("rb") as file:
            found.append(f"{name}@{hashlib.file_digest(file, 'sha256').hexdigest()[:DIGITS]}")
    return found


def name_of(model: str) -> str:
    """regression@5f0c… -> regression"""
    return model.partition("@")[0]


def titles(models: Iterable[str], here: Iterable[str]) -> dict[str, str]:
    """What to call each of them: by its name, if no other has it or it is the one that is here."""
    models, here = list(models), set(here)
    names = [name_of(model) for model in models]
    return {
        model: name if names.count(name) == 1 or model in here else model.replace("@", ", once ")
        for model, name in zip(models, names, strict=True)
    }
