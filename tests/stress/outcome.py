"""What came of a crowd: answers and their times, and everything that went wrong."""

from collections import Counter
from dataclasses import dataclass, field

Vote = tuple[str, int, str]  # token, position, answer


@dataclass
class Outcome:
    acknowledged: list[Vote] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)  # seconds from a vote to its reply
    coloured: list[float] = field(default_factory=list)  # seconds from an upload to its download
    enrolled: int = 0
    finished: int = 0
    reloaded: int = 0  # pages, because nothing answered
    unheard: int = 0  # calls of participants without an answer; each was made again
    refused: Counter[str] = field(default_factory=Counter)  # calls of participants, by the reason
    gone: int = 0  # photos that did not come back
    errors: list[str] = field(default_factory=list)  # nothing of this kind may ever be
