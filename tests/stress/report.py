"""How a stress tells what it measured and what it found."""

import json
from collections.abc import Mapping, Sequence


def report(figures: Mapping[str, float], faults: Sequence[str], as_json: bool) -> int:
    """Print them; the exit code is 0 if nothing was found."""
    if as_json:
        print(json.dumps({**figures, "faults": [*faults]}))
    else:
        print(*(f"{name:>20}  {value:,.6g}" for name, value in figures.items()), sep="\n")
        print(*faults or ["Nothing was found."], sep="\n")
    return int(bool(faults))
