"""Wrong inputs are refused in one line that names the place and the repair, and leave nothing behind."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from cge.bring.example import write_example
from cge.cli import main


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refused") / "example"
    write_example(folder)
    return folder


@pytest.fixture
def work(example, tmp_path):
    shutil.copytree(example, tmp_path / "w")
    return tmp_path / "w"


def in_text(name, old, new):
    def change(folder):
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def in_table(name, edit):
    def change(folder):
        frame = pd.read_csv(folder / name, index_col=0, dtype=str, keep_default_na=False)
        edit(frame).to_csv(folder / name)

    return change


def cell(row, column, value):
    def edit(frame):
        frame.loc[row, column] = value
        return frame

    return edit


def twice(folder):
    lines = (folder / "icio.csv").read_text().splitlines()
    lines.insert(3, lines[2])
    (folder / "icio.csv").write_text("\n".join(lines))


def moved(row, column, amount):
    def edit(frame):
        frame.loc[row, column] = str(float(frame.loc[row, column] or 0) + amount)
        return frame

    return edit


def silent(frame):
    own = [c for c in frame if c.startswith("NOR_")]
    frame[own] = "0"
    frame.loc[[r for r in frame.index if r.startswith("NOR_")]] = "0"
    for r in frame.index.difference(["TLS", "VA", "OUT"]):  # what the others sold there is gone
        frame.loc[r, "OUT"] = str(frame.loc[r].drop("OUT").astype(float).sum())
        frame.loc["OUT", r] = frame.loc[r, "OUT"]
    inner = list(frame.index.difference(["VA", "OUT"]))
    for r in frame.index.difference(["TLS", "VA", "OUT"]):
        frame.loc["VA", r] = str(float(frame.loc["OUT", r]) - frame.loc[inner, r].astype(float).sum())
    return frame


def dear_imports(folder):
    """Consumption is subsidised, and tariffs of 300%, the highest rate read, are more than all taxes."""
    in_table("icio.csv", moved("TLS", "POL_HFCE", -40000.0))(folder)
    (folder / "tariffs.csv").write_text("rate\n3\n")


ICIO = {
    "country without output": (in_table("icio.csv", silent), ["country NOR has no output"]),
    "no row of output": (in_table("icio.csv", lambda f: f.drop(index="OUT")), ["no row of output", "OUT or OUTPUT"]),
    "no row of taxes": (in_table("icio.csv", lambda f: f.drop(index="TLS")), ["no row of taxes", "zeros where"]),
    "country not in the table": (in_text("icio.toml", '"NOR", "SWE"', '"NOR", "DNK"'), ["regions.Nordic", "'DNK'"]),
    "country in no region": (
        in_text("icio.toml", 'ROW = ["*"]', 'ROW = ["ROW"]\nX = ["SWE"]'),
        ["SWE is in Nordic and in X"],
    ),
    "industry in no sector": (in_text("icio.toml", 'Ser = ["*"]', 'Ser = ["F"]'), ["industry H49", "in no group"]),
    "row off": (in_table("icio.csv", moved("POL_F", "IND_F", 9e4)), ["does not balance", "POL_F", "off by"]),
    "column off": (in_table("icio.csv", moved("VA", "IND_M", -9e4)), ["does not balance", "column IND_M"]),
    "text in a cell": (in_table("icio.csv", cell("SWE_F", "NOR_O", "n.a.")), ["row SWE_F, column NOR_O", "'n.a.'"]),
    "thousands separator": (in_table("icio.csv", cell("SWE_F", "NOR_O", "1,250.5")), ["'1,250.5' is not a number"]),
    "empty cell": (in_table("icio.csv", cell("SWE_F", "NOR_O", "")), ["row SWE_F, column NOR_O", "not a number"]),
    "label twice": (twice, ["'NOR_A03' comes twice"]),
    "column of no kind": (
        in_table("icio.csv", lambda f: f.rename(columns={"NOR_GFCF": "GFCF"})),
        ["'GFCF' is neither"],
    ),
    "one column of final demand": (
        in_table("icio.csv", lambda f: f.rename(columns={"NOR_HFCE": "NOR_FD"})),
        ["NOR_FD"],
    ),
    "no government": (in_table("icio.csv", lambda f: f.rename(columns={"NOR_GGFC": "NOR_NPISH2"})), ["'NOR_NPISH2'"]),
    "row without a column": (
        in_table("icio.csv", lambda f: f.rename(index={"POL_O": "POL_P"})),
        ["'POL_P'", "row without a column"],
    ),
    "satellite of an unknown region": (
        in_text("migrants.csv", "POL,SWE,SkLab", "POL,FIN,SkLab"),
        ["migrants.csv, line 4", "'FIN'"],
    ),
    "satellite of an unknown skill": (
        in_text("workers.csv", "POL,SkLab", "POL,Clerks"),
        ["workers.csv, line 5", "'Clerks'"],
    ),
    "satellite with a line twice": (in_text("taxes.csv", "IND,0.08", "POL,0.08"), ["taxes.csv, line 4", "given twice"]),
    "satellite with text": (in_text("tariffs.csv", "Man,*,*,0.06", "Man,*,*,six"), ["tariffs.csv, line 4", "'six'"]),
    "satellite with a gap": (in_text("population.csv", "SWE,10\n", ""), ["population.csv", "no line for SWE"]),
    "satellite with another column": (in_text("capital.csv", "stock", "kapital"), ["capital.csv", "'kapital'"]),
    "percent for a fraction": (
        in_text("taxes.csv", "Nordic,0.35", "Nordic,35"),
        ["taxes.csv, line 2", "between 0 and"],
    ),
    "depreciation above income": (
        in_text("capital.csv", "POL,650000,25000", "POL,650000,9e9"),
        ["capital.csv: POL", "below capital"],
    ),
    "missing satellite": (
        in_text("icio.toml", 'migrants = "migrants.csv"\n', ""),
        ["missing and refused: migrants", "home, host"],
    ),
    "file that is not there": (in_text("icio.toml", '"taxes.csv"', '"tax.csv"'), ["files.taxes", "no such file"]),
    "satellite of no kind": (in_text("icio.toml", "taxes =", "levies ="), ["files.levies", "no satellite"]),
    "unknown key": (in_text("icio.toml", "[like]", "[alike]"), ["unknown key 'alike'"]),
    "unknown option word": (
        in_text("icio.toml", "[files]", '[options]\nnegative_value_added = "clip"\n[files]'),
        ["negative_value_added = 'clip'"],
    ),
    "unknown class": (in_text("icio.toml", 'Man = "Veh"', 'Man = "Cars"'), ["like.Man", "'Cars'"]),
    "workers without people": (
        in_text("icio.toml", 'population = "population.csv"\n', ""),
        ["missing and refused: population"],
    ),
    "no year": (in_text("icio.toml", "year = 2014", ""), ["year = None"]),
    "group of no region": (
        in_text("icio.toml", 'exporters = ["POL"', 'exporters = ["CHN"'),
        ["groups.exporters", "CHN"],
    ),
    "wrong word for missing": (in_text("icio.toml", '"refuse"', '"ask"'), ["missing.all = 'ask'"]),
    "bad TOML": (in_text("icio.toml", "[like]", "[like"), ["mend the file"]),
    "empty table": (lambda folder: (folder / "icio.csv").write_text(""), ["icio.csv is empty"]),
    "no table": (lambda folder: (folder / "icio.csv").unlink(), ["icio.csv", "No such file"]),
    "tariffs above all taxes": (
        dear_imports,
        ["taxes less subsidies", "lower the tariffs"],
    ),
}

for given in ("-0.51", "3.01", "6", "12"):
    ICIO[f"tariff of {given}"] = (
        in_text("tariffs.csv", "Man,*,*,0.06", f"Man,*,*,{given}"),
        ["tariffs.csv, line 4", f"rate {given} is not between -0.5 and 3", "a fraction (0.12 for 12%)"],
    )


def separated(name, mark):
    """The file as a program writes it where the comma is in the numbers."""

    def change(folder):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace(",", mark).replace(".", ","))

    return change


MARGINS = '[options]\nmargins = "Ser"\ngoods = ["Agr", "Food", "Man"]\nmargin_rate = {}\n[files]'
ICIO |= {
    "margins above the goods": (
        in_text("icio.toml", "[files]", MARGINS.format(0.9)),
        ["options.margin_rate = 0.9 is above 0.5", "0.03 for 3%"],
    ),
    "margins in per cent": (in_text("icio.toml", "[files]", MARGINS.format(3)), ["options.margin_rate = 3 is above"]),
    "semicolons": (separated("icio.csv", ";"), ["icio.csv: the separator is ';'", "save it with ','", "1234.5"]),
    "tabulators": (separated("icio.csv", "\t"), ["icio.csv: the separator is a tabulator"]),
    "semicolons in a satellite": (separated("tariffs.csv", ";"), ["tariffs.csv: the separator is ';'"]),
    "remittances above the host's GDP": (
        in_text("remittances.csv", "POL,Nordic,700", "POL,Nordic,700000000"),
        ["remittances.csv: 7e+08 million US$ sent from Nordic to POL", "above the GDP of Nordic", "correct the unit"],
    ),
    "price level in per cent": (
        in_text("price_levels.csv", "POL,0.6", "POL,60"),
        ["price_levels.csv, line 4: level 60 is not between", "a ratio"],
    ),
    "price level of nothing": (in_text("price_levels.csv", "POL,0.6", "POL,0"), ["price_levels.csv, line 4"]),
    "price levels with a gap": (in_text("price_levels.csv", "SWE,1.2\n", ""), ["price_levels.csv: no line for SWE"]),
    "price levels of regions and countries": (
        in_text("price_levels.csv", "SWE,1.2", "Nordic,1.2"),
        ["price_levels.csv, line 3: Nordic is a region"],
    ),
}

SAM = {
    "semicolons": (separated("sam.csv", ";"), ["sam.csv: the separator is ';'"]),
    "sheet of a CSV": (
        in_text("sam.toml", "[files]", '[options]\nsheet = "2014"\n[files]'),
        ["sam.toml: options.sheet = '2014'", "sam.csv is no Excel file", "take the line out"],
    ),
    "tariff of the world in per cent": (
        in_text("sam.toml", "tariff = 0.05", "tariff = 5"),
        ["rest_of_world.tariff = 5 is not between -0.5 and 3"],
    ),
    "does not balance": (
        in_table("sam.csv", moved("c-man", "hh", 5000.0)),
        ["account", "receives", "off by 5,000", "correct its row"],
    ),
    "text in a cell": (in_table("sam.csv", cell("c-man", "gov", "ten")), ["row c-man, column gov", "'ten'"]),
    "account without a role": (in_text("sam.toml", 'tariffs = ["tariff"]\n', ""), ["'tariff'", "has no role"]),
    "account not in the table": (in_text("sam.toml", '["stax"]', '["vat"]'), ["no account 'vat'"]),
    "account with two roles": (in_text("sam.toml", '["stax"]', '["stax", "dtax"]'), ["dtax is both"]),
    "not square": (in_table("sam.csv", lambda f: f.drop(index="land")), ["account 'land' has no row"]),
    "account twice": (in_table("sam.csv", lambda f: f.rename(index={"land": "cap"})), ["row 'cap' comes twice"]),
    "unknown role": (in_text("sam.toml", "tax_income", "tax_profits"), ["accounts.tax_profits is no role"]),
    "labour that is no factor": (
        in_text("sam.toml", '["HOME"]', '["HOME"]\nlabour = ["Clerks"]'),
        ["labour: 'Clerks' is no factor"],
    ),
    "migrants without people": (
        in_text("sam.toml", 'population = "sam_population.csv"\n', ""),
        ["without population"],
    ),
    "migrants without labour": (in_text("sam.toml", 'Labour = ["lab"]', 'Work = ["lab"]'), ["no factor is labour"]),
    "no capital": (in_text("sam.toml", 'Capital = ["cap"]', 'Kap = ["cap"]'), ["has no Capital"]),
    "no partner": (in_text("sam.toml", 'rest_of_world = ["row"]\n', ""), ["'row'", "has no role"]),
    "world too small": (in_text("sam.toml", "size = 15", "size = 0.01"), ["rest of the world", "larger size"]),
    "sector of no class": (in_text("sam.toml", 'Man = "Mach"\n', ""), ["sector Man", "[like]"]),
    "three regions": (in_text("sam.toml", '["HOME"]', '["A", "B", "C"]'), ["one or two regions"]),
    "tariffs twice": (in_text("sam.toml", "[files]", '[files]\ntariffs = "tariffs.csv"'), ["files.tariffs"]),
    "unknown region in a file": (
        in_text("sam_migrants.csv", "ROW,HOME", "ROW,NOR"),
        ["sam_migrants.csv, line 2", "'NOR'"],
    ),
}


def negative(frame):
    for account in ("hh", "s-i"):  # a negative purchase that balances
        frame.loc["c-agr", account] = "-5000" if account == "s-i" else str(float(frame.loc["c-agr", account]) + 10000)
    frame.loc["s-i", "hh"] = str(float(frame.loc["s-i", "hh"]) - 10000)
    return frame


SAM["negative use"] = (in_table("sam.csv", negative), ["Agr", "-5,000", "negative use"])


def own_use(frame):
    frame.loc["a-agr", "hh"], frame.loc["c-agr", "hh"] = "1000", str(float(frame.loc["c-agr", "hh"]) - 1000)
    frame.loc["a-agr", "c-agr"] = str(float(frame.loc["a-agr", "c-agr"]) - 1000)
    return frame


SAM["sale that has no meaning"] = (in_table("sam.csv", own_use), ["row a-agr, column hh", "no meaning"])


@pytest.mark.parametrize(
    ("command", "table", "settings", "change", "words"),
    [
        *(
            pytest.param("import-icio", "icio.csv", "icio.toml", *case, id=f"icio: {name}")
            for name, case in ICIO.items()
        ),
        *(pytest.param("import-sam", "sam.csv", "sam.toml", *case, id=f"sam: {name}") for name, case in SAM.items()),
    ],
)
def test_refused_in_one_line(work, capsys, command, table, settings, change, words):
    change(work)
    code = main([command, str(work / table), "--settings", str(work / settings), "--to", str(work / "made")])
    out, err = capsys.readouterr()
    assert code == 1 and not out
    assert err.count("\n") == 1 and err.startswith("cge: ")
    for word in words:
        assert word in err, err
    assert not (work / "made").exists()


def test_the_examples_themselves_pass(work, capsys):
    for kind in ("icio", "sam"):
        assert (
            main(
                [
                    f"import-{kind}",
                    str(work / f"{kind}.csv"),
                    "--settings",
                    str(work / f"{kind}.toml"),
                    "--to",
                    str(work / kind),
                ]
            )
            == 0
        )
    assert main(["import-example", "--to", str(work)]) == 1
    assert "not empty" in capsys.readouterr().err
