"""The commands, from photos to a report made from an export alone."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from survey.__main__ import main
from survey.questionnaire.questions import Question
from survey.store import Store
from survey.study import Exclusion, Study
from tests.helpers.study import make_study


@pytest.fixture
def photos(tmp_path):
    """Clouds of colour, and one file that is no photo."""
    folder, rng = tmp_path / "photos", np.random.default_rng(1)
    (folder / "deeper").mkdir(parents=True)
    for i in range(12):
        cloud = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        place = folder / "deeper" if i % 2 else folder
        cloud.resize((80, 80), Image.Resampling.BICUBIC).save(place / f"{i}.png")
    return folder


@pytest.fixture
def without_weights(monkeypatch):
    """Models that need none: one sees red and blue exchanged, one the negative."""
    monkeypatch.setattr(
        "survey.build.load_models",
        lambda names, device: lambda p, name: p[..., ::-1] if name == "swap" else 255 - p,
    )


@pytest.mark.parametrize("design", ["single", "pair"])
def test_a_new_study_declares_todays_rules(tmp_path, photos, without_weights, design):
    build = ["build", str(photos), "--models", "swap", "--output", str(tmp_path / design)]
    build += ["--size", "32", "--trials", "4", "--practice", "0", "--design", design]
    build += ["--smallest-screen", "500", "--author", "A. L.", "--author", "B", "--licence", "CC0"]
    assert main([*build, "--catch", "0.5"]) == 0
    study = Study.load(tmp_path / design)
    assert study.counterbalanced == study.real_catches == (design == "single")
    assert study.exclusion == Exclusion(
        failed_catch=2, reloaded_share=0.1, hidden_share=0.1, smallest_screen=500
    )
    assert (study.authors, study.licence) == (("A. L.", "B"), "CC0")


def numbers(page: str) -> list[str]:
    return re.findall(r"\d+\.\d+", re.sub(r"data:[^\"')]+", "", page))


def test_from_photos_to_a_report_from_the_export_alone(
    tmp_path, photos, without_weights, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    study = str(tmp_path / "study")
    build = ["build", str(photos), "--models", "swap,invert", "--output", study, "--size", "32"]
    assert main([*build, "--trials", "4", "--practice", "1", "--catch", "0.25"]) == 0
    assert Study.load(study).models == ("swap", "invert")

    assert main(["simulate", study, "--participants", "20", "--json"]) == 0
    votes = json.loads(capsys.readouterr().out.splitlines()[-1])["votes"]
    assert votes > 60
    data = ["--data", f"{study}/simulation"]
    assert main(["report", study, *data, "--output", "a.html"]) == 0
    assert main(["export", study, *data, "--output", "study.zip"]) == 0
    assert main(["report", "study.zip", "--output", "b.html"]) == 0
    first, second = (tmp_path.joinpath(name).read_text() for name in ("a.html", "b.html"))
    assert len(numbers(first)) > 10
    assert numbers(first) == numbers(second)


def test_the_seed_is_drawn_by_chance_unless_one_is_given(tmp_path, photos, without_weights):
    """Everything random follows from the seed: with a known one, the answers can be computed."""

    def seed(name: str, *options: str) -> int:
        build = ["build", str(photos), "--models", "swap", "--output", str(tmp_path / name)]
        main([*build, "--size", "32", "--trials", "4", "--practice", "1", *options])
        return Study.load(tmp_path / name).seed

    first, second = seed("first"), seed("second")
    assert first != second and min(first, second) > 2**32  # one in two million is smaller
    assert seed("third", "--seed", "7") == 7


def test_a_study_gets_its_words_and_questions(tmp_path, photos, without_weights, capsys):
    questions = {"after": [{"name": "sure", "text": "Sure?", "kind": "scale", "steps": 5}]}
    (tmp_path / "questions.json").write_text(json.dumps(questions))
    (tmp_path / "debrief.txt").write_text("Thank you.")
    build = ["build", str(photos), "--models", "swap", "--output", str(tmp_path / "study")]
    build += ["--size", "32", "--trials", "4", "--practice", "1", "--language", "de"]
    build += ["--contact", "lab@example.org", "--kept", "bis 2036", "--display", "natural"]
    build += ["--debrief", str(tmp_path / "debrief.txt"), "--minutes", "7"]
    assert main([*build, "--questions", str(tmp_path / "questions.json")]) == 0
    study = Study.load(tmp_path / "study")
    assert study.after == (Question("sure", "Sure?", "scale", steps=5),)
    assert (study.question, study.debrief) == ("Echt oder künstlich?", "Thank you.")
    assert (study.contact, study.kept) == ("lab@example.org", "bis 2036")
    assert (study.display, study.minutes) == ("natural", 7)
    assert main(["simulate", str(tmp_path / "study"), "--participants", "3"]) == 0
    capsys.readouterr()
    (tmp_path / "questions.json").write_text('{"after": [{"name": "sure"}]}')
    again = [*build, "--questions", str(tmp_path / "questions.json")]
    assert main(again) == 2
    assert "lacks its kind, text" in capsys.readouterr().err


def test_words_to_translate(capsys):
    assert main(["words"]) == 0
    words = json.loads(capsys.readouterr().out)
    assert words["page"]["agree"] and words["designs"]["pair"]["question"]
    assert main(["words", "--language", "tlh"]) == 2
    assert "There is no 'tlh'; there are de, en." in capsys.readouterr().err


def test_an_unreadable_photo_is_told_and_the_rest_is_done(
    tmp_path, photos, without_weights, capsys
):
    (photos / "broken.png").write_bytes(b"no photo")
    build = ["build", str(photos), "--models", "swap", "--output", str(tmp_path / "study")]
    assert main([*build, "--size", "32", "--trials", "4", "--practice", "1"]) == 1
    assert "left out: broken.png, because" in capsys.readouterr().err
    assert Study.load(tmp_path / "study").title == "study"


@pytest.mark.parametrize(
    "command",
    [
        ["build", "nowhere", "--models", "swap", "--output", "study"],
        ["simulate", "nowhere"],
        ["report", "nowhere"],
        ["export", "nowhere", "--output", "x.zip"],
        ["backup", "nowhere"],
        ["restore", "nowhere"],
        ["freeze", "nowhere"],
    ],
)
def test_errors_are_sentences_on_stderr(tmp_path, without_weights, capsys, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.match(rf"survey {command[0]}: \S.*\S\n$", err)
    assert "Traceback" not in err


def test_simulating_twice_overwrites_nothing(tmp_path, capsys):
    make_study(tmp_path)
    assert main(["simulate", str(tmp_path), "--participants", "2"]) == 0
    assert "perfect" not in capsys.readouterr().err
    assert main(["simulate", str(tmp_path), "--participants", "2"]) == 2
    assert "holds votes already" in capsys.readouterr().err


def test_backup_and_restore(tmp_path, capsys):
    make_study(tmp_path / "study")
    folder, data = str(tmp_path / "study"), tmp_path / "study" / "data"
    assert main(["restore", folder]) == 2
    Store(folder).close()
    assert main(["backup", folder, "--output", str(tmp_path / "copy.db")]) == 0
    assert "copy.db: 0 votes, checked" in capsys.readouterr().out
    (data / "mirror").mkdir()
    (data / "mirror" / "votes-a.jsonl").write_text("")
    assert main(["restore", folder]) == 0
    assert capsys.readouterr().out == "0 lines, 0 new votes, 0 torn lines\n"


def test_freezing_an_edited_design(tmp_path, clock, capsys):
    from survey.protocol import StudyProtocol
    from tests.helpers.study import Participant

    make_study(tmp_path)
    path = tmp_path / "study.json"
    path.write_text(path.read_text().replace('"Test"', '"Better"'))
    assert main(["freeze", str(tmp_path)]) == 0
    assert Study.load(tmp_path).title == "Better"
    store = Store(tmp_path)
    Participant(StudyProtocol(store, clock), clock).answer()
    store.close()
    edited = path.read_text().replace('"Better"', '"Best"')
    path.write_text(edited)
    assert main(["freeze", str(tmp_path)]) == 2
    assert "holds 1 votes on another design" in capsys.readouterr().err
    assert path.read_text() == edited


def test_help_needs_no_torch():
    for words in ([], ["build"], ["bench"]):
        code = f"import sys; sys.argv = ['survey', *{words!r}, '--help']\n"
        code += "import atexit; atexit.register(lambda: print('torch' in sys.modules))\n"
        code += "import runpy; runpy.run_module('survey', run_name='__main__')"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.returncode == 0
        assert run.stdout.splitlines()[-1] == "False"
        assert "survey" in run.stdout
