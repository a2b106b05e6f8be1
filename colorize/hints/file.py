"""Hints in JSON: a list of objects, the same for the page, the command line and the API.

python -c "from colorize.hints.file import read_hints; print(read_hints('hints.json'))"

[{"x": 0.5, "y": 0.25, "color": "#b03020"}, {"x": 0.9, "y": 1, "color": null, "radius": 0.2}]
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from colorize.files import write_whole
from colorize.hints.hint import MOST, Hint, HintError, check_hints, quoted

LARGEST = 1 << 20  # bytes of a file of hints: MOST of them take a tenth of it


def parse_hints(text: str | bytes) -> tuple[Hint, ...]:
    """The hints that a JSON text lists."""
    if len(text) > LARGEST:
        raise HintError(
            f"The list of hints is {len(text):,} bytes long; at most {LARGEST:,} are read. "
            f"A photo takes up to {MOST:,} hints."
        )
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HintError(f"The hints are no JSON ({error}). Save them again.") from error
    if isinstance(listed, dict) and "version" in listed:
        raise HintError(
            f"The hints are of version {quoted(listed['version'])}; this program reads the plain "
            "list of the first one. Save them again with this program, or update it."
        )
    if not isinstance(listed, list):
        raise HintError(
            f"The hints are {quoted(listed)}, not a list. Write "
            '[{"x": 0.5, "y": 0.5, "color": "#b03020"}].'
        )
    return make_hints(listed)


def make_hints(listed: Sequence[object]) -> tuple[Hint, ...]:
    """Hints of decoded JSON; the sentence of an error tells which one is wrong."""
    if len(listed) > MOST:
        check_hints(listed)  # type: ignore[arg-type]  # only their number is looked at
    hints = []
    for number, described in enumerate(listed, start=1):
        try:
            hints.append(_hint(described))
        except HintError as error:
            raise HintError(f"Hint {number} of {len(listed)}: {error}") from error
    return tuple(hints)


def write_text(hints: Iterable[Hint]) -> str:
    """The JSON list, one hint a line."""
    lines = []
    for hint in check_hints(hints):
        described = asdict(hint)
        if hint.radius is None:
            del described["radius"]
        lines.append("  " + json.dumps(described))
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def read_hints(path: str | Path) -> tuple[Hint, ...]:
    """The hints in a file."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise HintError(
            f"The hints {path} cannot be read: {error.strerror or error}. Give the path of a JSON "
            "file of hints."
        ) from error
    try:
        return parse_hints(text)
    except HintError as error:
        raise HintError(f"{path}: {error}") from error


def save_hints(hints: Iterable[Hint], path: str | Path) -> Path:
    """Write the file, whole or not at all."""
    path = Path(path)
    write_whole(path, write_text(hints).encode())
    return path


def _hint(described: object) -> Hint:
    if not isinstance(described, dict):
        raise HintError(f"It is {quoted(described)}; it must be an object with x, y and color.")
    known = [field.name for field in fields(Hint)]
    unknown = [key for key in described if key not in known]
    if unknown:
        raise HintError(
            f"It has {quoted(unknown[0])}, which no hint has; known are {', '.join(known)}."
        )
    for name in ("x", "y", "color"):
        if name not in described:
            raise HintError(f"It has no {name}; x, y and color (or null for none) are needed.")
    return Hint(**described)
