"""A model as an ONNX file, which colours without torch: in other languages, in a browser.

    python -m colorize export rebalanced --output rebalanced.onnx
    python -m colorize export rebalanced --output small.onnx --int8

Lightness (N, 1, H, W) in 0..100 goes in, H and W multiples of 32; logits over the bins come out, or
ab where the model has none. The weights lie in the file in half precision, or in 8 bits. What the
file answers is compared with torch first: one that says something else is not written.
docs/onnx.md shows how to use it. Needs: pip install onnx onnxscript onnxruntime
"""

import argparse
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from colorize import zoo
from colorize.config import ModelError, flat
from colorize.files import write_whole
from colorize.lab import rgb_to_lightness
from colorize.model import Model
from colorize.photo import open_photo
from colorize.samples import samples

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

NEEDED = ("onnx", "onnxscript", "onnxruntime")
OPSET = 18  # torch writes it without translation, and browsers' runtimes know it
CLOSE = 1e-4  # largest difference from torch of what the network itself says
UNIT = 1.0  # of ab: 99 of 100 pixels must move by less for the rounding to 8 bits
LARGE = 1024  # weights: smaller tables stay in float32
SIDES = (160, 224)  # pixels: height and width at which photos are compared
SMALL = (32, 96)  # and once more, one alone, to see that sizes are free
TRACED = (64, 96)  # no side of 1 at the bottom: torch would take it for a constant


@dataclass(frozen=True)
class Agreement:
    """How far the file is from torch: the largest difference, and the 99th percentile of ab's."""

    output: float
    ab: float


class Answer(nn.Module):
    """What the file computes: lightness -> logits, or ab where there are no bins."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, lightness: Tensor) -> Tensor:
        output = self.model(lightness)
        return self.model.decode(output) if self.model.bins is None else output


def main(words: list[str]) -> int:
    p = argparse.ArgumentParser(
        prog="python -m colorize export", description=__doc__.split("\n")[0]
    )
    p.add_argument("model", metavar="NAME", help="from `models`, or a .safetensors file")
    p.add_argument("--output", required=True, type=Path, metavar="FILE.onnx")
    p.add_argument("--int8", action="store_true", help="weights in 8 bits: half the size again")
    options = p.parse_args(words)
    if options.output.suffix != ".onnx" or options.output.is_dir():
        raise ValueError(f"--output {options.output} names no ONNX file; end it in .onnx.")
    check_extras()
    data, agreement = export(zoo.load(options.model), options.int8)
    write_whole(options.output, data)
    print(
        f"{options.output}: {len(data) / 1e6:.1f} MB, opset {OPSET}; output within "
        f"{agreement.output:.1g} of torch, 99 % of ab within {agreement.ab:.2g}."
    )
    return 0


def check_extras() -> None:
    missing = [name for name in NEEDED if not find_spec(name)]
    if missing:
        raise ModelError(
            f"The export needs {', '.join(missing)}, which is not installed here: "
            f"pip install {' '.join(NEEDED)}"
        )


def export(model: Model, int8: bool = False) -> tuple[bytes, Agreement]:
    """The ONNX file of a model and how well it agrees; refuses one that does not."""
    model = deepcopy(model).cpu().float().eval()
    said = model if int8 else with_half_weights(model)
    file = trace(said)
    pack(file.graph, to_eight_bits if int8 else to_half)
    describe(file, model)
    data: bytes = file.SerializeToString()
    agreement = compare(data, said)
    scale = 1 if model.bins else model.config.ab_scale
    if not (agreement.ab <= UNIT if int8 else agreement.output <= CLOSE * scale):
        limit = f"{UNIT:g} of ab" if int8 else f"{CLOSE * scale:g}"
        raise ModelError(
            f"The exported {model.config.name!r} differs from the model by {agreement.output:.2g} "
            f"(99 % of ab by at most {agreement.ab:.2g}); {limit} is allowed, and nothing was "
            f"written. {'Export it without --int8.' if int8 else 'Train or copy the model again.'}"
        )
    return data, agreement


def with_half_weights(model: Model) -> Model:
    """The model as half precision rounds it: shipped ones do not change."""
    rounded = deepcopy(model)
    rounded.network.half().float()
    return rounded


def trace(model: Model) -> "ModelProto":
    """The model's graph; batch and size are free, unless it is made for one size."""
    free = torch.export.Dim.DYNAMIC
    dims = {0: free} if model.config.input.square else {0: free, 2: free, 3: free}
    height, width = shown(model, TRACED)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision; we do not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the insides of the exporter
        program = torch.onnx.export(
            Answer(model),
            (torch.full((2, 1, height, width), 50.0),),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["lightness"],
            output_names=["logits" if model.bins else "ab"],
            dynamic_shapes=(dims,),
        )
    assert program is not None  # with `dynamo` it never is
    return bare(program.model_proto)


