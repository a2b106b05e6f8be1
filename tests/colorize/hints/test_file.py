import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize.hints import Hint, HintError, parse_hints, read_hints, save_hints
from colorize.hints.file import LARGEST, write_text
from colorize.hints.hint import MOST

SHARES = st.floats(0, 1)
HINTS = st.builds(
    Hint,
    SHARES,
    SHARES,
    st.none() | st.integers(0, 0xFFFFFF).map("#{:06x}".format),
    st.none() | st.floats(0.001, 1),
)


@given(st.lists(HINTS, max_size=20))
def test_what_is_written_is_read_again(hints):
    assert parse_hints(write_text(hints)) == tuple(hints)


def test_the_file_is_the_contracted_list(tmp_path):
    hints = (Hint(0.5, 0.25, "#b03020"), Hint(0, 1, None, 0.5))
    path = save_hints(hints, tmp_path / "hints.json")
    assert json.loads(path.read_text()) == [
        {"x": 0.5, "y": 0.25, "color": "#b03020"},
        {"x": 0, "y": 1, "color": None, "radius": 0.5},
    ]
    assert read_hints(path) == hints


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1" + "0" * 5_000 + "]", "no JSON"),
        ("null", "None, not a list"),
        ('"#ff0000"', "not a list"),
        ('{"hints": []}', "not a list"),
        ('{"version": 2, "hints": []}', "version 2; this program reads"),
        ("[3]", "Hint 1 of 1: It is 3; it must be an object"),
        ('[{"x": 0.5, "y": 0.5}]', "Hint 1 of 1: It has no color"),
        (
            '[{"x": 0, "y": 0, "color": null}, {"x": 2, "y": 0, "color": null}]',
            "2 of 2: .* x is 2",
        ),
        ('[{"x": NaN, "y": 0, "color": null}]', "x is nan"),
        ('[{"x": 0, "y": -Infinity, "color": null}]', "y is -inf"),
        ('[{"x": 0, "y": 0, "color": "blue"}]', "color is 'blue'"),
        (
            '[{"x": 0, "y": 0, "color": null, "colour": 1}]',
            "'colour', which no hint has",
        ),
        (json.dumps([{"x": 0, "y": 0, "color": None}] * 10_000), f"10,000 hints .* at most {MOST}"),
        (" " * (LARGEST + 1), "bytes long"),
    ],
)
def test_others_are_refused_with_a_sentence(text, words):
    with pytest.raises(HintError, match=words) as error:
        parse_hints(text)
    assert len(str(error.value)) < 400


@given(
    st.text()
    | st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x) | st.dictionaries(st.sampled_from(["x", "y", "color", "radius", "z"]), x)
        ),
    ).map(json.dumps)
)
def test_whatever_comes_is_hints_or_a_sentence(text):
    try:
        assert all(isinstance(hint, Hint) for hint in parse_hints(text))
    except HintError as error:
        assert str(error).endswith((".", "]"))


def test_a_file_that_is_not_there_or_wrong_is_named(tmp_path):
    with pytest.raises(HintError, match=r"none\.json cannot be read: No such file"):
        read_hints(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(HintError, match=r"bad\.json: The hints are no JSON"):
        read_hints(tmp_path / "bad.json")
    with pytest.raises(HintError, match="cannot be read"):
        read_hints(tmp_path)
