import json
import math
from contextlib import suppress
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from colorize.colorizer import Colorizer
from colorize.config import (
    BinsConfig,
    ModelConfig,
    ModelError,
    NetworkConfig,
    flat,
    flat_types,
    from_flat,
)
from colorize.model import Model, weights_file
from colorize.photo import Photo
from tests.helpers.photos import speckled

LIGHTNESS = torch.rand(2, 1, 32, 48, generator=torch.Generator().manual_seed(0)) * 100


def same_weights(one: Model, other: Model) -> bool:
    theirs = other.network.state_dict()
    return all(
        torch.equal(value.half(), theirs[key].half())
        for key, value in one.network.state_dict().items()
    )


class TestUse:
    @pytest.mark.parametrize(
        ("kind", "channels"), [("hull", 313), ("regression", 2), ("grid", 25), ("channels", 20)]
    )
    def test_from_lightness_to_ab(self, make_model, kind, channels):
        model = make_model(kind)
        with torch.no_grad():
            output = model(LIGHTNESS)
            assert output.shape == (2, channels, 8, 12)
            ab = model.decode(output)
        assert ab.shape == (2, 2, 8, 12) and ab.dtype == torch.float32

    def test_the_network_sees_normalised_lightness(self, make_model):
        seen = make_model().normalise(torch.tensor([0.0, 50.0, 100.0]))
        assert seen.tolist() == [-0.5, 0, 0.5]

    def test_or_gray_values(self, make_model):
        seen = make_model("palette-net").normalise(torch.tensor([0.0, 53.585, 100.0]))
        assert seen.tolist() == pytest.approx([0, 128 / 255, 1], abs=1e-4)

    def test_its_own_temperature_unless_told(self, make_model):
        model, output = make_model(temperature=0.5), torch.randn(1, 313, 4, 4)
        assert torch.equal(model.decode(output), model.decode(output, 0.5))
        assert not torch.equal(model.decode(output), model.decode(output, 1.0))
        assert not torch.equal(model.decode(output, 0.0), model.decode(output))  # 0 is not "none"

    def test_regression_scales_its_answer(self, make_model):
        output = torch.tensor([0.5, -0.25]).view(1, 2, 1, 1)
        assert make_model("regression").decode(output).flatten().tolist() == [55, -27.5]
        assert make_model("autoencoder").decode(output).flatten().tolist() == [64, -32]

    def test_channels_are_decoded_one_by_one(self, make_model):
        model, output = make_model("channels"), torch.full((1, 20, 1, 1), -100.0)
        output[0, 3], output[0, 10 + 8] = 100, 100
        expected = [model.bins.steps[3].item(), model.bins.steps[8].item()]
        assert model.decode(output).flatten().tolist() == pytest.approx(expected)

    def test_entropy(self, make_model):
        assert make_model("regression").entropy(torch.zeros(1, 2, 3, 3)) is None
        hull = make_model().entropy(torch.zeros(1, 313, 3, 3))
        assert hull.shape == (1, 3, 3) and hull[0, 0, 0].item() == pytest.approx(math.log(313))
        pair = make_model("channels").entropy(torch.zeros(1, 20, 1, 1))
        assert pair.item() == pytest.approx(2 * math.log(10))


class TestSaveAndLoad:
    @pytest.mark.parametrize("kind", ["hull", "regression", "palette", "channels", "palette-net"])
    def test_comes_back_whole(self, make_model, tmp_path, kind):
        model = make_model(kind, about={"steps": 3})
        path = model.save(tmp_path / "deep" / "mine", half=True)
        assert path == tmp_path / "deep" / "mine.safetensors"
        back = Model.load(path)
        assert back.config == model.config and not back.training
        assert same_weights(model, back)
        assert all(p.dtype == torch.float32 for p in back.parameters())

    def test_weights_are_in_half_precision(self, make_model, tmp_path):
        model = make_model()
        path = model.save(tmp_path / "mine", half=True)
        assert {value.dtype for value in load_file(path).values()} == {torch.float16}
        assert path.stat().st_size < 2 * model.parameters_count + 10_000

    def test_nothing_else_is_left(self, make_model, tmp_path):
        make_model().save(tmp_path / "mine")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.json", "mine.safetensors"]

    def test_json_alone_rebuilds_the_model(self, make_model, tmp_path):
        model = make_model("grid")
        path = model.save(tmp_path / "mine")
        described = json.loads(path.with_suffix(".json").read_text())
        assert described.pop("format") == 1
        assert from_flat(ModelConfig, described) == model.config

    @pytest.mark.parametrize("given", ["run/v1.5", "run/v1.5.json", "run/v1.5.safetensors"])
    def test_a_name_may_hold_dots(self, given):
        assert weights_file(given).as_posix() == "run/v1.5.safetensors"


