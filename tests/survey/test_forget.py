"""Whoever asks for it is forgotten: on this disk, in every copy, at every start."""

import json
import shutil
import sqlite3

import pytest

from survey import push
from survey.__main__ import main
from survey.forget import UnknownPerson, blank, forget, forget_on_hub, respect
from survey.mirror import FOLDER, files
from survey.protocol import Refused, StudyProtocol
from survey.recovery import restore
from survey.store import Store
from survey.web.study_host import RunningStudy, open_study
from tests.helpers.study import Participant, make_study

NAME = "5f2c9a-member"


@pytest.fixture
def folder(tmp_path):
    make_study(tmp_path / "study", panel="PROLIFIC_PID")
    return tmp_path / "study"


@pytest.fixture
def running(folder, clock):
    """The app, after somebody finished and with somebody under way."""
    running = open_app(folder, clock)
    Participant(running.survey, clock, "first").finish()
    Participant(running.survey, clock, NAME).finish()
    yield running
    running.close()


def open_app(folder, clock) -> RunningStudy:
    running = open_study(folder, environ={})
    running.survey._clock = clock
    return running


def everything(folder) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file())


def votes_of(folder) -> set[int]:
    """The people who have votes, by the database."""
    with sqlite3.connect(folder / "data" / "votes.db") as db:
        found = {row[0] for row in db.execute("SELECT participant FROM votes")}
    db.close()
    return found


def token_of(running, panel_id: str) -> str:
    return running.store.transact(lambda ledger: ledger.person_of_panel(panel_id, ""))["token"]


@pytest.mark.parametrize("by", ["panel id", "token", "code"])
def test_forgotten_beside_a_running_app_and_at_every_start_after_it(
    folder, running, clock, by, capsys
):
    token = token_of(running, NAME)
    code = running.survey.debrief(token).code
    name = {"panel id": NAME, "token": token, "code": code}[by]
    assert main(["forget", str(folder), name]) == 0
    n = running.store.study.positions
    assert f"{n} votes and {n} lines" in capsys.readouterr().out
    assert votes_of(folder) == {1}
    with pytest.raises(Refused, match="not known here"):
        running.survey.stage(token)
    after = Participant(running.survey, clock, "third").finish()  # votes go on, and have lines
    running.close()
    assert NAME.encode() not in everything(folder) and token.encode() not in everything(folder)
    assert after.token.encode() in b"".join(p.read_bytes() for p in files(folder))
    assert votes_of(folder) == {1, 3}
    for path in (folder / "data").glob("votes.db*"):  # a lost disk: all is made from the mirror
        path.unlink()
    again = open_app(folder, clock)
    assert again.status()["votes"] == 2 * n
    assert again.status()["participants"] == 2
    again.close()


def test_an_older_copy_brings_nobody_back(folder, running, clock, tmp_path):
    shutil.copytree(folder / "data" / FOLDER, tmp_path / "older")
    backup = sqlite3.connect(tmp_path / "older.db")
    source = sqlite3.connect(folder / "data" / "votes.db")
    source.backup(backup)
    backup.close()
    source.close()
    forget(running.store, folder / "data" / FOLDER, NAME)
    running.close()
    store = Store(folder)
    assert restore(store, files(tmp_path / "older")).votes == 0
    store.close()
    assert votes_of(folder) == {1}
    (folder / "data" / "votes.db").write_bytes((tmp_path / "older.db").read_bytes())
    again = open_app(folder, clock)
    assert votes_of(folder) == {1}
    cells = "SELECT (SELECT SUM(filled) FROM cells), COUNT(*) FROM votes WHERE kind = 'trial'"
    filled, votes = again.store.transact(lambda ledger: ledger.db.execute(cells).fetchone())
    assert filled == votes
    again.close()


def test_numbers_are_not_given_twice(folder, running, clock):
    before = running.store.transact(lambda ledger: (ledger.next_vote(), ledger.next_number()))
    forget(running.store, folder / "data" / FOLDER, NAME)
    after = running.store.transact(lambda ledger: (ledger.next_vote(), ledger.next_number()))
    assert after == before


