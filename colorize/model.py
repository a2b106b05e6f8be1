"""Model = network + bins + normalisation + how to decode, rebuilt from the JSON beside its weights.

    from colorize.model import Model
    Model.load("colorize/weights/rebalanced.safetensors")

`NAME.safetensors` holds the weights (in eight bits, see int8.py), `NAME.json` the `ModelConfig`
from which alone the model is built, and under "about" how it was made and measured.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import Tensor, nn

from colorize import decode, int8
from colorize.bins import QUANTIZERS
from colorize.files import write_whole
from colorize.lab import lightness_to_gray
from colorize.mobilenet import MobileUNet
from colorize.networks import Autoencoder, PaletteNet, UNet, UNetPair
from colorize.zhang import Siggraph17, Zhang

NETWORKS = {
    "unet": UNet,
    "mobile-unet": MobileUNet,
    "unet-pair": UNetPair,
    "autoencoder": Autoencoder,
    "palette-net": PaletteNet,
    "zhang": Zhang,
    "siggraph17": Siggraph17,
}
POSSIBLE = {  # of the fields of a config; of the others, every value of their kind is
    "source": lambda name: name in ("lightness", "gray"),
    "scale": lambda value: value != 0,
    "temperature": lambda value: 0 <= value <= 1,
    "agreement": lambda value: 0 <= value <= 1,
    "short_side": lambda side: side > 0,
    "square": lambda side: side is None or side > 0,
}
FORMAT = 1  # of the JSON; a reader refuses what it does not know


class ModelError(ValueError):
    """A model that cannot be built or loaded; the text is a sentence for people."""


@dataclass(frozen=True)
class ModelConfig:
    """Everything needed to build a model and to use it; saved as JSON beside the weights."""

    name: str
    network: str = "unet"
    network_options: dict = field(default_factory=dict)
    bins: str | None = "hull"  # None: the network says ab itself
    bins_options: dict = field(default_factory=dict)
    source: str = "lightness"  # what the network sees: "lightness" or "gray" (sRGB in [0, 1])
    mean: float = 50.0  # the network sees (source - mean) / scale
    scale: float = 100.0
    ab_scale: float = 110.0  # without bins: ab = output * ab_scale
    temperature: float = 0.38  # of the annealed mean, unless the user asks for another
    agreement: float = 0.0  # how far places that look alike take on one colour, 0 to 1
    short_side: int = 160  # pixels of the lightness that the network is shown
    square: int | None = None  # networks that take exactly square x square pixels
    sentence: str = ""  # one plain sentence for people who choose a model
    about: dict = field(default_factory=dict)  # recipe, data, steps, time, device, evaluation


class Model(nn.Module, PyTorchModelHubMixin):
    """lightness (N, 1, H, W) in 0..100 -> what the network says; `decode` makes ab of it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        for wish, known in ((config.network, NETWORKS), (config.bins, {**QUANTIZERS, None: 0})):
            if wish not in known:
                raise ModelError(
                    f"Model {config.name!r} asks for {wish!r}; known are "
                    f"{', '.join(str(name) for name in known)}. Update the program or correct the "
                    "model's JSON."
                )
        self.config = config
        self.bins = QUANTIZERS[config.bins](**config.bins_options) if config.bins else None
        outputs = self.bins.size if self.bins else 2
        self.network = NETWORKS[config.network](outputs, **config.network_options)

    def forward(self, lightness: Tensor) -> Tensor:
        return self.network(self.normalise(lightness))

    def normalise(self, lightness: Tensor) -> Tensor:
        """(N, 1, H, W) in 0..100 -> what the network is shown."""
        shown = lightness_to_gray(lightness) if self.config.source == "gray" else lightness
        return (shown - self.config.mean) / self.config.scale

    def decode(self, output: Tensor, temperature: float | None = None) -> Tensor:
        """Network output -> ab (N, 2, h, w) in float32, at the model's own temperature if None."""
        t = self.config.temperature if temperature is None else temperature
        if self.bins is None:
            return output.float() * self.config.ab_scale
        if self.config.bins == "channels":
            centres = self.bins.centres[:, None]
            halves = [decode.annealed_mean(half, centres, t) for half in output.chunk(2, dim=1)]
            return torch.cat(halves, dim=1)
        return decode.annealed_mean(output, self.bins.centres, t)

    def entropy(self, output: Tensor) -> Tensor | None:
        """(N, h, w) in nats: how undecided the model is; None where it states no distribution."""
        if self.bins is None:
            return None
        return sum(decode.entropy(half) for half in self._choices(output))

    def beliefs(self, output: Tensor) -> Tensor | None:
        """(N, Q, h, w): how likely each bin is; None where the model states no distribution."""
        if self.bins is None:
            return None
        choices = self._choices(output)
        return torch.cat([torch.softmax(c.float(), dim=1) for c in choices], dim=1) / len(choices)

    def _choices(self, output: Tensor) -> tuple[Tensor, ...]:
        """The logits of each choice that is made at a place: of a and of b, or of both in one."""
        return output.chunk(2, dim=1) if self.config.bins == "channels" else (output,)

    @property
    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.network.parameters())

    def save(self, path: str | Path, half: bool = False) -> Path:
        """Write NAME.safetensors and NAME.json; returns the weights' path.

        Weights are stored in eight bits, or in half precision where that is asked for.
        """
        path = weights_file(path)
        state = self.network.state_dict()
        described = {"format": FORMAT, **asdict(self.config)}
        write_whole(path, serialize(int8.halve(state) if half else int8.pack(state)))
        write_whole(path.with_suffix(".json"), (json.dumps(described, indent=2) + "\n").encode())
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Build from NAME.json and fill strictly from NAME.safetensors; float32, to be used."""
        path = weights_file(path)
        model = cls._from_json(path.with_suffix(".json"))
        with readable(path):
            state = int8.unpack(load_file(path))
        try:
            model.network.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(
                f"The weights {path} do not fit the network {model.config.network!r} that "
                f"{path.with_suffix('.json').name} describes. Use the pair that was saved together."
            ) from error
        return model.eval()

    @classmethod
    def _from_json(cls, path: Path) -> "Model":
        try:
            return cls(read_config(path))
        except (TypeError, LookupError, RuntimeError) as error:  # options of another name or kind
            raise ModelError(
                f"No model can be built as {path} describes it ({error}). Export the model again."
            ) from error

    def _save_pretrained(self, save_directory: Path) -> None:
        self.save(Path(save_directory) / "model.safetensors")

    @classmethod
    def _from_pretrained(cls, *, model_id: str, **options) -> "Model":
        if Path(model_id).is_dir():
            return cls.load(Path(model_id) / "model.safetensors")
        from huggingface_hub import snapshot_download

        keep = {k: options.get(k) for k in ("revision", "cache_dir", "token", "local_files_only")}
        folder = snapshot_download(model_id, allow_patterns=["model.*"], **keep)
        return cls.load(Path(folder) / "model.safetensors")


def weights_file(path: str | Path) -> Path:
    """NAME, NAME.json or NAME.safetensors -> NAME.safetensors."""
    text = str(path).removesuffix(".json").removesuffix(".safetensors")
    return Path(text + ".safetensors")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What goes wrong while weights are read, as a sentence."""
    try:
        yield
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelError(
            f"The weights {path} cannot be read ({error}). Copy or train them again."
        ) from error


def check_weights(path: Path) -> None:
    """Is the file there, and whole? Told from its head and its length alone."""
    with readable(path), safe_open(path, "pt"):
        pass


def read_config(path: Path) -> ModelConfig:
    """The `ModelConfig` in a JSON file; unknown fields and formats are refused, not ignored."""
    try:
        described = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"The description {path} cannot be read ({error}). It must lie beside its weights."
        ) from error
    version = described.pop("format", None)
    known = {f.name for f in fields(ModelConfig)}
    if version != FORMAT or not described.keys() <= known:
        extra = ", ".join(sorted(described.keys() - known)) or "none"
        raise ModelError(
            f"{path} is of format {version}, unknown fields: {extra}; this program reads format "
            f"{FORMAT}. Update the program or export the model again."
        )
    config = ModelConfig(**described)
    for f in fields(config):
        if not _is_possible(f.name, f.type, value := getattr(config, f.name)):
            raise ModelError(
                f"{path} says that {f.name} is {value!r}, which no model has. Export it again."
            )
    return config


def _is_possible(name: str, kind: type, value: object) -> bool:
    """Is the value of this kind, and one with which a photo can be coloured?"""
    kind = float | int if kind is float else kind
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return name not in POSSIBLE or POSSIBLE[name](value)
