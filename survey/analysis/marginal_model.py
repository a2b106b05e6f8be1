"""A probit model of the votes of an exported study, its errors clustered on people and on photos.

    python analysis/marginal_model.py       in the folder of the unzipped export; needs statsmodels

What mixed_model.R asks of the person and the photo in the middle, this asks of the crowd, as the
report does: without random effects, which statsmodels can fit to votes only by ways (variational,
Laplace) that call them surer than they are. The command that makes the export:

python -m survey export studies/poster --output poster.zip
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

Row = tuple[str, float, float, float, float]  # what, estimate, low, high, p


def votes_of(folder: Path) -> tuple[pd.DataFrame, bool]:
    """Scored votes of the people whom no rule excludes, and whether they are of pairs.

    `believed` is 1 where a version was taken for real.
    """
    (file,) = (folder / "data").glob("*_description-votes_data.csv")
    votes, people = pd.read_csv(file), pd.read_csv(folder / "results" / "people.csv")
    kept = people.participant[people.excluded == 0]
    kept = kept if len(kept) else people.participant  # as the report does
    votes = votes[(votes.kind == "trial") & votes.participant.isin(kept)].copy()
    if votes.truth.isna().any():
        raise SystemExit("These votes rank models; no answer is right. See results/ there.")
    votes["condition"] = votes.condition.str.removeprefix("'")  # see README.md
    pairs = not votes.truth.isin(["real", "synthesized"]).all()
    believed = votes.answer != votes.truth if pairs else votes.answer == "real"
    return votes.assign(believed=believed.astype(float)), pairs


def analyse(votes: pd.DataFrame, pairs: bool) -> pd.DataFrame:
    """z, d′ and differences, each with its interval and its p; the last adjusted by Holm."""
    names = sorted(votes.condition.unique(), key=lambda name: (name != "real", name))
    shown = np.column_stack([votes.condition == name for name in names]).astype(float)
    probit = sm.families.Binomial(sm.families.links.Probit())
    clusters = votes[["participant", "photo"]].apply(lambda ids: pd.factorize(ids)[0]).to_numpy()
    fit = sm.GLM(votes.believed.to_numpy(), shown, family=probit).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}
    )
    freedom = min(clusters.max(0))  # of the smaller number of clusters
    units = dict(zip(names, np.eye(len(names)), strict=True))
    models = [name for name in names if name != "real"]
    asked = {f"z, {name}": unit for name, unit in units.items()}
    if pairs:
        asked |= {f"d', {name}": -np.sqrt(2) * units[name] for name in models}
    elif "real" in units:
        asked |= {f"d', {name}": units["real"] - units[name] for name in models}
    gaps = {f"{a} - {b}": units[a] - units[b] for a, b in combinations(models, 2)}
    rows = [_row(what, weights, fit, freedom) for what, weights in (asked | gaps).items()]
    table = pd.DataFrame(rows, columns=["what", "estimate", "low", "high", "p"])
    table["p_holm"] = np.nan
    if gaps:
        place = table.index[-len(gaps) :]
        table.loc[place, "p_holm"] = multipletests(table.p[place], method="holm")[1]
    return table


def _row(what: str, weights: NDArray[np.float64], fit: Any, freedom: int) -> Row:
    estimate = float(weights @ fit.params)
    error = float(np.sqrt(weights @ fit.cov_params() @ weights))
    half = t.ppf(0.975, freedom) * error
    return (
        what,
        estimate,
        estimate - half,
        estimate + half,
        2 * t.sf(abs(estimate / error), freedom),
    )


def main(folder: Path) -> None:
    votes, pairs = votes_of(folder)
    people, photos = votes.participant.nunique(), votes.photo.nunique()
    table = analyse(votes, pairs).to_string(index=False, na_rep="", float_format="%.4g")
    said = f"{len(votes)} votes, {people} people, {photos} photos\n\n{table}\n"
    (folder / "analysis" / "marginal_model.txt").write_text(said)
    print(said)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
