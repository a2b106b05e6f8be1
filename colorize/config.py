"""What a model is: its network, its bins, what it is shown, what becomes of its answer. Data only.

    python -c "from colorize.config import ModelConfig, flat; print(flat(ModelConfig('mine')))"

A `ModelConfig` is saved as JSON beside the weights and is a part of every recipe. In files and on
the command line its fields stand side by side (`flat`), under the names that they always had:
`network`, `network_options`, `bins`, `bins_options`, `source`, `mean`, …
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

Options = dict[str, Any]
Config = TypeVar("Config")
FORMAT = 1  # of the JSON; a reader refuses what it does not know
POSSIBLE: dict[
    str, Callable[[Any], bool]
] = {  # of the fields of a model; of the others, every value of their kind is
    "source": lambda name: name in ("lightness", "gray"),
    "scale": lambda value: value != 0,
    "temperature": lambda value: 0 <= value <= 1,
    "agreement": lambda value: 0 <= value <= 1,
    "short_side": lambda side: side > 0,
    "square": lambda side: side is None or side > 0,
}


class ModelError(ValueError):
    """A model that cannot be built or loaded; the text is a sentence for people."""


@dataclass(frozen=True)
class NetworkConfig:
    """Which network, and how large."""

    kind: str = "unet"
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class BinsConfig:
    """How colours are cut into classes."""

    kind: str | None = "hull"  # None: the network says ab itself
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class InputConfig:
    """What the network is shown: (source - mean) / scale."""

    source: str = "lightness"  # or "gray": sRGB in [0, 1]
    mean: float = 50.0
    scale: float = 100.0
    short_side: int = 160  # pixels of the lightness that the network is shown
    square: int | None = None  # networks that take exactly square x square pixels


@dataclass(frozen=True)
class ModelConfig:
    """Everything needed to build a model and to use it."""

    name: str
    sentence: str = ""  # one plain sentence for people who choose a model
    network: NetworkConfig = field(default_factory=NetworkConfig)
    bins: BinsConfig = field(default_factory=BinsConfig)
    input: InputConfig = field(default_factory=InputConfig)
    ab_scale: float = 110.0  # without bins: ab = output * ab_scale
    temperature: float = 0.38  # of the annealed mean, unless the user asks for another
    agreement: float = 0.0  # how far places that look alike take on one colour, 0 to 1
    about: Options = field(default_factory=dict)  # recipe, data, steps, device, evaluation


def flat_types(kind: type) -> dict[str, Any]:
    """The fields of a config and of those within it, side by side: name -> type."""
    found: dict[str, Any] = {}
    for outer in fields(kind):
        if is_dataclass(outer.type):
            inner = flat_types(cast(type, outer.type))
            found |= {_beside(outer.name, name): leaf for name, leaf in inner.items()}
        else:
            found[outer.name] = outer.type
    return found


def flat(config: object) -> dict[str, Any]:
    """The values of a config and of those within it, side by side."""
    found: dict[str, Any] = {}
    for outer in fields(config):  # type: ignore[arg-type]
        value = getattr(config, outer.name)
        if is_dataclass(outer.type):
            found |= {_beside(outer.name, name): leaf for name, leaf in flat(value).items()}
        else:
            found[outer.name] = value
    return found


def from_flat(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """The config with these values, others as by default; TypeError if one is unknown or lacks."""
    if unknown := values.keys() - flat_types(kind).keys():
        raise TypeError(f"{kind.__name__} has no field {min(unknown)!r}")
    given: dict[str, Any] = {}
    for outer in fields(kind):  # type: ignore[arg-type]
        if is_dataclass(outer.type):
            inner = cast(type, outer.type)
            names = {_beside(outer.name, name): name for name in flat_types(inner)}
            given[outer.name] = from_flat(
                inner, {names[name]: value for name, value in values.items() if name in names}
            )
        elif outer.name in values:
            given[outer.name] = values[outer.name]
    return kind(**given)


def changed(config: Config, **values: Any) -> Config:
    """The config with some of its flat fields changed."""
    return from_flat(type(config), flat(config) | values)


def _beside(outer: str, inner: str) -> str:
    """What a field of a config within a config is called where all stand side by side."""
    return {"kind": outer, "options": f"{outer}_options"}.get(inner, inner)


def read_config(path: Path) -> ModelConfig:
    """The `ModelConfig` in a JSON file; unknown fields and formats are refused, not ignored."""
    try:
        described = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"The description {path} cannot be read ({error}). It must lie beside its weights."
        ) from error
    version = described.pop("format", None)
    known = flat_types(ModelConfig)
    if version != FORMAT or not described.keys() <= known.keys():
        extra = ", ".join(sorted(described.keys() - known.keys())) or "none"
        raise ModelError(
            f"{path} is of format {version}, unknown fields: {extra}; this program reads format "
            f"{FORMAT}. Update the program or export the model again."
        )
    for name, value in described.items():
        if not _is_possible(name, known[name], value):
            raise ModelError(
                f"{path} says that {name} is {value!r}, which no model has. Export it again."
            )
    return from_flat(ModelConfig, described)


def config_json(config: ModelConfig) -> bytes:
    """What `read_config` reads."""
    return (json.dumps({"format": FORMAT, **flat(config)}, indent=2) + "\n").encode()


def _is_possible(name: str, kind: Any, value: object) -> bool:
    """Is the value of this kind, and one with which a photo can be coloured?"""
    accepted = {float: float | int, Options: dict}.get(kind, kind)
    if isinstance(value, bool) or not isinstance(value, accepted):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return name not in POSSIBLE or POSSIBLE[name](value)
