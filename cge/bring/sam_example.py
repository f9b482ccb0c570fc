"""The square SAM of `cge import-example`; every number is invented."""

SAM = """\
account,a-agr,a-man,a-ser,c-agr,c-man,c-ser,lab,cap,land,hh,gov,atax,stax,tariff,dtax,s-i,row
a-agr,,,,200000,,,,,,,,,,,,,
a-man,,,,,500000,,,,,,,,,,,,
a-ser,,,,,,800000,,,,,,,,,,,
c-agr,30000,60000,16000,,,,,,,105000,,,,,,5000,30000
c-man,40000,180000,90000,,,,,,,130000,10000,,,,,110000,180000
c-ser,20000,90000,190000,,,,,,,255000,165000,,,,,110000,60000
lab,58000,105000,311000,,,,,,,,,,,,,,
cap,30000,60000,180000,,,,,,,,,,,,,,
land,20000,,,,,,,,,,,,,,,,
hh,,,,,,,474000,270000,20000,,,,,,,,
gov,,,,,,,,,,,,20000,72000,14000,80000,,
atax,2000,5000,13000,,,,,,,,,,,,,,
stax,,,,2000,30000,40000,,,,,,,,,,,
tariff,,,,4000,10000,,,,,,,,,,,,
dtax,,,,,,,,,,80000,,,,,,,
s-i,,,,,,,,,,194000,11000,,,,,,20000
row,,,,40000,200000,50000,,,,,,,,,,,
"""

SAM_SETTINGS = """\
# Invented numbers: a country of 890 billion US$ of final spending, and the rest of the world.
title = "Example of a square SAM (invented numbers)"
year = 2014
regions = ["HOME"]
missing = "default"                # or "refuse": each missing satellite is then an error that names it

[activities]
Agr = ["a-agr"]
Man = ["a-man"]
Ser = ["a-ser"]

[commodities]
Agr = ["c-agr"]
Man = ["c-man"]
Ser = ["c-ser"]

[factors]                          # Labour is split into UnskLab and SkLab
Labour = ["lab"]
Capital = ["cap"]
Land = ["land"]

[accounts]
households = ["hh"]
government = ["gov"]
investment = ["s-i"]
rest_of_world = ["row"]
tax_activities = ["atax"]
tax_commodities = ["stax"]
tariffs = ["tariff"]
tax_income = ["dtax"]

[like]
Man = "Mach"
Ser = "Bus"

[rest_of_world]
name = "ROW"
size = 15                          # final demand over that of HOME
tariff = 0.05                      # on what HOME sells

[groups]
importers = ["HOME"]
exporters = ["ROW"]

[files]
population = "sam_population.csv"
migrants = "sam_migrants.csv"
remittances = "sam_remittances.csv"
"""

SAM_FILES = {
    "sam_population.csv": "reg,population\nHOME,60\nROW,4000\n",
    "sam_migrants.csv": "home,host,persons\nROW,HOME,3000\nHOME,ROW,400\n",
    "sam_remittances.csv": "home,host,value\nROW,HOME,3500\nHOME,ROW,300\n",
}
