"""Weights in eight bits: how far they are off, that they never drift, and what is refused."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from colorize import int8
from colorize.config import ModelError
from colorize.model import Model

BEFORE = Path(__file__).parents[1] / "fixtures/version-1/run-rebalanced/best.safetensors"
WIDE = {"widths": [16, 96], "depths": [1, 1]}  # some kernels of more than SMALL weights


@st.composite
def kernels(draw: st.DrawFn) -> Tensor:
    """(O, I, k, k): channels of very different reach, some of them zero, some on few values."""
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    outputs, inputs = draw(st.integers(1, 5)), draw(st.integers(1, 40))
    weight = torch.randn(outputs, inputs, *[draw(st.integers(1, 3))] * 2, generator=random)
    if coarse := draw(st.sampled_from([0, 2, 31])):  # ties between weights, and on half steps
        weight = (weight * coarse).round() / coarse
    reach = 2.0 ** torch.randint(-30, 15, (outputs, 1, 1, 1), generator=random)
    return weight * reach * (torch.rand(outputs, 1, 1, 1, generator=random) > 0.2)


def in_steps(weight: Tensor) -> tuple[Tensor, Tensor]:
    """What comes back of a kernel, and the kernel, as (O, K) multiples of the channel's step."""
    numbers, scale = int8.quantize(weight)
    back = int8.multiply(numbers, scale)
    return tuple((x.double().flatten(1) / scale[:, None]) for x in (back, weight))


@given(kernels())
def test_a_weight_is_off_by_a_step_and_a_channel_by_half_a_step_in_all(weight):
    back, truth = in_steps(weight)
    farthest = truth.abs().amax(1)
    assert (((farthest > 126.99) & (farthest <= 127)) | (farthest == 0)).all()
    assert ((back - truth).abs() <= 1 + 1e-3).all()
    alone = (truth.abs() > 126).sum(1) <= 1  # others so far out may be cut off at 127
    assert ((back - truth).cumsum(1).abs().amax(1)[alone] <= 0.5 + 5e-3).all()


@given(kernels())
def test_stored_weights_are_found_on_the_same_steps_again(weight):
    numbers, scale = int8.quantize(weight)
    again, same = int8.quantize(int8.multiply(numbers, scale))
    assert torch.equal(again, numbers) and torch.equal(same, scale)


@given(kernels(), st.integers(-20, 20))
def test_a_channel_is_rounded_for_itself_at_whatever_scale(weight, power):
    numbers, scale = int8.quantize(weight)
    one, its = int8.quantize(weight[-1:] * 2.0**power)
    assert torch.equal(one, numbers[-1:])
    assert (weight[-1] == 0).all() or torch.equal(its, scale[-1:] * 2.0**power)


def test_rounding_is_as_good_as_eight_bits_can_be():
    """Of weights spread evenly over 254 steps, one rounding by itself errs by 1 / 12 on average."""
    weight = torch.rand(8, 64, 3, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    back, truth = in_steps(weight)
    assert 1 / 12 < (back - truth).square().mean() < 2.2 / 12  # twice: its own, and the one before


def test_small_kernels_and_vectors_stay_in_half_precision():
    weights = {
        "small": torch.randn(8, 8, 3, 3),
        "vector": torch.randn(int8.SMALL),
        "count": torch.tensor(7),
        "large": torch.randn(64, 64, 4, 4),
    }
    stored = int8.pack(weights)
    assert {name: value.dtype for name, value in stored.items()} == {
        "small": torch.float16,
        "vector": torch.float16,
        "count": torch.int64,
        "large": torch.int8,
        "large.scale": torch.float32,
    }
    back = int8.unpack(stored)
    assert back.keys() == weights.keys()
    for name in ("small", "vector", "count"):
        assert torch.equal(back[name], weights[name].half().float())


@pytest.mark.parametrize("spoiled", [torch.inf, torch.nan])
def test_weights_that_are_no_number_are_not_hidden(spoiled):
    weight = torch.randn(4, 6)
    weight[2, 3] = spoiled
    with pytest.raises(ValueError, match="damaged"):
        int8.multiply(*int8.quantize(weight))


class TestFiles:
    @pytest.fixture
    def model(self, make_model) -> Model:
        return make_model(network_options=WIDE)

    @pytest.fixture
    def saved(self, model, tmp_path) -> Path:
        return model.save(tmp_path / "mine")

    def test_loading_and_saving_again_changes_no_byte(self, saved, tmp_path):
        first = saved.read_bytes()
        for _ in range(3):
            saved = Model.load(saved).save(tmp_path / "again")
            assert saved.read_bytes() == first

    def test_half_precision_can_be_asked_for(self, model, saved, tmp_path):
        half = model.save(tmp_path / "half", half=True)
        assert {value.dtype for value in load_file(half).values()} == {torch.float16}
        assert saved.stat().st_size < 0.7 * half.stat().st_size
        back = Model.load(half).network.state_dict()
        for name, value in model.network.state_dict().items():
            assert torch.equal(back[name], value.half().float())

    def test_the_answer_is_nearly_that_of_half_precision(self, model, saved, tmp_path):
        half = Model.load(model.save(tmp_path / "half", half=True))
        lightness = 100 * torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            one, other = Model.load(saved)(lightness), half(lightness)
        assert 0 < (one - other).square().mean() < 1e-3 * other.var()

    def test_files_of_before_are_read_as_they_are(self):
        stored = load_file(BEFORE)
        assert {value.dtype for value in stored.values()} == {torch.float16}
        back = Model.load(BEFORE).network.state_dict()
        assert all(torch.equal(back[name], value.float()) for name, value in stored.items())

    def spoil(self, saved: Path, **changes: Tensor | None) -> None:
        """Change (or leave out) what stands in the file beside its first kernel in eight bits."""
        state = load_file(saved)
        kernel = next(name for name, value in state.items() if value.dtype == torch.int8)
        for suffix, value in changes.items():
            state[kernel + suffix] = value
        save_file({name: value for name, value in state.items() if value is not None}, saved)

    @pytest.mark.parametrize(
        "scale",
        [None, torch.ones(7), torch.ones(96).half(), -torch.ones(96), torch.full((96,), torch.nan)],
    )
    def test_damaged_scales_are_a_sentence(self, saved, scale):
        self.spoil(saved, **{".scale": scale})
        with pytest.raises(ModelError, match="cannot be read"):
            Model.load(saved)

    def test_a_scale_without_its_kernel_does_not_fit(self, saved):
        self.spoil(saved, **{"": None})
        with pytest.raises(ModelError, match="do not fit"):
            Model.load(saved)

    @given(st.data())
    @settings(max_examples=60)
    def test_any_damage_is_a_sentence_or_a_model(self, saved, data):
        """Bits of a stored kernel may turn and nobody knows; all else is told."""
        whole = saved.read_bytes()
        place = data.draw(st.integers(0, len(whole) - 1))
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << data.draw(st.integers(0, 7))
        saved.write_bytes(spoiled)
        try:
            model = Model.load(saved)
        except ModelError:
            return
        finally:
            saved.write_bytes(whole)
        assert save(model.network.state_dict())
