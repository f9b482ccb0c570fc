"""Reader of the World Input-Output Database, 2016 release: national tables and the block of final use.

The national tables give, for every country, domestic and imported use by product and user, exports by product, and
taxes less subsidies on products by user. The block of final use of the world table gives the partners of final use.
The partners of intermediate use are estimated: a matrix of exporters and importers per product, with each country's
exports and imports of intermediates as margins and bilateral flows of 16 industries as the first guess. Imports of a
product have one mix of partners for all industries of a country.

Source: Timmer, Dietzenbacher, Los, Stehrer, de Vries (2015), Review of International Economics 23, 575-605;
Lashkaripour and Lugovskyy (2023), American Economic Review 113(10), replication files (flows).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.config import Config, ConfigError
from calibration.mrio.table import Mrio

USES = ("household", "npish", "government", "investment", "inventories")
TAX = {"household": [0, 1], "government": [2], "investment": [3, 4]}  # columns of final use that an agent has
SWEEPS, TOLERANCE = 2000, 1e-9
# First guess of a flow, million US$, where the flows of industries show none but both margins are positive.
SMALLEST = 1e-6


def read(config: Config, raw: Path) -> Mrio:
    """Read one year, estimate the partners of intermediates, sum industries to the benchmark's sectors.

    Parameters
    ----------
    config : Config
    raw : Path
        Folder of raw data.

    Returns
    -------
    Mrio
        Every country of the table and its rest of the world; million current US$ at basic prices, imports at fob.
        Of the rest of the world only trade is known: its purchases abroad that are not final stand as inputs of the
        sector that makes the product, and its own domestic use is zero (its parts get tables of their own later).
        ``product_tax`` and ``freight`` are set.

    Raises
    ------
    ConfigError
        File missing or of another shape, a country or industry that the configuration and the table do not share, or
        a block of final use that is not that of the national tables.
    """
    national, final = _load(config, raw)
    countries = [str(c) for c in national["countries"]]
    industries = [str(c) for c in national["codes"]]
    _check_labels(config, countries, industries)
    year = config.year
    domestic, imported, exports, values = (national[f"{name}_{year}"].astype(float) for name in ("D", "M", "EXP", "V"))
    n, k = len(countries), len(industries)
    _check_final(final, domestic, imported, k)
    flows, groups = _industry_flows(config, raw, n + 1, k)
    split = partners(final, imported[:, :, :k].sum(2), exports, flows, groups)

    for rule in config.mrio.get("splits", []):
        _split(rule, countries.index(rule["country"]), industries, domestic, imported, final)

    # Partner shares of imported intermediates; the diagonal is domestic.
    share = split[:, :, :n] / np.maximum(split[:, :, :n].sum(0), 1e-300)
    inter = np.einsum("sgd,dgj->sgdj", share, imported[:, :, :k])
    sums = np.array([[1.0 if i in group else 0.0 for i in industries] for group in config.sectors.values()])
    m = len(config.comm)
    out = np.zeros((n + 1, m, n + 1, m))
    out[:, :, :n] = np.einsum("ag,sgdj,bj->sadb", sums, inter, sums, optimize=True)
    own = np.einsum("ag,dgj,bj->dab", sums, domestic[:, :, :k], sums, optimize=True)
    for i in range(n):
        out[i, :, i] += own[i]
    to_rest = np.einsum("ag,sg->sa", sums, split[:, :, n])
    out[:, np.arange(m), n, np.arange(m)] = to_rest
    final = np.einsum("ag,sgdu->sadu", sums, final, optimize=True)
    final[n, :, n] = 0.0

    names = [*countries, config.mrio["rest_of_world"]]
    coords = {"src": names, "comm": config.comm, "dst": names}
    rows = [str(r) for r in national["rows"]]
    tax = values[:, rows.index("TXSP")]
    product_tax = pd.DataFrame(
        {"firms": tax[:, :k].sum(1)} | {use: tax[:, [k + c for c in cols]].sum(1) for use, cols in TAX.items()},
        index=countries,
    )
    product_tax["gdp"] = values[:, rows.index("VA"), :k].sum(1) + tax.sum(1)
    return Mrio(
        inter=xr.DataArray(out, dims=("src", "comm", "dst", "acts"), coords={**coords, "acts": config.comm}),
        final=xr.DataArray(final, dims=("src", "comm", "dst", "use"), coords={**coords, "use": list(USES)}),
        rest=config.mrio["rest_of_world"],
        product_tax=product_tax,
        freight=pd.Series(values[:, rows.index("IntTTM")].sum(1), index=countries),
    )


def partners(
    final: np.ndarray, imported: np.ndarray, exports: np.ndarray, flows: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """Intermediate trade by exporter, product and importer, from margins and flows of whole industries.

    Per product, cells are scaled row by row and column by column (RAS) until every country's exports less final
    exports, and its imports of intermediates, are met. What the rest of the world buys and sells has no total of its
    own: its row and column follow the scales of the others.

    Parameters
    ----------
    final : ndarray (exporter, product, importer, use)
        Rest of the world last.
    imported : ndarray (importer, product)
        Imports of intermediates, countries only.
    exports : ndarray (exporter, product)
        All exports, countries only.
    flows : ndarray (exporter, importer, industry)
        Intermediate and final use together.
    groups : ndarray (industry, product)
        1 where a product belongs to an industry of ``flows``.

    Returns
    -------
    ndarray (exporter, product, importer)
        Zero on the diagonal.

    Raises
    ------
    ConfigError
        If the margins of a product cannot be met.
    """
    n, products = len(imported), imported.shape[1]
    apart = 1.0 - np.eye(n + 1)
    finals = final.sum(3).transpose(1, 0, 2) * apart  # product, exporter, importer
    # Rounding of the source may leave exports just below what partners report as final use.
    sold = np.maximum(exports.T - finals[:, :n].sum(2), 0.0)
    guess = np.maximum(flows * apart[:, :, None] - np.einsum("gsd,kg->sdk", finals, groups), 0.0)
    out = np.zeros((n + 1, products, n + 1))
    for g in range(products):
        industry = int(groups[:, g].argmax())
        same = np.flatnonzero(groups[industry])
        row = sold[g] / np.maximum(sold[same].sum(0), 1e-300)
        column = imported[:, g] / np.maximum(imported[:, same].sum(1), 1e-300)
        # The rest of the world's share of a product in its industry is that of its partners.
        seller = np.append(row, imported[:, g].sum() / max(imported[:, same].sum(), 1e-300))
        buyer = np.append(column, sold[g].sum() / max(sold[same].sum(), 1e-300))
        x = (guess[:, :, industry] * np.sqrt(np.outer(seller, buyer)) + SMALLEST) * apart
        x[n, n] = 0.0
        x[:n][sold[g] <= 0] = 0.0
        x[:, :n][:, imported[:, g] <= 0] = 0.0
        gap = np.inf
        for _ in range(SWEEPS):
            x[:n] *= (sold[g] / np.maximum(x[:n].sum(1), 1e-300))[:, None]
            x[:, :n] *= (imported[:, g] / np.maximum(x[:, :n].sum(0), 1e-300))[None, :]
            gap = np.abs(x[:n].sum(1) - sold[g]).max() / max(sold[g].max(), 1.0)
            if gap < TOLERANCE:
                break
        else:
            raise ConfigError(f"product {g}: exports and imports of intermediates disagree by {gap:.1e} after RAS")
        out[:, g] = x
    return out


def _split(rule: dict, at: int, industries: list[str], domestic, imported, final) -> None:
    """Give a share of an industry's domestic sales and of its purchases to another, in place.

    For a country that books two industries under one label. Its exports stay where they are.
    """
    source, target, share = industries.index(rule["from"]), industries.index(rule["to"]), rule["share"]
    own = final[at, :, at]
    for block in (domestic[at], own):  # what it sells at home
        block[target] += share * block[source]
        block[source] *= 1 - share
    for block in (domestic[at], imported[at]):  # what it buys
        block[:, target] += share * block[:, source]
        block[:, source] *= 1 - share


def _load(config: Config, raw: Path) -> tuple[dict, np.ndarray]:
    folder = Path(raw)
    with np.load(_file(folder, config.mrio["file"])) as data:
        lacking = [f"{n}_{config.year}" for n in ("D", "M", "EXP", "V") if f"{n}_{config.year}" not in data.files]
        if lacking:
            raise ConfigError(f"{config.mrio['file']} has no {lacking[0]}; the configuration says {config.year}")
        names = ("countries", "codes", "fd", "rows", *(f"{n}_{config.year}" for n in ("D", "M", "EXP", "V")))
        national = {n: data[n] for n in names}
    n, k = len(national["countries"]) + 1, len(national["codes"])
    with np.load(_file(folder, config.mrio["final"])) as data:
        final = data["F"]
    if final.shape != (n * k, n * len(USES)):
        raise ConfigError(f"{config.mrio['final']}: block of final use has shape {final.shape}, not {(n * k, n * 5)}")
    return national, final.reshape(n, k, n, len(USES)).astype(float)


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ConfigError(f"{path.name} is not in {path.parent}; see the benchmark's README for where to get it")
    return path


def _check_labels(config: Config, countries: list[str], industries: list[str]) -> None:
    name = config.mrio["file"]
    wanted = {c for cs in config.explicit.values() for c in cs}
    if wanted != set(countries):
        raise ConfigError(f"{name}: countries of the table and of [explicit] differ: {sorted(wanted ^ set(countries))}")
    listed = [i for group in config.sectors.values() for i in group]
    if sorted(listed) != sorted(industries):
        odd = sorted(set(listed) ^ set(industries)) or "an industry twice"
        raise ConfigError(f"{name}: industries of the table and of [sectors] differ: {odd}")


def _check_final(final: np.ndarray, domestic: np.ndarray, imported: np.ndarray, k: int) -> None:
    """The block of final use and the national tables are one table (they share no file)."""
    n = len(domestic)
    own = final[np.arange(n), :, np.arange(n)]
    abroad = final[:, :, :n].sum(0).transpose(1, 0, 2) - own
    gap = max(np.abs(own - domestic[:, :, k:]).max(), np.abs(abroad - imported[:, :, k:]).max())
    if gap > 0.1:
        raise ConfigError(f"final use by partner differs from the national tables by {gap:.1f} million US$")


def _industry_flows(config: Config, raw: Path, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.io import loadmat

    flows = loadmat(_file(Path(raw), config.mrio["flows"]))["Xijs3D"].astype(float)
    groups = np.loadtxt(_file(Path(raw), config.mrio["industries"]))
    if flows.shape[:2] != (n, n) or groups.shape != (flows.shape[2], k):
        raise ConfigError(f"{config.mrio['flows']}: flows {flows.shape} and industries {groups.shape} do not fit")
    return flows, groups
