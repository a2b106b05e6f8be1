"""Model = network + bins + normalisation + how to decode, rebuilt from the JSON beside its weights.

    from colorize.model import Model
    Model.load("colorize/weights/rebalanced.safetensors")

`NAME.safetensors` holds the weights (in eight bits, see int8.py), `NAME.json` the `ModelConfig`
from which alone the model is built, and under "about" how it was made and measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import PyTorchModelHubMixin
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import Tensor, nn

from colorize import int8
from colorize.bins import QUANTIZERS
from colorize.config import ModelConfig, ModelError, config_json, read_config
from colorize.files import write_whole
from colorize.lab import lightness_to_gray
from colorize.networks import NETWORKS
from colorize.quantizer import Quantizer


class Model(nn.Module, PyTorchModelHubMixin):
    """lightness (N, 1, H, W) in 0..100 -> what the network says; `decode` makes ab of it."""

    config: ModelConfig
    bins: Quantizer | None  # None: the network says ab itself

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        wishes = (config.network.kind, [*NETWORKS]), (config.bins.kind, [*QUANTIZERS, None])
        for wish, known in wishes:
            if wish not in known:
                raise ModelError(
                    f"Model {config.name!r} asks for {wish!r}; known are "
                    f"{', '.join(str(name) for name in known)}. Update the program or correct the "
                    "model's JSON."
                )
        self.config = config
        bins = config.bins
        self.bins = QUANTIZERS[bins.kind](**bins.options) if bins.kind else None
        outputs = self.bins.size if self.bins else 2
        self.network = NETWORKS[config.network.kind](outputs, **config.network.options)

    def forward(self, lightness: Tensor) -> Tensor:
        answer: Tensor = self.network(self.normalise(lightness))
        return answer

    def normalise(self, lightness: Tensor) -> Tensor:
        """(N, 1, H, W) in 0..100 -> what the network is shown."""
        seen = self.config.input
        shown = lightness_to_gray(lightness) if seen.source == "gray" else lightness
        return (shown - seen.mean) / seen.scale

    def decode(self, output: Tensor, temperature: float | None = None) -> Tensor:
        """Network output -> ab (N, 2, h, w) in float32, at the model's own temperature if None."""
        t = self.config.temperature if temperature is None else temperature
        if self.bins is None:
            return output.float() * self.config.ab_scale
        return self.bins.decode(output, t)

    def entropy(self, output: Tensor) -> Tensor | None:
        """(N, h, w) in nats: how undecided the model is; None where it states no distribution."""
        return None if self.bins is None else self.bins.entropy(output)

    @property
    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.network.parameters())

    def save(self, path: str | Path, half: bool = False) -> Path:
        """Write NAME.safetensors and NAME.json; returns the weights' path.

        Weights are stored in eight bits, or in half precision where that is asked for.
        """
        path = weights_file(path)
        state = self.network.state_dict()
        write_whole(path, serialize(int8.halve(state) if half else int8.pack(state)))
        write_whole(path.with_suffix(".json"), config_json(self.config))
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Build from NAME.json and fill strictly from NAME.safetensors; float32, to be used."""
        path = weights_file(path)
        model = cls._from_json(path.with_suffix(".json"))
        with explain_read_errors(path):
            state = int8.unpack(load_file(path))
        try:
            model.network.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(
                f"The weights {path} do not fit the network {model.config.network.kind!r} that "
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
    def _from_pretrained(cls, *, model_id: str, **options: Any) -> "Model":
        if Path(model_id).is_dir():
            return cls.load(Path(model_id) / "model.safetensors")
        from huggingface_hub import snapshot_download

        known = ("revision", "cache_dir", "token", "local_files_only")
        keep: dict[str, Any] = {name: options.get(name) for name in known}
        folder = snapshot_download(model_id, allow_patterns=["model.*"], **keep)
        return cls.load(Path(folder) / "model.safetensors")


def weights_file(path: str | Path) -> Path:
    """NAME, NAME.json or NAME.safetensors -> NAME.safetensors."""
    text = str(path).removesuffix(".json").removesuffix(".safetensors")
    return Path(text + ".safetensors")


@contextmanager
def explain_read_errors(path: Path) -> Iterator[None]:
    """What goes wrong while weights are read, as a sentence."""
    try:
        yield
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelError(
            f"The weights {path} cannot be read ({error}). Copy or train them again."
        ) from error


def check_weights(path: Path) -> None:
    """Is the file there, and whole? Told from its head and its length alone."""
    with explain_read_errors(path), safe_open(path, "pt"):
        pass
