"""What a run shows of itself: a line in the terminal, a table in log.csv, and pictures.

tail -f RUN/log.csv
"""

import csv
import sys
import time
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from colorize.lab import fit_gamut, lab_to_rgb
from train.schedule import Clock

FIELDS = ("step", "seconds", "loss", "validation", "rate", "images_per_s")


class Log:
    """Prints every few seconds, writes a line of log.csv and a picture at each validation."""

    def __init__(self, run: Path, clock: Clock, batch: int, why: str, quiet: bool = False) -> None:
        self.run, self.clock, self.batch, self.quiet = run, clock, batch, quiet
        self.loss, self.speed = float("nan"), 0.0
        self.last = self.save = time.monotonic()
        self.last_step, self.last_rate = clock.step, 0.0
        self.terminal = sys.stderr.isatty()
        if not quiet:
            print(f"Training on: {why}", file=sys.stderr)

    def step(self, loss: float, rate: float) -> None:
        self.loss = loss if self.loss != self.loss else 0.98 * self.loss + 0.02 * loss
        self.last_rate = rate
        now = time.monotonic()
        if self.quiet or now - self.last < (2 if self.terminal else 30):
            return
        self.speed = self.batch * (self.clock.step - self.last_step) / (now - self.last)
        self.last, self.last_step = now, self.clock.step
        left = self.clock.left() / 60
        line = (
            f"step {self.clock.step:6d}  loss {self.loss:.4f}  {self.speed:6.1f} images/s  "
            f"{self.clock.seconds() / 60:.1f} min, {left:.1f} left"
        )
        print(line, file=sys.stderr, end="\r" if self.terminal else "\n", flush=True)

    def validation(self, value: float, sheet: list[tuple[Tensor, Tensor, Tensor]]) -> None:
        row = (
            self.clock.step,
            f"{self.clock.seconds():.1f}",
            f"{self.loss:.5f}",
            f"{value:.5f}",
            f"{self.last_rate:.2e}",
            f"{self.speed:.1f}",
        )
        path = self.run / "log.csv"
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(FIELDS)
            writer.writerow(row)
        if not self.quiet:
            print(f"\nstep {self.clock.step}: validation {value:.4f}", file=sys.stderr)
        for lightness, predicted, truth in sheet:
            contact_sheet(lightness, predicted, truth).save(self.run / "pictures.png")

    def seconds_since_save(self) -> float:
        return time.monotonic() - self.save

    def saved(self) -> None:
        self.save = time.monotonic()

    def close(self) -> None:
        if not self.quiet:
            print(f"\nDone: {self.clock.step} steps, {self.run}", file=sys.stderr)


def contact_sheet(lightness: Tensor, predicted: Tensor, truth: Tensor) -> Image.Image:
    """Three rows of pictures: grey, ours, truth. lightness (N, 1, H, W), ab at any size."""
    size = lightness.shape[2:]
    rows = []
    for ab in (torch.zeros_like(truth), predicted, truth):
        ab = F.interpolate(ab.float(), size=size, mode="bilinear")
        rgb = lab_to_rgb(torch.cat((lightness, fit_gamut(lightness, ab)), dim=1))
        rows.append(torch.cat(list(rgb), dim=2))  # (3, H, N W)
    pixels = (torch.cat(rows, dim=1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels)
