"""What a power is worked out for: two rates, how people and photos differ, and who drops out.

Assumed(rate=0.32, difference=0.1, drop_out=0.2).rates
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Assumed:
    """The truth to be found, and how much chance differs (SD, logits)."""

    rate: float = 0.323
    difference: float = 0.1
    participant_sd: float = 0.4
    photo_sd: float = 0.8
    photo_by_model_sd: float = 0.5
    drop_out: float = 0.2  # share of those who begin that leave or break a rule

    def __post_init__(self) -> None:
        if not all(0 < rate < 1 for rate in self.rates):
            raise ValueError(f"Rates {self.rates}: each must lie between 0 and 1, both excluded.")
        if not 0 <= self.drop_out < 1:
            raise ValueError(f"drop-out is {self.drop_out}; use a share from 0 to below 1.")

    @property
    def rates(self) -> tuple[float, float]:
        return self.rate, self.rate + self.difference


def add_options(parser: argparse.ArgumentParser) -> None:
    """All of it, the number of people, and how it is simulated."""
    add = parser.add_argument
    add("--participants", type=int, nargs="+", metavar="N", help="who begin (the study's target)")
    add("--rate", type=float, default=Assumed.rate, help="of one model (0.323)")
    add("--difference", type=float, default=Assumed.difference, help="of the other (0.1)")
    add("--drop-out", type=float, default=Assumed.drop_out, help="share that does not count (0.2)")
    add("--participant-sd", type=float, default=Assumed.participant_sd, help="in logits (0.4)")
    add("--photo-sd", type=float, default=Assumed.photo_sd, help="in logits (0.8)")
    add("--photo-by-model-sd", type=float, default=Assumed.photo_by_model_sd, help="logits (0.5)")
    add("--runs", type=int, default=1000, help="simulated studies a row (1000)")
    add("--seed", type=int, default=0)


def assumed_by(args: argparse.Namespace) -> Assumed:
    return Assumed(**{field.name: getattr(args, field.name) for field in fields(Assumed)})
