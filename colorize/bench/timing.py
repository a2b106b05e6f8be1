"""Seconds of competitors that take turns, so that a busy machine is busy for all of them.

python -m colorize bench
"""

import time
from collections.abc import Callable, Mapping

from tqdm import tqdm


def in_turns(
    competitors: Mapping[str, Callable[[], object]],
    rounds: int,
    wait: Callable[[], object] = lambda: None,
) -> dict[str, list[float]]:
    """Seconds of each in every round, after one round that does not count.

    `wait` ends when a device has done what was asked of it.
    """
    seconds: dict[str, list[float]] = {name: [] for name in competitors}
    for number in tqdm(range(rounds + 1), unit="round", disable=None, leave=False):
        for name, run in competitors.items():
            started = time.perf_counter()
            run()
            wait()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return seconds
