"""The visitor's hand: hints, other possibilities, a reference photo. Begin with steer.py."""

from colorize.hints.file import parse_hints, read_hints, save_hints
from colorize.hints.hint import Hint, HintError

__all__ = ["Hint", "HintError", "parse_hints", "read_hints", "save_hints"]
