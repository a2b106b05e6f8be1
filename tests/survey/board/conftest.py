import pytest

from tests.helpers.open_board import BoardOf


@pytest.fixture
def board(tmp_path, clock):
    board = BoardOf(tmp_path / "board", clock)
    yield board
    board.close()
