"""Small tables of invented numbers with everything that an import takes, to try it on and to start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cge.bring.sam_example import SAM, SAM_FILES, SAM_SETTINGS
from cge.errors import BenchmarkError

COUNTRIES = ("NOR", "SWE", "POL", "IND", "ROW")
INDUSTRIES = ("A01_02", "A03", "C10T12", "C29", "F", "H49", "M", "O")
USES = ("HFCE", "NPISH", "GGFC", "GFCF", "INVNT", "DPABR")
SIZE = (40.0, 60.0, 50.0, 200.0, 900.0)  # output per industry, billion US$; the numbers are invented

ICIO_SETTINGS = """\
# Invented numbers under real labels: nothing here is a statistic.
title = "Example of an inter-country input-output table (invented numbers)"
year = 2014
missing = "refuse"                 # every satellite is given below; "default" accepts a documented default instead

[regions]                          # region = countries of the table
Nordic = ["NOR", "SWE"]
POL = ["POL"]
IND = ["IND"]
ROW = ["*"]                        # the rest

[sectors]                          # sector = industries of the table
Agr = ["A01_02", "A03"]
Food = ["C10T12"]
Man = ["C29"]
Ser = ["*"]

[like]                             # what a sector is like, for defaults; not needed where all codes are the OECD's
Man = "Veh"

[groups]
importers = ["Nordic", "ROW"]
exporters = ["POL", "IND"]

[files]
factor_shares = "factor_shares.csv"
taxes = "taxes.csv"
capital = "capital.csv"
population = "population.csv"
tariffs = "tariffs.csv"
workers = "workers.csv"
migrants = "migrants.csv"
remittances = "remittances.csv"
elasticities = "elasticities.csv"
price_levels = "price_levels.csv"

[sources]
table = "invented"
"""

SATELLITES = {
    "factor_shares.csv": "sector,reg,labour,skilled,land,natres\nAgr,*,0.5,0.1,0.4,0.05\nFood,*,0.55,0.2,0,0\n"
    "Man,*,0.65,0.25,0,0\nSer,*,0.65,0.35,0,0\nSer,Nordic,0.65,0.45,0,0\n",
    "taxes.csv": "reg,labour,capital\nNordic,0.35,0.1\nPOL,0.3,0.1\nIND,0.08,0.05\nROW,0.2,0.1\n",
    "capital.csv": "reg,stock,depreciation\nNordic,1300000,50000\nPOL,650000,25000\nIND,2800000,110000\n"
    "ROW,12000000,450000\n",
    "population.csv": "reg,population\nNOR,5\nSWE,10\nPOL,38\nIND,1290\nROW,900\n",
    "tariffs.csv": "sector,src,dst,rate\nAgr,*,*,0.12\nFood,*,*,0.15\nMan,*,*,0.06\nAgr,IND,Nordic,0.2\n"
    "Agr,POL,Nordic,0\nFood,POL,Nordic,0\nMan,POL,Nordic,0\nMan,SWE,NOR,0\n",
    "workers.csv": "reg,skill,workers\nNordic,UnskLab,4500\nNordic,SkLab,2700\nPOL,UnskLab,12000\nPOL,SkLab,4000\n"
    "IND,UnskLab,420000\nIND,SkLab,50000\nROW,UnskLab,300000\nROW,SkLab,90000\n",
    "migrants.csv": "home,host,skill,workers\nPOL,NOR,UnskLab,60\nPOL,SWE,UnskLab,70\nPOL,SWE,SkLab,25\n"
    "IND,SWE,SkLab,30\n"
    "IND,ROW,UnskLab,4000\nIND,ROW,SkLab,1500\nNOR,SWE,SkLab,20\nPOL,ROW,UnskLab,900\nROW,POL,UnskLab,100\n",
    "remittances.csv": "home,host,value\nPOL,Nordic,700\nIND,Nordic,250\nIND,ROW,7000\nPOL,ROW,2500\nROW,POL,120\n",
    "elasticities.csv": "sector,esubva,esubd,esubm\nAgr,0.24,2.4,4.8\nFood,1.1,2.4,4.8\nMan,1.26,3.5,7\n"
    "Ser,1.3,1.9,3.8\n",
    "price_levels.csv": "reg,level\nNOR,1.4\nSWE,1.2\nPOL,0.6\nIND,0.3\nROW,0.8\n",
}

SCENARIO = """\
title = "All tariffs removed against a three-percent migration quota"
benchmark = "mine"

