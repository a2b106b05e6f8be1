"""ONNX files: they say what torch says, for every size, and colour a photo without it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from colorize import export
from colorize.__main__ import main
from colorize.colorizer import Colorizer
from colorize.config import ModelError
from colorize.lab import rgb_to_lab
from colorize.model import Model
from tests.helpers.photos import pixels_of, speckled

for name in export.NEEDED:
    pytest.importorskip(name)
pytestmark = pytest.mark.slow  # the exporter takes ten seconds for the smallest network

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"


@pytest.fixture(scope="module")
def traced() -> dict:
    """What was traced already: tests that need the same graph share it."""
    return {}


@pytest.fixture
def trace_once(traced, monkeypatch):
    """The exporter runs once for each kind of model."""
    trace = export.trace

    def once(model: Model):
        key = (model.config.name, sum(p.detach().double().sum().item() for p in model.parameters()))
        if key not in traced:
            traced[key] = trace(model).SerializeToString()
        import onnx

        return onnx.load_from_string(traced[key])

    monkeypatch.setattr(export, "trace", once)


def session_of(data: bytes):
    from onnxruntime import InferenceSession

    return InferenceSession(data, providers=["CPUExecutionProvider"])


def lightness(n: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(n, 1, height, width, generator=torch.manual_seed(height)) * 100


@pytest.mark.parametrize("kind", ["hull", "regression", "channels"])
def test_every_batch_and_size_as_torch_says_it(make_model, trace_once, kind):
    model = make_model(kind, strength=4)
    data, agreement = export.export(model)
    session = session_of(data)
    assert agreement.output <= 1e-4 * (1 if model.bins else model.config.ab_scale)
    for n, height, width in ((1, 32, 32), (3, 64, 160), (2, 224, 96)):
        shown = lightness(n, height, width)
        (found,) = session.run(None, {"lightness": shown.numpy()})
        with torch.inference_mode():
            said = export.with_half_weights(model)(shown)
            said = said if model.bins else said * model.config.ab_scale
        assert found.shape == said.shape
        np.testing.assert_allclose(found, said, atol=1e-4 * (1 if model.bins else 128), rtol=0)


def test_a_network_of_one_size_keeps_it(make_model, trace_once):
    session = session_of(export.export(make_model("palette-net", strength=1))[0])
    assert session.get_inputs()[0].shape[1:] == [1, 12, 12]
    assert session.run(None, {"lightness": lightness(2, 12, 12).numpy()})[0].shape == (2, 3, 12, 12)


def test_metadata_is_enough_to_make_colour(make_model, trace_once):
    model = make_model("hull", strength=4)
    notes = session_of(export.export(model)[0]).get_modelmeta().custom_metadata_map
    assert np.array_equal(json.loads(notes["centres"]), model.bins.centres)
    assert json.loads(notes["config"])["short_side"] == model.config.input.short_side
    notes = session_of(export.export(make_model("regression", strength=4))[0]).get_modelmeta()
    assert "centres" not in notes.custom_metadata_map


def test_nothing_of_this_machine_is_inside(make_model, trace_once):
    data, _ = export.export(make_model("hull", strength=4))
    assert str(Path(__file__).parents[2]).encode() not in data and b".py" not in data


def test_eight_bits_are_smaller_and_close(make_model, trace_once):
    model = make_model("hull", strength=4)
    whole, (data, agreement) = export.export(model)[0], export.export(model, int8=True)
    assert len(data) < 0.75 * len(whole)
    assert 0 < agreement.ab <= 1
    shown = lightness(1, 64, 64)
    (found,) = session_of(data).run(None, {"lightness": shown.numpy()})
    with torch.inference_mode():
        away = (model.decode(torch.from_numpy(found)) - model.decode(model(shown))).norm(dim=1)
    assert 0 < away.quantile(0.99) < 2


def test_each_channel_is_rounded_for_itself():
    from onnx import numpy_helper

    weights = np.random.default_rng(0).normal(size=(4, 30, 3, 3)).astype(np.float32)
    weights *= np.array([1e-3, 1, 1e3, 0], np.float32).reshape(4, 1, 1, 1)
    tables, _ = export.to_eight_bits("w", weights)
    whole, scale = (numpy_helper.to_array(table) for table in tables)
    steps = np.abs(whole * scale.reshape(4, 1, 1, 1) - weights) / scale.reshape(4, 1, 1, 1)
    assert whole.dtype == np.int8 and steps.max() <= 0.5001 and np.abs(whole[:3]).max() == 127


@pytest.mark.parametrize("int8", [False, True])
def test_one_that_says_something_else_is_refused(make_model, trace_once, tmp_path, int8):
    path = make_model("hull", strength=4).save(tmp_path / "mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "CLOSE", 0.0)
        patch.setattr(export, "UNIT", 0.0)
        with pytest.raises(ModelError, match="differs from the model by .* nothing was written"):
            export.export(Model.load(path), int8)
        assert main(["export", str(path), "--output", str(tmp_path / "mine.onnx")]) == 2
    assert not (tmp_path / "mine.onnx").exists()


def test_the_page_colours_a_photo_without_torch(make_model, trace_once, tmp_path):
    """The lines of docs/onnx.md, as they stand there, beside the Colorizer's own picture."""
    path = make_model("hull", strength=4).save(tmp_path / "mine")
    assert main(["export", str(path), "--output", str(tmp_path / "mine.onnx")]) == 0
    (lines,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in lines.splitlines() if line.strip()]) <= 30
    alone = "import sys\nsys.modules['torch'] = sys.modules['colorize'] = None\n"
    (tmp_path / "colour.py").write_text(alone + lines)
    Image.fromarray(speckled(70, 50, gray=True)).save(tmp_path / "old.png")
    words = ["colour.py", "mine.onnx", "old.png", "new.png"]
    subprocess.run([sys.executable, *words], check=True, cwd=tmp_path)

    ours = Colorizer.load(path, "cpu")(tmp_path / "old.png").pixels
    theirs = pixels_of(tmp_path / "new.png")
    lab, other = (rgb_to_lab(torch.tensor(x).permute(2, 0, 1) / 255) for x in (ours, theirs))
    assert lab[1:].norm(dim=0).mean() > 4  # there is colour to compare
    assert (lab - other)[1:].norm(dim=0).median() < 0.25 * lab[1:].norm(dim=0).mean()


class TestWrongUsage:
    def test_a_model_that_is_not_there(self, tmp_path, capsys):
        assert main(["export", "nonesuch", "--output", str(tmp_path / "a.onnx")]) == 2
        assert "There is no model 'nonesuch'" in capsys.readouterr().err

    def test_a_file_of_another_kind(self, tmp_path, capsys):
        assert main(["export", "rebalanced", "--output", str(tmp_path / "a.pt")]) == 2
        assert "names no ONNX file; end it in .onnx." in capsys.readouterr().err

    def test_without_the_extras(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(export, "NEEDED", ("onnx", "no_such_package"))
        assert main(["export", "rebalanced", "--output", str(tmp_path / "a.onnx")]) == 2
        assert "needs no_such_package, which is not installed here: pip" in capsys.readouterr().err
        assert not (tmp_path / "a.onnx").exists()


def test_a_model_that_is_exported_stays_as_it_was(make_model, trace_once):
    model = make_model("hull", strength=4)
    before = [p.clone() for p in nn.Module.parameters(model)]
    export.export(model, int8=True)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
