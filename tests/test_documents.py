"""What README, docs and docstrings speak of is there: files, commands, their options."""

import ast
import importlib
import io
import re
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PACKAGES = ("colorize", "survey", "train")
MODULES = [ROOT / "app.py", *(f for p in PACKAGES for f in sorted((ROOT / p).rglob("*.py")))]
SPEAKERS = [*DOCUMENTS, *MODULES, *sorted((ROOT / "tests" / "stress").glob("*.py"))]
FILE = re.compile(
    r"(?<![\w/.:-])(?:app\.py|(?:colorize|survey|train|tests|docs)/[\w/-]*(?:\.\w+)*)"
)
COMMAND = re.compile(r"-m (colorize|survey|train|tests\.stress)\b((?: [^\s`\"'#;]+)*)")
APP = re.compile(r"python app\.py((?: [^\s`\"'#;]+)*)")
OPTION = re.compile(r"(?<!\S)\[?(--[a-z][a-z0-9-]+)")
ROW = re.compile(r"^( *)([\w.]+/?) {2,}\S.*? {2,}(\w+\.(?:py|md))$", re.MULTILINE)
TRIED = re.compile(r"\bpython (?:-m|-c|app\.py)(?!\S)|\btorchrun |\btail -f ")
UNTRIED = {  # parts of a report and of a study, tried by making one
    "survey/bench/load.py",
    "survey/manifest.py",
    "survey/mirror.py",
    "survey/report/aggregates.py",
    "survey/report/believed_photos.py",
    "survey/report/data_dictionary.py",
    "survey/report/exclusion.py",
    "survey/report/markup.py",
    "survey/report/method.py",
    "survey/report/plots.py",
    "survey/report/sections.py",
    "survey/report/tables.py",
    "survey/schema.py",
    "survey/writer.py",
    "train/data/draft.py",
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text(path: Path) -> str:
    """In a document, code that goes on in the next line is put into one."""
    words = path.read_text(encoding="utf-8")
    if path.suffix != ".md":
        return words
    return re.sub(r"(?<!`)`[^`]+`(?!`)", lambda found: " ".join(found[0].split()), words)


@cache
def usage(module: str, command: str) -> str:
    """What `python -m MODULE COMMAND --help` says; of an unknown command, a complaint."""
    said, words = io.StringIO(), [*command.split(), "--help"]
    main = importlib.import_module(f"{module}.__main__").main
    told = patch.object(sys, "argv", [module, *words])
    with told, redirect_stdout(said), redirect_stderr(said), suppress(SystemExit):
        main()
    return said.getvalue()


def faults(module: str, words: str) -> set[str]:
    """What of a command is not so: the command itself, or options of it."""
    first = words.split()[0] if words else ""
    command = first if re.fullmatch("[a-z_]+", first) else ""
    said = usage(module, command)
    if not said.startswith(f"usage: python -m {module} {command}".strip()):
        return {command}
    return {one for one in OPTION.findall(words) if not re.search(rf"{one}(?![\w-])", said)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_files_that_a_document_names_are_there(path):
    files = {name.rstrip("/.") for name in FILE.findall(text(path))}
    assert not {name for name in files if not (ROOT / name).exists()}


@pytest.mark.parametrize("module", [*PACKAGES, "tests.stress"])
def test_commands_that_are_named_are_there(module):
    found = [
        (p, words) for p in SPEAKERS for name, words in COMMAND.findall(text(p)) if name == module
    ]
    wrong = {(named(path), words): faults(module, words) for path, words in found}
    assert found and not {place: what for place, what in wrong.items() if what}


def test_options_of_the_app_that_are_named_are_there():
    options = {
        o for path in SPEAKERS for words in APP.findall(text(path)) for o in OPTION.findall(words)
    }
    assert options and not {one for one in options if f'"{one}"' not in text(ROOT / "app.py")}


def test_a_command_that_is_not_there_is_noticed():
    assert faults("train", " colour x") == {"colour"}
    assert faults("colorize", " colour x") == {"colour"}
    assert faults("train", " prepare X --output Y --colour 3 --short 2") == {"--colour", "--short"}


def test_the_map_shows_every_folder_and_where_to_begin():
    shown, above = {}, ""
    for indent, name, begin in ROW.findall(text(ROOT / "README.md")):
        above = name if not indent else above
        shown[Path(name if name == above else above + name)] = begin
    folders = {path.parent.relative_to(ROOT) for path in MODULES} - {Path()}
    assert folders <= shown.keys()
    assert not {folder for folder, begin in shown.items() if not (ROOT / folder / begin).exists()}


def test_a_module_names_the_command_to_try():
    """A folder's own words are what to begin with; UNTRIED are the exceptions."""
    silent = set()
    for path in MODULES:
        words = ast.get_docstring(ast.parse(text(path))) or ""
        if path.name != "__init__.py" and not TRIED.search(words) and not tries(words):
            silent.add(named(path))
    assert silent <= UNTRIED


def tries(words: str) -> bool:
    """Are there lines of Python in it that call something?"""
    for block in re.split(r"\n\s*\n", words):
        try:
            tree = ast.parse(re.sub("^    |^Try it:", "", block.replace("…", "..."), flags=re.M))
        except SyntaxError:
            continue
        if any(isinstance(node, ast.Call) for node in ast.walk(tree)):
            return True
    return False
