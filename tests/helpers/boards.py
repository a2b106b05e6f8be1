"""Boards of votes on pairs of models, made and changed."""

from dataclasses import replace

import numpy as np

from survey.preference.bradley_terry import FIRST, TIE, Board
from survey.preference.simulation import Scenario, simulate


def small_board(seed: int = 3) -> Board:
    """400 votes that hang together, by 20 people on 15 photos, four models."""
    boards = next(simulate(Scenario(people=20, photos=15, votes=400, zipf=0.7), 1, seed))
    return Board(boards.models, *(part[0] for part in parts(boards).values()))


def decisive(board: Board) -> Board:
    """The votes that decide, each counting 1."""
    kept = picked(board, board.answer != TIE)
    return replace(kept, weight=np.ones(kept.weight.shape))


def picked(board: Board, chosen: np.ndarray) -> Board:
    """Some of the votes, or the same ones twice."""
    return Board(board.models, *(part[..., chosen] for part in parts(board).values()))


def parts(board: Board) -> dict[str, np.ndarray]:
    """All that there is a value of for every vote."""
    return {name: part for name, part in vars(board).items() if name != "models"}


def duel(won: int, lost: int, tied: int = 0, models: int = 2) -> Board:
    """Model 0 against model 1, every vote another person's on another photo, sides in turns."""
    for_model = np.repeat([0, 1, TIE], [won, lost, tied])
    first = np.arange(len(for_model)) % 2
    answer = np.where(for_model == TIE, TIE, np.where(for_model == first, FIRST, 1))
    one = np.arange(len(for_model))
    return Board(models, first, 1 - first, answer, one, one, np.ones(len(one)))