def test_the_rule_that_no_vote_is_deleted_holds_for_the_others(folder, running):
    forget(running.store, folder / "data" / FOLDER, NAME)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        running.store.transact(lambda ledger: ledger.db.execute("DELETE FROM votes"))


def test_who_is_not_there_cannot_be_forgotten(folder, running, capsys):
    with pytest.raises(UnknownPerson, match="nobody's panel id, completion code or token"):
        forget(running.store, folder / "data" / FOLDER, "nobody")
    assert main(["forget", str(folder), "nobody"]) == 2
    assert "survey people" in capsys.readouterr().err
    assert votes_of(folder) == {1, 2}
    assert respect(running.store, folder / "data" / FOLDER) == 0


def test_only_whole_lines_are_blanked(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": "me"}\n{"a": "you"}\n{"a": "me"')
    assert blank(path, "me") == 1
    assert path.read_bytes() == b" " * 11 + b'\n{"a": "you"}\n{"a": "me"'


class Dataset:
    """Of a Hub: its files, and whether it still knows what they were."""

    def __init__(self, folder) -> None:
        self.folder, self.has_history = folder, True

    def fetch(self, repo, to, token=None) -> None:
        shutil.copytree(self.folder, to, dirs_exist_ok=True)

    def create_commit(self, *, operations, **_) -> None:
        for operation in operations:
            with operation.as_file() as file:
                (self.folder / operation.path_in_repo).write_bytes(file.read())

    def super_squash_history(self, **_) -> None:
        self.has_history = False


def test_pushed_copies_go_with_their_history(folder, running, clock, tmp_path, monkeypatch):
    mirror = folder / "data" / FOLDER
    hub = Dataset(tmp_path / "hub")
    shutil.copytree(mirror, hub.folder)
    lost = hub.folder / "votes-of-a-lost-disk.jsonl"
    shutil.copy(files(mirror)[0], lost)
    monkeypatch.setattr(push, "fetch", hub.fetch)
    monkeypatch.setattr(push, "HfApi", lambda token: hub)
    token = token_of(running, NAME)
    gone = forget(running.store, mirror, NAME)
    assert forget_on_hub("you/votes", mirror, gone.token) == 2
    assert not hub.has_history
    assert token.encode() not in b"".join(path.read_bytes() for path in hub.folder.iterdir())
    assert len(list(hub.folder.glob("forgotten-*.txt"))) == 1
    assert lost.stat().st_size == files(mirror)[0].stat().st_size  # the others' lines are there


def test_panel_ids_are_sealed_in_the_mirror_and_known_again(folder, running, clock):
    lines = b"".join(path.read_bytes() for path in files(folder))
    assert NAME.encode() not in lines
    ids = {json.loads(line)["participant"]["panel_id"] for line in lines.splitlines()}
    assert len(ids) == 2 and all(name.startswith("sealed:") for name in ids)
    assert (folder / "data" / "panel.key").stat().st_mode & 0o077 == 0
    token = token_of(running, NAME)
    running.close()
    for path in (folder / "data").glob("votes.db*"):
        path.unlink()
    again = open_app(folder, clock)
    with pytest.raises(Refused, match="panel id"):  # a seal opens nothing
        again.survey.begin(True, min(ids))
    assert again.survey.begin(True, NAME) == token
    assert token_of(again, NAME) == token  # in clear, so that it can be paid
    again.close()


def test_a_mirror_with_clear_ids_still_restores(folder, running, clock, tmp_path):
    token = token_of(running, NAME)
    clear = tmp_path / "old.jsonl"
    seal = running.store.seal.of(NAME)
    clear.write_text("".join(p.read_text() for p in files(folder)).replace(seal, NAME))
    store = Store(folder, tmp_path / "new")
    restore(store, [clear])
    assert StudyProtocol(store, clock).begin(True, NAME) == token
    store.close()
