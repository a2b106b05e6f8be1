"""What a run shows of itself: a line in the terminal, a table in log.csv, and pictures.

tail -f RUN/log.csv
"""

import csv
import io
import math
import sys
import time
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from colorize.files import write_whole
from colorize.lab import fit_gamut, lab_to_pixels
from train.checkpoint import explain_write_errors
from train.schedule import Clock

FIELDS = ("step", "seconds", "loss", "validation", "rate", "images_per_s")
KEEP = 0.98  # of the shown loss, at each step: an average over about fifty


class ProgressLog:
    """Prints every few seconds, writes a line of log.csv and pictures at each validation."""

    def __init__(self, run: Path, clock: Clock, batch: int, why: str, quiet: bool = False) -> None:
        self.run, self.clock, self.batch, self.quiet = run, clock, batch, quiet
        self.loss, self.speed = float("nan"), 0.0
        self.last = self.save = time.monotonic()
        self.last_step = clock.step
        self.terminal = sys.stderr.isatty()
        if not quiet:
            self._begin_table()
            print(f"Training on: {why}", file=sys.stderr)

    def _begin_table(self) -> None:
        """log.csv with its head, and of a run that is resumed the lines up to its checkpoint."""
        path, lines = self.run / "log.csv", []
        if self.clock.step and path.exists():
            with path.open(newline="") as file:
                lines = [row for row in csv.reader(file) if _is_whole(row)]
        table = io.StringIO(newline="")
        kept_lines = [row for row in lines if int(row[0]) <= self.clock.step]
        csv.writer(table).writerows([FIELDS, *kept_lines])
        with explain_write_errors(path):
            write_whole(path, table.getvalue().encode())

    def step(self, loss: float) -> None:
        self.loss = loss if math.isnan(self.loss) else KEEP * self.loss + (1 - KEEP) * loss
        now = time.monotonic()
        if self.quiet or now - self.last < (2 if self.terminal else 30):
            return
        self.speed = self.batch * (self.clock.step - self.last_step) / (now - self.last)
        self.last, self.last_step = now, self.clock.step
        line = (
            f"step {self.clock.step:6d}  loss {self.loss:.4f}  {self.speed:6.1f} images/s  "
            f"{self.clock.seconds / 60:.1f} min, {self.clock.left() / 60:.1f} left"
        )
        print(line, file=sys.stderr, end="\r" if self.terminal else "\n", flush=True)

    def validation(self, value: float) -> None:
        numbers = (
            self.clock.step,
            f"{self.clock.seconds:.1f}",
            f"{self.loss:.5f}",
            f"{value:.5f}",
            f"{self.clock.rate():.2e}",
            f"{self.speed:.1f}",
        )
        path = self.run / "log.csv"
        with explain_write_errors(path), path.open("a", newline="") as file:
            csv.writer(file).writerow(numbers)
        print(f"\nstep {self.clock.step}: validation {value:.4f}", file=sys.stderr)

    def pictures(self, lightness: Tensor, predicted: Tensor, truth: Tensor) -> None:
        path = self.run / "pictures.png"
        with explain_write_errors(path):
            contact_sheet(lightness, predicted, truth).save(path)

    def seconds_since_save(self) -> float:
        return time.monotonic() - self.save

    def saved(self) -> None:
        self.save = time.monotonic()

    def close(self) -> None:
        if self.quiet:
            return
        end = "Done" if self.clock.done() else "Stopped; go on with --resume"
        print(f"\n{end}: {self.clock.step} steps, {self.run}", file=sys.stderr)


def _is_whole(row: list[str]) -> bool:
    """A full disk, or a kill, may leave half a line; and the head is none."""
    return len(row) == len(FIELDS) and row[0].isdigit()


def contact_sheet(lightness: Tensor, predicted: Tensor, truth: Tensor) -> Image.Image:
    """Three rows of pictures: grey, ours, truth. lightness (N, 1, H, W), ab at any size."""
    size = lightness.shape[2:]
    rows = []
    for ab in (torch.zeros_like(truth), predicted, truth):
        ab = F.interpolate(ab.float(), size=size, mode="bilinear")
        lab = torch.cat((lightness, fit_gamut(lightness, ab)), dim=1)
        rows.append(torch.cat(list(lab), dim=2))  # (3, H, N W)
    return Image.fromarray(lab_to_pixels(torch.cat(rows, dim=1)))
