"""Labour by skill: employment, shares of the wage bill by activity, tax rates on labour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import brentq

from calibration.config import Config
from calibration.satellites.labour_taxes import region_rates
from calibration.satellites.macro import country_table
from calibration.satellites.skills import country_skills, region_skills
from calibration.satellites.sources import facts
from cge.errors import BenchmarkError


def labour_facts(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Skilled shares by region (see `calibration.satellites.skills.region_skills`) and what was imputed."""
    table, _ = country_table(config, raw)
    skills, log = country_skills(config, raw, table)
    return region_skills(config, skills), log


def skill_employment(config: Config, raw: Path) -> xr.DataArray:
    """Workers by skill.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataArray
        Dimensions skill, reg; thousand workers. Sums over skill to employment of the macro table.
    """
    table, _ = country_table(config, raw)
    skills, _ = country_skills(config, raw, table)
    skilled = (skills.emp * skills.workers).groupby(skills.region).sum().reindex(config.reg)
    total = skills.emp.groupby(skills.region).sum().reindex(config.reg)
    values = np.stack([(total - skilled).to_numpy(), skilled.to_numpy()])
    return xr.DataArray(values, {"skill": list(config.skills), "reg": config.reg}, ("skill", "reg"))


def skill_splits(config: Config, raw: Path, wagebill: xr.DataArray | None = None) -> xr.DataArray:
    """Share of each activity's wage bill by skill.

    The odds of skilled to unskilled pay follow one pattern over activities in every region
    (facts/skill_intensity.csv, an assumption); their level is set, region by region, so that the region's
    whole wage bill has the skilled share of `labour_facts`. That holds exactly for the wage bill given.

    Parameters
    ----------
    config : Config
    raw : Path
    wagebill : DataArray, optional
        Dimensions acts, reg; any unit. Without it one typical composition of the wage bill (the column
        ``typical_wage_share`` of the same table) stands in for every region: a preview, not for a benchmark.

    Returns
    -------
    DataArray
        Dimensions acts, skill, reg; sums to 1 over skill.
    """
    shares, _ = labour_facts(config, raw)
    intensity = facts("skill_intensity").set_index("activity")
    table = intensity.high_skill_share.astype(float)
    missing = [a for a in config.comm if a not in table.index]
    if missing:
        raise BenchmarkError(
            f"facts/skill_intensity.csv has no row for {', '.join(missing)}; add one with a source"
        )
    odds = (table / (1 - table))[config.comm].to_numpy()
    if wagebill is None:
        typical = intensity.typical_wage_share.astype(float)[config.comm].to_numpy()
        weights = np.repeat(typical[:, None], len(config.reg), axis=1)
    else:
        weights = wagebill.sel(acts=config.comm, reg=config.reg).transpose("acts", "reg").to_numpy()
    out = np.empty((len(config.comm), 2, len(config.reg)))
    for j, region in enumerate(config.reg):
        weight = weights[:, j] / weights[:, j].sum()
        out[:, 1, j] = with_mean(odds, weight, float(shares.wages[region]))
    out[:, 0, :] = 1 - out[:, 1, :]
    dims = ("acts", "skill", "reg")
    return xr.DataArray(out, {"acts": config.comm, "skill": list(config.skills), "reg": config.reg}, dims)


def with_mean(odds: np.ndarray, weight: np.ndarray, mean: float) -> np.ndarray:
    """Shares ``m odds / (1 + m odds)`` with the weighted mean given."""

    def shares(log_m: float) -> np.ndarray:
        return 1 / (1 + np.exp(-log_m) / odds)

    log_m = brentq(lambda x: float(weight @ shares(x)) - mean, -30, 30, xtol=1e-14)
    return shares(log_m)


def as_the_host(config: Config, raw: Path, share: pd.DataFrame, workers: pd.DataFrame) -> pd.DataFrame:
    """Skill shares with the odds of the hosts of facts/host_skill.csv moved until their mean is the host's own.

    Where migrants are most of the work force, its skill is theirs; the homes' own shares would give more unskilled
    migrants than there are unskilled workers.

    Parameters
    ----------
    config : Config
    raw : Path
    share : DataFrame
        College share of migrant workers: index home region, columns host ISO3.
    workers : DataFrame
        Migrant workers of the same shape, any unit.

    Returns
    -------
    DataFrame
        As ``share``.
    """
    hosts = [c for c in facts("host_skill", config.year).iso if c in share]
    if not hosts:
        return share
    countries, _ = country_skills(config, raw, country_table(config, raw)[0])
    share = share.copy()
    for c in hosts:
        weight = (workers[c] / workers[c].sum()).to_numpy(float)
        odds = (share[c] / (1 - share[c])).to_numpy(float)
        share[c] = with_mean(odds, weight, float(countries.workers[c]))
    return share


def labour_tax_rates(config: Config, raw: Path) -> xr.DataArray:
    """Average effective rate of income tax and social contributions on labour cost.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataArray
        Dimension reg; fraction of the gross wage (what the firm pays). The table behind it is
        ``region_rates(config, raw)``.
    """
    rates = region_rates(config, raw)
    return xr.DataArray(rates.rate.to_numpy(), {"reg": config.reg}, ("reg",))
