"""The world input-output table of 2011 (WIOD, release 2013) written in the layout of the OECD, with satellites.

For tests and for docs/bring_your_own.md; everything goes into a folder of the caller's and nothing is shipped. Sources,
all in the raw data: WIOD 2011; Penn World Table 10.01, 2011; applied tariffs of 2014; World Bank migrant stocks 2013
and remittances 2010.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.satellites.matrices import read_matrix
from calibration.satellites.remittances import matrix_2010
from calibration.satellites.sources import penn_world_table, read_r

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
ISO = {"ROM": "ROU", "RoW": "ROW"}
USES = ("HFCE", "NPISH", "GGFC", "GFCF", "INVNT")

# Sectors of the tariff file that make up a sector of the benchmark.
TARIFFS = {
    "Agr": [1],
    "Ext": [2],
    "Food": [3],
    "Tex": [4],
    "Hman": [7, 8, 9, 10, 11],
    "Mach": [5, 6, 12, 13, 14, 15],
}

SETTINGS = """\
title = "World of 2011: WIOD in the layout of the OECD"
year = 2011
missing = "default"

[regions]
USA = ["USA"]
CAN = ["CAN"]
GBR = ["GBR"]
DEU = ["DEU"]
XEU = ["AUT", "BEL", "DNK", "ESP", "FIN", "FRA", "GRC", "IRL", "ITA", "LUX", "NLD", "PRT", "SWE"]
AUS = ["AUS"]
JPN = ["JPN"]
MEX = ["MEX"]
EEU = ["BGR", "CYP", "CZE", "EST", "HUN", "LTU", "LVA", "MLT", "POL", "ROU", "SVK", "SVN"]
RUT = ["RUS", "TUR"]
CHN = ["CHN"]
IND = ["IND"]
IDN = ["IDN"]
BRA = ["BRA"]
ROW = ["*"]

[sectors]
Agr = ["c1"]
Ext = ["c2"]
Food = ["c3"]
Tex = ["c4", "c5"]
Hman = ["c8", "c9", "c10", "c11", "c12"]
Mach = ["c6", "c7", "c13", "c14", "c15", "c16"]
Cons = ["c17", "c18"]
Trade = ["c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26"]
Bus = ["c27", "c28", "c29", "c30"]
Gov = ["c31", "c32", "c33", "c34", "c35"]

[like]
Hman = "Chem"

[groups]
importers = ["USA", "CAN", "GBR", "DEU", "XEU", "AUS", "JPN"]
exporters = ["MEX", "EEU", "RUT", "CHN", "IND", "IDN", "BRA", "ROW"]

[files]
capital = "capital.csv"
population = "population.csv"
tariffs = "tariffs.csv"
workers = "workers.csv"
migrants = "migrants.csv"
remittances = "remittances.csv"

[sources]
input_output = "World Input-Output Database, 2013 release, 2011 (Timmer, Dietzenbacher, Los, Stehrer, de Vries 2015)"
macro = "Penn World Table 10.01, 2011 (Feenstra, Inklaar, Timmer 2015)"
tariffs = "UNCTAD TRAINS 2014, as in Lashkaripour and Lugovskyy (2023), replication files"
migrants = "World Bank, bilateral migrant stocks 2013"
remittances = "World Bank, bilateral remittance matrix 2010"
"""


def write_table(folder: Path, raw: Path = RAW) -> Path:
    """The table: 41 countries, 35 industries, five final uses; taxes on products are not told apart (row of zeros)."""
    table = {str(k): v for k, v in read_r(raw / "wiod2013" / "wiot_2011.RData").items()}
    countries = [ISO.get(str(c), str(c)) for c in table["countries"]]
    industries = [str(i) for i in table["industries"]]
    inter, final = (np.asarray(table[n], dtype=float) for n in ("inter", "final"))
    output = inter.sum(1) + final.sum(1)
    cells = [f"{c}_{i}" for c in countries for i in industries]
    frame = pd.DataFrame(
        np.hstack([inter, final]), index=cells, columns=cells + [f"{c}_{u}" for c in countries for u in USES]
    )
    frame.loc["TLS"] = 0.0
    frame.loc["VA"] = np.concatenate([output - inter.sum(0), np.zeros(final.shape[1])])
    frame.loc["OUT"] = np.concatenate([output, np.zeros(final.shape[1])])
    frame["OUT"] = np.concatenate([output, [0.0, float((output - inter.sum(0)).sum()), output.sum()]])
    frame.to_csv(folder / "icio2011.csv", index_label="V1")
    return folder / "icio2011.csv"


def write_satellites(folder: Path, raw: Path = RAW) -> None:
    """The satellites by country of the table; countries without a table of their own are ROW."""
    table = {str(k): v for k, v in read_r(raw / "wiod2013" / "wiot_2011.RData").items()}
    countries = [ISO.get(str(c), str(c)) for c in table["countries"]]
    p = penn_world_table(raw, 2011)
    place = pd.Series({c: c if c in countries else "ROW" for c in p.index})
    stock = p["cn"] * p["pl_n"]
    macro = pd.DataFrame(
        {"population": p["pop"], "workers": p["emp"] * 1e3, "stock": stock, "depreciation": p["delta"] * stock}
    )
    macro = macro.groupby(place).sum().reindex(countries)
    for name, columns in (
        ("population", ["population"]),
        ("workers", ["workers"]),
        ("capital", ["stock", "depreciation"]),
    ):
        macro[columns].to_csv(folder / f"{name}.csv", index_label="reg")
    stocks, _ = read_matrix(raw, "migrants_remittances/WB_Bilateral_Migration_2013.xlsx")
    sent = matrix_2010(raw).T  # receiver in rows, sender in columns
    for name, matrix, unit in (("migrants", stocks / 1e3, "persons"), ("remittances", sent, "value")):
        known = matrix.rename(
            index=lambda c: c if c in countries else "ROW", columns=lambda c: c if c in countries else "ROW"
        )
        long = known.groupby(level=0).sum().T.groupby(level=0).sum().T.stack().rename(unit)
        long = long[long > 0].rename_axis(["home", "host"]).reset_index()
        long[long.home != long.host].to_csv(folder / f"{name}.csv", index=False)
    t = pd.read_csv(raw / "tariffs_2014" / "tariffs_2014_tidy_fixed.csv")
    lines = []
    for sector, numbers in TARIFFS.items():
        part = t[t.sector.isin(numbers)].groupby(["exporter", "importer"])["tariff_pct"].mean() / 100
        part = part[part > 0]
        lines += [(sector, s, d, r) for (s, d), r in part.items() if s in countries and d in countries and s != d]
    pd.DataFrame(lines, columns=["sector", "src", "dst", "rate"]).to_csv(folder / "tariffs.csv", index=False)


def write_world(folder: Path, raw: Path = RAW) -> tuple[Path, Path]:
    """Table, satellites and settings; returns the paths of the table and of the settings."""
    write_satellites(folder, raw)
    (folder / "world.toml").write_text(SETTINGS)
    return write_table(folder, raw), folder / "world.toml"
