"""What a panel's links say of its members stays in the study's database; copies have keyed hashes.

    seal = PanelSeal("studies/poster/data")
    seal.of("5f2c…")                  # 'sealed:9b…': the same for the same id, and no way back

The key is a file of the data folder, panel.key, which no mirror and no export holds. Where a disk
is lost at each restart, keep a key in the environment instead: SURVEY_PANEL_KEY, 16 characters or
more. Without its key a restored study knows nobody of the panel again: whoever comes is new.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

FILE = "panel.key"
VARIABLE = "SURVEY_PANEL_KEY"
PREFIX = "sealed:"
SHORTEST = 16


class PanelKeyError(ValueError):
    """A key that would keep nothing secret."""


class PanelSeal:
    """Hashes the ids of one study's panel; the key is made when the first one is to be hashed."""

    def __init__(self, data: str | Path, environ: Mapping[str, str] = os.environ) -> None:
        self._path = Path(data, FILE)
        self._chosen = environ.get(VARIABLE, "")
        if self._chosen and len(self._chosen) < SHORTEST:
            raise PanelKeyError(
                f"{VARIABLE} has {len(self._chosen)} characters; use {SHORTEST} or more."
            )

    def of(self, panel_id: str) -> str:
        """What copies say in place of this id; what is sealed already stays as it is."""
        if panel_id.startswith(PREFIX):
            return panel_id
        return PREFIX + hmac.new(self._key(), panel_id.encode(), hashlib.sha256).hexdigest()

    def of_details(self, details: str) -> str:
        """Likewise for what else a panel's link said: JSON, a text by parameter."""
        said: dict[str, str] = json.loads(details)
        return json.dumps({name: self.of(value) for name, value in said.items()})

    def _key(self) -> bytes:
        if self._chosen:
            return self._chosen.encode()
        if not self._path.is_file():
            self._make()
        return self._path.read_bytes()

    def _make(self) -> None:
        """Whole and for its owner alone, or not at all; one that is there stays."""
        with TemporaryDirectory(dir=self._path.parent) as folder:  # which only its owner can read
            made = Path(folder, FILE)
            made.touch(0o600)
            made.write_text(secrets.token_hex(32))
            if not self._path.exists():
                made.rename(self._path)
