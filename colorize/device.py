"""Where to compute and in which precision, and why.

python -c "from colorize.device import pick_device; print(pick_device('auto'))"
"""

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class DeviceMemoryError(ValueError):
    """A device too full for the work; the text is a sentence for people."""


@dataclass(frozen=True)
class Compute:
    """A device, the precision of its matrix products, and the reason, for people."""

    device: torch.device
    dtype: torch.dtype
    why: str

    def no_memory(self, error: torch.OutOfMemoryError) -> "DeviceMemoryError":
        """What to raise when not even one photo has room."""
        return DeviceMemoryError(
            f"The memory of {self.device} does not suffice ({str(error).splitlines()[0]}). End "
            "what else uses it, or take another device: the CPU has most."
        )

    def take(self, network: Network) -> Network:
        """Move a network there, its kernels laid out as convolutions like them best."""
        return network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def autocast(self) -> torch.autocast:
        """Products in `dtype`; everything that needs digits stays in float32."""
        enabled = self.dtype != torch.float32
        return torch.autocast(self.device.type, dtype=self.dtype, enabled=enabled)


def pick_device(wish: str = "auto") -> Compute:
    """cuda if there is one, else mps, else cpu; or the device that is wished for."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    there = [kind for kind, is_there in available.items() if is_there]
    kind, _, number = (there[0] if wish == "auto" else wish).partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind not in there or (number and number not in map(str, range(count))):
        raise ValueError(
            f"The device {wish!r} is not there; this machine has {', '.join(there)}. Ask for one "
            "of them, or for auto."
        )
    return _describe(torch.device(kind, int(number)) if number else torch.device(kind))


def _describe(device: torch.device) -> Compute:
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Compute(device, torch.bfloat16, f"{name}, bfloat16")
        return Compute(device, torch.float32, f"{name}, float32: it has no bfloat16")
    if device.type == "mps":
        return Compute(device, torch.float32, "Apple GPU, float32")
    if cpu_has_bfloat16():
        return Compute(device, torch.bfloat16, "CPU with bfloat16 instructions")
    return Compute(device, torch.float32, "CPU, float32: it has no bfloat16 instructions")


def cpu_has_bfloat16() -> bool:
    """AMX tiles or AVX-512 BF16: without them emulated bfloat16 is slower than float32."""
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
