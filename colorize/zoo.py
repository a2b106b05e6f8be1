"""The models that can be named: shipped ones, files of one's own, and public peers.

    python -m colorize models

Peers are the two networks that Zhang et al. published. Their weights are fetched only when somebody
asks for them by name, checked against the hash in their file name, and kept in torch's hub folder.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import torch

from colorize.config import (
    BinsConfig,
    InputConfig,
    ModelConfig,
    ModelError,
    NetworkConfig,
    read_config,
)
from colorize.model import Model, check_weights, weights_file

WEIGHTS = Path(__file__).parent / "weights"
PEER_ADDRESS = "https://colorizers.s3.us-east-2.amazonaws.com/"
DEFAULT = "rebalanced"


@dataclass(frozen=True)
class Peer:
    """A published model: its file, whose name ends in the first digits of its SHA-256."""

    config: ModelConfig
    file: str
    unused: frozenset[str] = frozenset()  # keys of the file that our network does without

    @property
    def digits(self) -> str:
        return self.file.rpartition("-")[2].removesuffix(".pth")


PEERS = {
    "eccv16": Peer(
        ModelConfig(
            name="eccv16",
            network=NetworkConfig("zhang"),
            bins=BinsConfig("hull"),
            input=InputConfig(short_side=256, square=256),
            temperature=1.0,  # the published weights have their 0.38 inside
            sentence="Zhang, Isola and Efros, ECCV 2016: the published weights.",
        ),
        "colorization_release_v2-9b330a0b.pth",
        frozenset({"model_out.weight"}),  # the bins' centres, which `Hull` knows
    ),
    "siggraph17": Peer(
        ModelConfig(
            name="siggraph17",
            network=NetworkConfig("siggraph17"),
            bins=BinsConfig(None),
            input=InputConfig(short_side=256, square=256),
            sentence="Zhang, Zhu, Isola et al., SIGGRAPH 2017, no hints: the published weights.",
        ),
        "siggraph17-df00044c.pth",
    ),
}


@dataclass(frozen=True)
class ModelSummary:
    """One line of `python -m colorize models`."""

    name: str
    source: str  # shipped, file or peer
    parameters: int
    gflop: float  # at 256 x 256, or the size that the network is made for
    megabytes: float | None  # of the weights' file; None where it is not here
    sentence: str


def shipped() -> list[str]:
    """Names of the models in colorize/weights, the default first."""
    names = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))
    return sorted(names, key=lambda name: name != DEFAULT)


def read_shipped(name: str) -> ModelConfig:
    """The description of a shipped model, if that and its weights are whole and go together."""
    path = WEIGHTS / f"{name}.safetensors"
    config = read_config(path.with_suffix(".json"))
    check_weights(path)
    if config.name != name:
        raise ModelError(
            f"{name}.json in {WEIGHTS} describes the model {config.name!r}. Copy the pair again."
        )
    return config


def load(name: str | Path) -> Model:
    """The model of that name: shipped, peer, or a path to weights."""
    if str(name) in PEERS:
        return load_peer(str(name))
    if str(name) in shipped():
        read_shipped(str(name))
    return Model.load(find_weights(name))


def find_weights(name: str | Path) -> Path:
    """The weights of a shipped model, by name, or of one's own, by path."""
    path = WEIGHTS / f"{name}.safetensors" if str(name) in shipped() else weights_file(name)
    if not path.is_file():
        known = ", ".join([*shipped(), *PEERS])
        raise ModelError(
            f"There is no model {str(name)!r}. Known are {known}; or give the path of a "
            ".safetensors file that has its .json beside it."
        )
    return path


def load_peer(name: str) -> Model:
    """A public peer, fetched if it is not in torch's hub folder yet."""
    peer = PEERS[name]
    state = torch.load(fetch(peer), map_location="cpu", weights_only=True)
    model = Model(peer.config)
    ours = {key: value for key, value in state.items() if key not in peer.unused}
    try:
        model.network.load_state_dict(ours)
    except RuntimeError as error:
        raise ModelError(f"{peer.file} holds not the published weights: {error}") from error
    return model.eval()


def fetched() -> list[str]:
    """Names of the peers that need not be fetched any more."""
    return [name for name, peer in PEERS.items() if place_of(peer).exists()]


def place_of(peer: Peer) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / peer.file


def fetch(peer: Peer) -> Path:
    """The peer's file in torch's hub folder, whole and with the published hash."""
    path = place_of(peer)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(PEER_ADDRESS + peer.file, str(path), peer.digits)
        except (URLError, OSError, RuntimeError) as error:
            raise ModelError(
                f"The weights of {peer.config.name} could not be fetched ({error}). Connect to the "
                f"internet once, or put {peer.file} into {path.parent}."
            ) from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if not found.startswith(peer.digits):
        raise ModelError(
            f"{path} has SHA-256 {found[:8]}…, the published file {peer.digits}…: it is damaged or "
            "another file. Delete it and try again."
        )
    return path


def describe(name: str | Path) -> ModelSummary:
    """What can be known of a model without running it."""
    if str(name) in PEERS:
        config, source, path = PEERS[str(name)].config, "peer", None
    else:
        path = find_weights(name)
        source = "shipped" if path.parent == WEIGHTS else "file"
        config = (
            read_shipped(path.stem)
            if source == "shipped"
            else read_config(path.with_suffix(".json"))
        )
    with torch.device("meta"):
        network = Model(config).network
    return ModelSummary(
        name=str(name),
        source=source,
        parameters=sum(p.numel() for p in network.parameters()),
        gflop=gflop(network, config.input.square or 256),
        megabytes=path.stat().st_size / 1e6 if path else None,
        sentence=config.sentence,
    )


def gflop(network: torch.nn.Module, side: int) -> float:
    """Multiplications and additions of one pass over side x side pixels, in thousand millions."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.empty(1, 1, side, side, device="meta"))
    return float(counter.get_total_flops() / 1e9)
