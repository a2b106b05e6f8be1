import json
from pathlib import Path

import pytest

from survey.bench.durability import Survived, check, kill_rounds, main
from survey.mirror import FOLDER, Mirror
from survey.protocol import StudyProtocol
from survey.store import DATA, Store
from tests.helpers.study import Participant, make_study


@pytest.mark.slow
def test_no_acknowledged_vote_is_lost_when_the_process_is_killed():
    found = kill_rounds(3)
    assert found.rounds == 3
    assert found.acknowledged >= 3
    assert found.kept >= found.acknowledged
    assert found.well


@pytest.fixture
def voted(tmp_path, clock) -> tuple[Path, list[tuple[str, int, str]]]:
    """A study with four votes, and what was acknowledged of them."""
    make_study(tmp_path)
    store = Store(tmp_path, mirror=Mirror(tmp_path / DATA / FOLDER), durable=False)
    person = Participant(StudyProtocol(store, clock), clock)
    for _ in range(4):
        person.answer()
    store.close()
    return tmp_path, [(person.token, position, "real") for position in range(4)]


def test_losses_would_be_noticed(voted):
    folder, acknowledged = voted
    found = Survived()
    check(folder / DATA, acknowledged, found)
    assert found == Survived(rounds=1, acknowledged=4, kept=4)
    assert found.well

    token = acknowledged[0][0]
    check(folder / DATA, [*acknowledged, (token, 4, "real")], lost := Survived())
    assert (lost.lost, lost.unmirrored) == (1, 1)
    check(folder / DATA, [(token, 0, "synthesized")], altered := Survived())
    assert altered.lost == 1
    (lines,) = (folder / DATA / FOLDER).iterdir()
    lines.write_text("".join(lines.read_text().splitlines(keepends=True)[:-1]))
    check(folder / DATA, acknowledged, unmirrored := Survived())
    assert (unmirrored.lost, unmirrored.unmirrored) == (0, 1)
    assert not (lost.well or altered.well or unmirrored.well)


def test_the_command_tells_by_its_exit_code(monkeypatch, capsys):
    for found, code in ((Survived(rounds=1), 0), (Survived(rounds=1, lost=1), 1)):
        monkeypatch.setattr(
            "survey.bench.durability.kill_rounds", lambda *_, found=found, **__: found
        )
        assert main(1, None, True) == code
        assert json.loads(capsys.readouterr().out)["lost"] == found.lost
