"""The running board: opened when first needed, mirrored, with threads of its own.

    host = BoardHost("studies/board", lambda: list(studio.models), studio.paint)
    await host.run(lambda board: board.begin())        # survey/board/protocol.py
    await host.pictures(pair)                          # two JPEGs

SURVEY_BOARD_REPO names a private dataset on the Hub to which all votes are pushed (HF_TOKEN is the
key to it), as SURVEY_MIRROR_REPO does for a study. A board that cannot be opened is told in the log
and tried again when somebody comes a while later.

Votes have threads of their own, so that they wait for nothing but other votes; pictures are painted
by one thread, one after the other, so that the visitors of other pages keep the cores.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from colorize.photo import Photo
from survey.board.lineup import lineup, name_of
from survey.board.pictures import Paint, Pictures, board_photos
from survey.board.protocol import BoardProtocol, OpenPair
from survey.board.store import BoardStore
from survey.mirror import FOLDER
from survey.web.study_host import EXPECTED, REST_S, STUDIES, Closed

if TYPE_CHECKING:
    from survey.push import Push

T = TypeVar("T")
THREADS = 32
PLACE = "board"  # folder of the board in that of all data
SPACE_ALARM = (
    "This Space has no mirror of its open board: ALL ITS VOTES WILL BE LOST at the next restart. "
    "Set the variable SURVEY_BOARD_REPO to a private dataset and the secret HF_TOKEN to a token "
    "that may write it."
)
log = logging.getLogger(__name__)


class BoardHost:
    """One board that people can vote on."""

    def __init__(
        self,
        folder: str | Path,
        names: Callable[[], Sequence[str]],
        paint: Paint,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._folder, self._names, self._environ = Path(folder), names, environ
        self._paint = paint
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="board")
        self._painter = ThreadPoolExecutor(1, thread_name_prefix="board-painter")
        self._opening = threading.Lock()
        self._board: BoardProtocol | None = None
        self._push: Push | None = None
        self._rests_until = 0.0  # by time.monotonic; after a failure

    async def run(self, work: Callable[[BoardProtocol], T]) -> T:
        """Do this with the board, in a thread of the host."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(self.board()))

    async def pictures(self, pair: OpenPair) -> tuple[bytes, bytes]:
        """The two versions of a pair, painted if nobody has seen them before."""
        pictures, drawn = self.board().pictures, pair.drawn
        models = drawn.first, drawn.second
        if pair.own is None:
            one, other = (pictures.known(drawn.photo, model) for model in models)
            if one and other:
                return one, other
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._painter, painted, pictures, pair)

    def board(self) -> BoardProtocol:
        """The board, opened now if it is not yet."""
        with self._opening:
            if self._board is None:
                if time.monotonic() < self._rests_until:
                    raise Closed("It could not be opened a moment ago.")
                try:
                    self._board = self._open()
                except Exception as error:  # whatever it is, the other pages work
                    trace = not isinstance(error, EXPECTED)
                    log.critical("The board is closed. %s", error, exc_info=trace)
                    self._rests_until = time.monotonic() + REST_S
                    raise Closed(str(error)) from error
            return self._board

    def close(self) -> None:
        """Finish what was begun, then close the board."""
        self._threads.shutdown()
        self._painter.shutdown()
        if self._board:
            self._board.pictures.close()
            self._board.store.close()
        if self._push:
            self._push.stop()

    def _open(self) -> BoardProtocol:
        models = lineup(self._names())
        self._push = self._push or self._pushing()
        store = BoardStore(self._folder, lock=self._push.lock if self._push else None)
        if store.restored:
            log.warning("%s lacked votes; %s came from its mirror.", store.path, store.restored)
        if self._push is None and self._environ.get("SYSTEM") == "spaces":
            log.critical("%s\n%s\n%s", "!" * 79, SPACE_ALARM, "!" * 79)
        return BoardProtocol(store, models, Pictures(board_photos(self._folder), self._by_name))

    def _pushing(self) -> Push | None:
        repo, token = self._environ.get("SURVEY_BOARD_REPO", ""), self._environ.get("HF_TOKEN")
        if not repo:
            return None
        from survey.push import Push, fetch  # half of the Hub's client: only now

        lines = self._folder / FOLDER
        lines.mkdir(parents=True, exist_ok=True)
        push = Push(repo, lines, token=token)
        if not any(lines.iterdir()):
            with push.lock:  # no push of what is half fetched
                fetch(repo, lines, token)
        return push

    def _by_name(self, photo: Photo, model: str) -> np.ndarray:
        return self._paint(photo, name_of(model))


def painted(pictures: Pictures, pair: OpenPair) -> tuple[bytes, bytes]:
    """A visitor's photo for that visitor, any other for all."""
    own, photo = pair.own, pair.drawn.photo
    if own:
        one, other = (pictures.own_version(own, m) for m in (pair.drawn.first, pair.drawn.second))
    else:
        one, other = (pictures.version(photo, m) for m in (pair.drawn.first, pair.drawn.second))
    return one, other


def open_board(data: Path | None, names: Callable[[], Sequence[str]], paint: Paint) -> BoardHost:
    """The app's board, in the folder of all data."""
    return BoardHost(Path(data or STUDIES, PLACE), names, paint)
