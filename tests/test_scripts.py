"""The pages' scripts: each says at its top which names it is given, and uses those and no others.

Gradio wraps a script into a function with the names of GIVEN. Scripts of one folder may be joined,
and those of shared/ with any; who uses another's names says which file comes before it.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(ROOT.glob("*/web/assets/*/*.js"))
GIVEN = {"element", "props", "server", "trigger", "upload", "watch"}  # to js_on_load of gr.HTML
NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""", re.DOTALL
)
LINE = re.compile(r"^(?:// .*\n)*?// Given: (.*)$", re.MULTILINE)
AT_THE_TOP = re.compile(r"^(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)


def code(script: str) -> str:
    """Without comments and strings; of a template string what stands in its ${…}."""

    def left(found: re.Match[str]) -> str:
        inner = re.findall(r"\$\{(.*?)\}", found[0]) if found[0].startswith("`") else []
        return " ".join(map(code, inner))

    return NO_CODE.sub(left, script)


def uses(script: str, name: str) -> bool:
    """As a variable, not as the property of something."""
    return bool(re.search(rf"(?:(?<![\w$.])|(?<=\.\.\.)){name}\b(?!:)", code(script)))


def declares(script: str, name: str) -> bool:
    return bool(re.search(rf"\b(?:const|let|function|class) {name}\b", code(script)))


def told(script: str) -> str:
    """What the script says of itself: the first sentence after `// Given:`, in its first lines."""
    line = LINE.match(script)
    assert line, "begin the script with comments, one of them `// Given: …`"
    return line[1].split(". ")[0]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def shortened(path: Path) -> str:
    return f"{path.parents[3].name}/{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", SCRIPTS, ids=shortened)
def test_a_script_says_what_it_is_given(path):
    script = text(path)
    assert set(re.findall(r"`(\w+)`", told(script))) == {n for n in GIVEN if uses(script, n)}


@pytest.mark.parametrize("path", SCRIPTS, ids=shortened)
def test_a_script_says_whose_names_it_uses(path):
    script = text(path)
    folders = {path.parent, path.parents[1] / "shared"}
    others = [other for folder in folders for other in folder.glob("*.js") if other != path]
    taken = {
        other.name
        for other in others
        for name in AT_THE_TOP.findall(text(other))
        if uses(script, name) and not declares(script, name)
    }
    assert taken == {other.name for other in others if other.name in told(script)}


def test_a_name_in_words_is_not_used():
    script = '// element\nconst a = "props", b = `server ${watch("a")} ${x.upload}`; /* trigger */'
    assert {name for name in GIVEN if uses(script, name)} == {"watch"}