NAMES = st.sampled_from(["widths", "depths", "n", "side", "colors"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


class TestRefusals:
    @pytest.fixture
    def saved(self, make_model, tmp_path):
        return make_model().save(tmp_path / "mine")

    def change(self, saved, **changes) -> None:
        path = saved.with_suffix(".json")
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def test_weights_of_another_model(self, saved, make_model, tmp_path):
        other = make_model("regression").save(tmp_path / "other")
        other.replace(saved)
        with pytest.raises(ModelError, match="do not fit"):
            Model.load(saved)

    def test_missing_and_additional_weights(self, saved):
        state = load_file(saved)
        key = next(iter(state))
        fewer = {k: v for k, v in state.items() if k != key}
        for changed in (fewer, {**state, "more": torch.zeros(1)}):
            save_file(changed, saved)
            with pytest.raises(ModelError, match="do not fit"):
                Model.load(saved)

    @pytest.mark.parametrize("size", [0, 7, 1000, -1])
    def test_weights_cut_short(self, saved, size):
        saved.write_bytes(saved.read_bytes()[:size])
        with pytest.raises(ModelError, match="cannot be read"):
            Model.load(saved)

    @given(field=st.sampled_from(list(flat_types(ModelConfig))), value=ODD)
    @settings(max_examples=150)
    def test_any_value_in_the_description_loads_or_is_a_sentence(self, saved, field, value):
        before = saved.with_suffix(".json").read_text()
        self.change(saved, **{field: value})
        try:
            model = Model.load(saved)
        except ModelError:
            return
        finally:
            saved.with_suffix(".json").write_text(before)
        with suppress(ModelError):  # numbers beyond all bounds
            Colorizer(model, "cpu")(Photo(speckled(20, 24)))

    def test_a_full_disk_leaves_the_model_before(self, saved, make_model, monkeypatch):
        before = {path.name: path.read_bytes() for path in saved.parent.iterdir()}

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("colorize.files.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            make_model(strength=1.0).save(saved)
        assert {path.name: path.read_bytes() for path in saved.parent.iterdir()} == before

    def test_no_description(self, saved):
        saved.with_suffix(".json").unlink()
        with pytest.raises(ModelError, match="must lie beside its weights"):
            Model.load(saved)

    @pytest.mark.parametrize("text", ["", "{", "[1, 2]", "7", '"x"'])
    def test_no_sensible_description(self, saved, text):
        saved.with_suffix(".json").write_text(text)
        with pytest.raises(ModelError, match="cannot be read"):
            Model.load(saved)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"colour": 1}, "unknown fields: colour"),
            ({"format": 2}, "format 2"),
            ({"network": "resnet"}, "asks for 'resnet'"),
            ({"bins": "hexagons"}, "asks for 'hexagons'"),
            ({"network_options": {"depth": 3}}, "No model can be built"),
            ({"network_options": 3}, "network_options is 3, which no model has"),
            ({"temperature": 1.5}, "temperature is 1.5, which"),
            ({"scale": 0}, "scale is 0, which"),
            ({"bins": None, "short_side": None}, "short_side is None, which"),
        ],
    )
    def test_what_this_program_does_not_know(self, saved, changes, sentence):
        self.change(saved, **changes)
        with pytest.raises(ModelError, match=sentence):
            Model.load(saved)

    def test_a_description_without_a_name(self, saved):
        path = saved.with_suffix(".json")
        described = json.loads(path.read_text())
        del described["name"]
        path.write_text(json.dumps(described))
        with pytest.raises(ModelError, match="No model can be built"):
            Model.load(saved)

    def test_a_palette_network_beyond_all_memory(self):
        config = ModelConfig(
            "huge",
            network=NetworkConfig("palette-net", {"side": 64}),
            bins=BinsConfig("palette", {"colors": [[0, 0]]}),
        )
        with pytest.raises(ValueError, match="weights"):
            Model(config)


class TestHub:
    def test_round_trip_through_a_folder(self, make_model, tmp_path):
        model = make_model("palette", about={"data": "made up"})
        model.save_pretrained(tmp_path / "hub")
        back = Model.from_pretrained(tmp_path / "hub")
        assert back.config == model.config and same_weights(model, back)
        assert (tmp_path / "hub" / "README.md").exists()

    def test_a_changed_config_is_what_is_saved(self, make_model, tmp_path):
        model = make_model()
        model.config = replace(model.config, temperature=0.7)
        model.save_pretrained(tmp_path / "hub")
        assert Model.from_pretrained(tmp_path / "hub").config.temperature == 0.7

    def test_pushes_through_the_hubs_own_client(self, make_model, monkeypatch):
        calls = {}

        class Api:
            def __init__(self, **_):
                pass

            def create_repo(self, repo_id, **_):
                return type("Url", (), {"repo_id": repo_id})

            def upload_folder(self, folder_path, repo_id, **_):
                calls[repo_id] = sorted(p.name for p in folder_path.iterdir())

        monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", Api)
        make_model().push_to_hub("somebody/colours")
        assert {"model.safetensors", "model.json"} <= set(calls["somebody/colours"])


def test_configs_are_json_all_the_way(make_model):
    config = make_model("palette").config
    assert from_flat(ModelConfig, json.loads(json.dumps(flat(config)))) == config
