"""The layout of the house: who may import whom, and how full a folder may be."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("colorize", "survey", "train")
KNOWS = {
    "app": ("colorize", "survey"),
    "survey": ("colorize",),
    "train": ("colorize",),
    "colorize": (),
}
MOST = 25  # modules in a folder


def name_of(file: Path) -> str:
    """colorize/web/studio.py -> colorize.web.studio; colorize/__init__.py -> colorize"""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {
    name_of(file): file
    for file in [ROOT / "app.py", *(f for p in PACKAGES for f in sorted((ROOT / p).rglob("*.py")))]
}


def imported(name: str, nodes: Iterable[ast.AST]) -> set[str]:
    """Full names of what is imported; of ours, the module that a name is taken from."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports by dots; write the full name"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in FILES else str(node.module) for one in full}
    return found - {name}


def at_the_top(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """What runs when a module is imported: nothing within functions, nothing for types alone."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        children = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.stmt)]
        yield from at_the_top(children)


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


@cache
def imports(name: str) -> set[str]:
    """Everything that a module imports anywhere in it."""
    return imported(name, ast.walk(tree(name)))


def is_web(name: str) -> bool:
    return name == "app" or name.split(".")[1:2] == ["web"]


def test_only_the_app_and_its_pages_import_gradio():
    others = [name for name in FILES if not is_web(name)]
    assert not [n for n in others if any(one.split(".")[0] == "gradio" for one in imports(n))]


def test_pages_are_imported_by_the_app_and_their_own_room_alone():
    """app -> */web -> package: nothing beneath them knows them, and no room knows the other's."""
    others = [name for name in FILES if name != "app"]
    pairs = [(name, one) for name in others for one in imports(name) if is_web(one)]
    assert not [(name, one) for name, one in pairs if room(name) != room(one)]


def room(name: str) -> list[str]:
    """colorize.web.studio -> ["colorize", "web"]"""
    return name.split(".")[:2]


def test_arrows_point_one_way():
    """app -> survey, colorize; survey -> colorize; train -> colorize; colorize -> nothing."""
    for name in FILES:
        package = name.split(".")[0]
        ours = {one.split(".")[0] for one in imports(name)} & {*KNOWS, "tests"}
        assert ours <= {package, *KNOWS[package]}, name


def test_no_circle():
    graph = {name: imported(name, at_the_top(tree(name).body)) & FILES.keys() for name in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These import each other: {' <- '.join(error.args[1])}")


def test_a_folder_is_read_at_a_glance():
    folders = {file.parent for file in FILES.values()}
    modules = {f: [m for m in f.glob("*.py") if not m.stem.startswith("__")] for f in folders}
    assert not {str(folder): len(found) for folder, found in modules.items() if len(found) > MOST}
