"""A nested config and its fields side by side are the same thing, in both directions."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from colorize.config import (
    BinsConfig,
    InputConfig,
    ModelConfig,
    NetworkConfig,
    changed,
    config_json,
    flat,
    flat_types,
    from_flat,
    read_config,
)

CONFIG = ModelConfig(
    "mine",
    network=NetworkConfig("unet", {"widths": [16, 32]}),
    bins=BinsConfig("grid", {"n": 5}),
    input=InputConfig("gray", square=64),
)
NAMES_ON_DISK = {
    "name", "network", "network_options", "bins", "bins_options", "source", "mean", "scale",
    "ab_scale", "temperature", "short_side", "square", "sentence", "about", "agreement",
}  # fmt: skip


def test_the_names_on_disk_are_those_of_all_versions():
    assert flat_types(ModelConfig).keys() == flat(CONFIG).keys() == NAMES_ON_DISK


def test_there_and_back():
    assert from_flat(ModelConfig, flat(CONFIG)) == CONFIG
    assert (flat(CONFIG)["network_options"], flat(CONFIG)["bins"]) == ({"widths": [16, 32]}, "grid")


def test_what_is_not_given_is_as_by_default():
    assert from_flat(ModelConfig, {"name": "mine", "bins": None}) == ModelConfig(
        "mine", bins=BinsConfig(None)
    )


def test_a_change_reaches_the_inner_configs_and_leaves_the_rest():
    other = changed(CONFIG, scale=2.0, bins_options={"n": 6}, temperature=0.5)
    assert (other.input.scale, other.bins.options, other.temperature) == (2.0, {"n": 6}, 0.5)
    assert (other.network, other.input.square, other.name) == (CONFIG.network, 64, "mine")
    assert CONFIG.bins.options == {"n": 5}


def test_unknown_and_missing_fields_are_refused():
    with pytest.raises(TypeError, match="no field 'colour'"):
        changed(CONFIG, colour=1)
    with pytest.raises(TypeError, match="name"):
        from_flat(ModelConfig, {})


def test_configs_within_configs_within_configs():
    @dataclass(frozen=True)
    class Outer:
        model: ModelConfig
        steps: int = 3
        more: list[int] = field(default_factory=list)

    outer = from_flat(Outer, {"name": "mine", "bins": "hull", "mean": 1.0, "steps": 7})
    assert (outer.model.bins.kind, outer.model.input.mean, outer.steps) == ("hull", 1.0, 7)
    assert flat_types(Outer).keys() == NAMES_ON_DISK | {"steps", "more"}


def test_the_file_is_flat_and_read_back(tmp_path: Path):
    path = tmp_path / "mine.json"
    path.write_bytes(config_json(CONFIG))
    assert json.loads(path.read_text()) == {"format": 1, **flat(CONFIG)}
    assert read_config(path) == CONFIG


def test_a_description_is_read_without_torch():
    code = "import sys, colorize.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