def bare(file: "ModelProto") -> "ModelProto":
    """Without what torch notes for its own developers: file names, traces."""
    for part in (file, file.graph, *file.graph.node, *file.graph.input, *file.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    file.graph.ClearField("value_info")
    return file


Packed = tuple[list["TensorProto"], "NodeProto"]  # tables, and the node that makes float32 of them


def pack(graph: "GraphProto", smaller: Callable[[str, np.ndarray], Packed]) -> None:
    """Replace the large weights by smaller tables that are unpacked when the file is opened."""
    from onnx import numpy_helper

    kept, nodes = [], []
    for table in graph.initializer:
        values = numpy_helper.to_array(table)
        if values.dtype != np.float32 or values.size < LARGE:
            kept.append(table)
            continue
        tables, node = smaller(table.name, values)
        kept += tables
        nodes.append(node)
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def to_half(name: str, values: np.ndarray) -> Packed:
    from onnx import TensorProto, helper, numpy_helper

    half = numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
    return [half], helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT)


def to_eight_bits(name: str, values: np.ndarray) -> Packed:
    """Each first channel is whole numbers in -127..127 times a scale of its own."""
    from onnx import helper, numpy_helper

    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    whole = np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
    tables = [
        numpy_helper.from_array(whole, f"{name}.int8"),
        numpy_helper.from_array(scale, f"{name}.scale"),
    ]
    inputs = [table.name for table in tables]
    return tables, helper.make_node("DequantizeLinear", inputs, [name], axis=0)


def describe(file: "ModelProto", model: Model) -> None:
    """Metadata: all that is needed to make colour of the answer."""
    notes = {"config": json.dumps(flat(model.config))}
    if model.bins:
        notes["centres"] = json.dumps(model.bins.centres.tolist())
    for key, value in notes.items():
        entry = file.metadata_props.add()
        entry.key, entry.value = key, value


@torch.inference_mode()
def compare(data: bytes, model: Model) -> Agreement:
    """The file's answers beside torch's, on photos and at two sizes."""
    from onnxruntime import InferenceSession

    session = InferenceSession(data, providers=["CPUExecutionProvider"])
    outputs, colours = [], []
    for lightness in pictures(model):
        expected = Answer(model)(lightness)
        found = torch.from_numpy(session.run(None, {"lightness": lightness.numpy()})[0])
        outputs.append(float((found - expected).abs().max()))
        pair = [model.decode(x) if model.bins else x for x in (found, expected)]
        colours.append((pair[0] - pair[1]).norm(dim=1).flatten())
    return Agreement(max(outputs), float(np.quantile(torch.cat(colours).numpy(), 0.99)))


def pictures(model: Model) -> Iterator[Tensor]:
    """Lightness (N, 1, H, W) of the sample photos at one size, and of the first at another."""
    photos = [Image.fromarray(open_photo(sample.path).pixels) for sample in samples()]
    for size, some in ((SIDES, photos), (SMALL, photos[:1])):
        height, width = shown(model, size)
        small = np.stack([np.asarray(photo.resize((width, height))) for photo in some])
        yield rgb_to_lightness(torch.from_numpy(small).permute(0, 3, 1, 2) / 255)


def shown(model: Model, size: tuple[int, int]) -> tuple[int, int]:
    """The size, or the only one that the model takes."""
    return (model.config.input.square,) * 2 if model.config.input.square else size
