import pytest
import torch

from colorize import device
from colorize.device import pick_device


@pytest.fixture
def machine(monkeypatch):
    """machine(cuda=2, bfloat16=True): a machine as it says."""

    def make(cuda: int = 0, mps: bool = False, amx: bool = False, gpu_bfloat16: bool = True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "A GPU")
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: gpu_bfloat16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(device, "cpu_has_bfloat16", lambda: amx)

    return make


@pytest.mark.parametrize(
    ("there", "kind", "dtype", "why"),
    [
        ({}, "cpu", torch.float32, "no bfloat16 instructions"),
        ({"amx": True}, "cpu", torch.bfloat16, "bfloat16 instructions"),
        ({"mps": True, "amx": True}, "mps", torch.float32, "Apple GPU"),
        ({"cuda": 1, "mps": True}, "cuda", torch.bfloat16, "A GPU, bfloat16"),
        ({"cuda": 1, "gpu_bfloat16": False}, "cuda", torch.float32, "it has no bfloat16"),
    ],
)
def test_picks_the_best_there_is_and_says_why(machine, there, kind, dtype, why):
    machine(**there)
    compute = pick_device()
    assert (compute.device.type, compute.dtype) == (kind, dtype) and why in compute.why


def test_a_wish_goes_before_what_is_best(machine):
    machine(cuda=2)
    assert pick_device("cpu").device.type == "cpu"
    assert pick_device("cuda:1").device == torch.device("cuda", 1)


@pytest.mark.parametrize("wish", ["cuda:2", "cuda:x", "mps", "tpu", "", "cuda:-1"])
def test_what_is_not_there_is_refused(machine, wish):
    machine(cuda=2)
    with pytest.raises(ValueError, match="this machine has cuda, cpu"):
        pick_device(wish)


def test_autocast_only_where_it_helps(machine):
    machine(amx=True)
    with pick_device().autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
    machine()
    with pick_device().autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_the_real_machine_has_something():
    compute = pick_device()
    assert torch.zeros(1, device=compute.device).item() == 0 and compute.why