[labour]                           # of new movers
beta = 0.5
rho = 0.2

[scenario.T]
title = "All tariffs removed"
tariffs = [{ remove = "all" }]

[scenario.M]
title = "Quota of 3% of the work force, both skills"
quota = [{ rate = 0.03, hosts = ["importers"], homes = ["exporters"], supply = "pool" }]
"""


def example_icio() -> str:
    """A balanced table of five countries and eight industries in the layout of the OECD, as CSV; invented numbers."""
    rng = np.random.default_rng(20140101)
    n, k, u = len(COUNTRIES), len(INDUSTRIES), len(USES)
    size = np.array(SIZE)
    near = (
        np.where(np.eye(n) > 0, 1.0, 0.12 * rng.uniform(0.5, 1.5, (n, n)))
        * np.minimum(size[:, None] / size[None], 1.0) ** 0.5
    )
    inter = rng.uniform(0.02, 0.09, (1, k, 1, k)) * (near[:, None, :, None] * size[None, None, :, None])
    inter = inter * rng.uniform(0.8, 1.2, (n, k, n, k)) * 1000
    use = np.array([0.42, 0.02, 0.2, 0.22, 0.01, 0.01])
    final = rng.uniform(0.5, 1.5, (1, k, 1, 1)) * use * near[:, None, :, None] * size[None, None, :, None] * 500
    final = np.round(final * rng.uniform(0.8, 1.2, (n, k, n, u)), 1)
    final[0, 2, 0, 4] = -40.0  # stocks run down
    inter = np.round(inter, 1)
    output = inter.sum((2, 3)) + final.sum((2, 3))
    tax_inter = np.round(0.02 * inter.sum((0, 1)), 1)
    tax_final = np.round(np.array([0.15, 0.0, 0.01, 0.06, 0.0, 0.05]) * final.sum((0, 1)), 1)
    added = output - inter.sum((0, 1)) - tax_inter
    cells = [f"{c}_{i}" for c in COUNTRIES for i in INDUSTRIES]
    demands = [f"{c}_{x}" for c in COUNTRIES for x in USES]
    lines = [["V1", *cells, *demands, "OUT"]]
    flat = np.hstack([inter.reshape(n * k, n * k), final.reshape(n * k, n * u), output.reshape(-1, 1)])
    lines += [[name, *(f"{x:.1f}" for x in row)] for name, row in zip(cells, flat)]
    taxes = np.concatenate([tax_inter.ravel(), tax_final.ravel()])
    blank = ["0.0"] * (n * u)
    lines.append(["TLS", *(f"{x:.1f}" for x in taxes), f"{taxes.sum():.1f}"])
    lines.append(["VA", *(f"{x:.1f}" for x in added.ravel()), *blank, f"{added.sum():.1f}"])
    lines.append(["OUT", *(f"{x:.1f}" for x in output.ravel()), *blank, f"{output.sum():.1f}"])
    return "\n".join(",".join(line) for line in lines) + "\n"


def write_example(folder: str | Path) -> str:
    """Write example tables, settings, satellites and a scenario into a new folder; returns the report.

    Raises
    ------
    BenchmarkError
        The folder is there and holds files.
    """
    folder = Path(folder)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise BenchmarkError(f"{folder} is there and not empty; give the name of a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "icio.csv": example_icio(),
        "icio.toml": ICIO_SETTINGS,
        "sam.csv": SAM,
        "sam.toml": SAM_SETTINGS,
        "compare.toml": SCENARIO,
        "compare_sam.toml": SCENARIO.replace('"mine"', '"mine_sam"'),
        **SATELLITES,
        **SAM_FILES,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return f"written: {folder} ({', '.join(files)}); invented numbers"
