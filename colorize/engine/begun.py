"""What was begun, over all workers of a cluster; without torch, since it needs a process.

python -c "from colorize.engine.begun import Begun; print(Begun().first('1.tif'))"
"""


class Begun:
    """Names, each of which is new once."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def first(self, name: str) -> bool:
        known = name in self.names
        self.names.add(name)
        return not known
