"""A board's votes: kept for ever, copied before they are acknowledged, made again from copies."""

import json
import sqlite3

import pytest

from survey.board.store import BoardStore
from survey.mirror import files
from survey.store_errors import StoreError
from tests.helpers.open_board import MODELS, BoardOf


def lines(board: BoardOf) -> list[dict]:
    found = [line for path in files(board.folder) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in found]


@pytest.fixture
def voted(board):
    for _ in range(2):
        token = board.protocol.begin()
        for answer in ("first", "tie"):
            board.vote(token, answer)
    return board


def test_a_vote_is_never_changed_nor_deleted(voted):
    for statement in ("UPDATE votes SET answer = 'tie'", "DELETE FROM votes"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            voted.store.transact(lambda ledger, said=statement: ledger.db.execute(said))


def test_the_database_itself_refuses_a_second_vote_on_a_pair(voted):
    vote = voted.votes()[0]
    turned = vote | {"id": None, "first": vote["second"], "second": vote["first"]}
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        voted.store.transact(lambda ledger: ledger.insert("votes", turned))


def test_every_vote_has_its_line_when_it_is_acknowledged(board):
    token = board.protocol.begin()
    for number in range(1, 4):
        board.vote(token)
        assert [line["vote"] for line in lines(board)] == board.votes()
        assert len(lines(board)) == number
    assert json.loads(lines(board)[0]["lineup"]["models"]) == MODELS


def test_a_lost_database_comes_back_from_its_mirror(voted):
    before = voted.votes()
    voted.close()
    for path in voted.folder.glob("votes.db*"):
        path.unlink()
    again = BoardStore(voted.folder, durable=False)
    assert again.restored == 4
    assert [dict(row) for row in again.transact(lambda ledger: ledger.votes())] == before
    again.close()
    once_more = BoardStore(voted.folder, durable=False)
    assert once_more.restored == 0
    assert len(lines(voted)) == 4
    once_more.close()


def test_votes_since_a_backup_come_back_and_the_torn_line_does_not(voted):
    before = voted.votes()
    voted.close()
    (path,) = files(voted.folder)
    path.write_text(path.read_text() + '{"voter": {"tok')
    for database in voted.folder.glob("votes.db*"):
        database.unlink()
    again = BoardStore(voted.folder, durable=False)
    assert [dict(row) for row in again.transact(lambda ledger: ledger.votes())] == before
    again.close()


def test_lines_of_something_else_are_named(tmp_path):
    (tmp_path / "mirror").mkdir()
    line = json.dumps({"study": "5f", "participant": {}, "vote": {"id": 3}})
    (tmp_path / "mirror" / "votes-1.jsonl").write_text(line + "\n")
    with pytest.raises(StoreError, match=r"votes-1\.jsonl, line 1, is no vote of a board"):
        BoardStore(tmp_path, durable=False)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "votes.db").write_bytes(b"no database" * 500)
    with pytest.raises(StoreError, match=r"votes\.db"):
        BoardStore(tmp_path)


def test_lineups_are_numbered_as_they_change(board, clock):
    board.vote(board.protocol.begin())
    fewer = board.reopened(MODELS[:2])
    fewer.vote(fewer.protocol.begin())
    same = fewer.reopened(MODELS[:2])
    same.vote(same.protocol.begin())
    assert [vote["lineup"] for vote in same.votes()] == [1, 2, 2]
    same.close()
