"""The configuration of a benchmark: year, countries, regions, sectors, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from cge.errors import CGEError

FOLDER = Path(__file__).resolve().parent / "config"


class ConfigError(CGEError):
    """A benchmark configuration that is incomplete or contradicts itself."""


@dataclass(frozen=True)
class RowPart:
    """One part of the rest of the world.

    Attributes
    ----------
    name : str
        Label of the part.
    region : str
        Region of the benchmark that the part belongs to.
    countries : tuple of str
        ISO3 codes.
    """

    name: str
    region: str
    countries: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """What a benchmark is made of. Every tuple keeps the order of the file.

    Attributes
    ----------
    name, title, unit : str
    year, migrant_stock_year : int
    importers, exporters, neutral : tuple of str
        Regions that admit movers in the main experiment, that send them, and that do neither; together all regions.
    regions : dict of str to tuple of str
        Region -> all its ISO3 countries (with their own table first, then parts of the rest of the world).
    explicit : dict of str to tuple of str
        Region -> ISO3 countries with a table of their own.
    row_parts : dict of str to RowPart
    sectors : dict of str to tuple of str
        Commodity (= activity) -> industries of the input-output table.
    goods, margins, skills, endowments : tuple of str
    agriculture, services : tuple of str
        Commodities of these groups; the others are industry.
    wholesale : str
        Commodity of wholesale and retail trade.
    mobility : dict of str to str
        Endowment -> ``mobile``, ``sluggish`` or ``fixed``.
    mrio : dict
        ``reader``, ``file``, ``rest_of_world``, ``labels`` (ISO3 -> label in the table), perhaps ``final`` (a
        second file) and ``flows`` (a third one).
    tariffs : dict
        ``reader`` of the tariff files, what it needs, and ``earlier``: years of further layers (may be absent).
    union : dict
        The customs union whose members' customs are not their own: ``name``, ``regions``, ``label``, ``source``.
    migrants : dict
        ``stocks`` and ``remittances``: how the base year is reached (see `calibration.satellites`).
    tax_sources : dict of str to str
        Source of the published ``total``, ``labour`` and ``customs`` revenue that checks compare with.
    long_names : dict of str to dict of str to str
    published : dict of str to dict
        World totals to compare with: value, source, status.
    sources : dict of str to str
    """

    name: str
    title: str
    unit: str
    year: int
    migrant_stock_year: int
    importers: tuple[str, ...]
    exporters: tuple[str, ...]
    neutral: tuple[str, ...]
    regions: dict[str, tuple[str, ...]]
    explicit: dict[str, tuple[str, ...]]
    row_parts: dict[str, RowPart]
    sectors: dict[str, tuple[str, ...]]
    goods: tuple[str, ...]
    margins: tuple[str, ...]
    skills: tuple[str, ...]
    endowments: tuple[str, ...]
    agriculture: tuple[str, ...]
    services: tuple[str, ...]
    wholesale: str
    mobility: dict[str, str]
    mrio: dict
    tariffs: dict
    union: dict
    migrants: dict
    tax_sources: dict[str, str]
    long_names: dict[str, dict[str, str]] = field(repr=False)
    published: dict[str, dict] = field(repr=False)
    sources: dict[str, str] = field(repr=False)

    @property
    def reg(self) -> list[str]:
        """Regions in the order of the benchmark: importers, exporters, neutral ones."""
        return [*self.importers, *self.exporters, *self.neutral]

    @property
    def comm(self) -> list[str]:
        """Commodities; activities have the same labels."""
        return list(self.sectors)

    def region_of(self, iso: str) -> str | None:
        """Region of a country, or None when no region lists it."""
        return self._index().get(iso)

    def country_region(self) -> dict[str, str]:
        """Mapping of every listed ISO3 country to its region."""
        return dict(self._index())

    def country_part(self) -> dict[str, str]:
        """Mapping of ISO3 country to part of the rest of the world (explicit countries are absent)."""
        return {c: p.name for p in self.row_parts.values() for c in p.countries}

    def _index(self) -> dict[str, str]:
        return {c: r for r, cs in self.regions.items() for c in cs}


def load_config(name_or_path: str | Path) -> Config:
    """Read ``calibration/config/<name>.toml`` (or a path) and check it.

    Parameters
    ----------
    name_or_path : str or Path

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If the file is missing, a region is neither importer nor exporter, or a country is listed twice.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise ConfigError(f"no benchmark configuration {path.name}; known: {known}; or give a .toml file")
    with path.open("rb") as handle:
        raw = tomllib.load(handle)
    return _build(raw, path.name)


def _build(raw: dict, where: str) -> Config:
    order = [*raw["importers"], *raw["exporters"], *raw.get("neutral", ())]
    explicit = {r: tuple(cs) for r, cs in raw["explicit"].items()}
    parts = {n: RowPart(n, p["region"], tuple(p["countries"])) for n, p in raw["row_parts"].items()}
    named = set(explicit) | {p.region for p in parts.values()}
    if named != set(order):
        odd = ", ".join(sorted(named ^ set(order)))
        raise ConfigError(
            f"{where}: list every region once in importers or exporters, and give it countries: {odd}"
        )
    regions = {
        r: explicit.get(r, ()) + tuple(c for p in parts.values() if p.region == r for c in p.countries)
        for r in order
    }
    seen: dict[str, str] = {}
    for region, countries in regions.items():
        for country in countries:
            if country in seen:
                raise ConfigError(f"{where}: {country} is in {seen[country]} and in {region}; keep it in one")
            seen[country] = region
    groups = raw["groups"]
    return Config(
        name=raw["name"],
        title=raw["title"],
        unit=raw["unit"],
        year=raw["year"],
        migrant_stock_year=raw["migrant_stock_year"],
        importers=tuple(raw["importers"]),
        exporters=tuple(raw["exporters"]),
        neutral=tuple(raw.get("neutral", ())),
        regions=regions,
        explicit=explicit,
        row_parts=parts,
        sectors={s: tuple(cs) for s, cs in raw["sectors"].items()},
        goods=tuple(groups["goods"]),
        margins=tuple(groups["margins"]),
        skills=tuple(groups["skills"]),
        endowments=tuple(groups["endowments"]),
        agriculture=tuple(groups["agriculture"]),
        services=tuple(groups["services"]),
        wholesale=groups["wholesale"],
        mobility=dict(raw["mobility"]),
        mrio=dict(raw["mrio"]),
        tariffs=dict(raw["tariffs"]),
        union=dict(raw["union"]),
        migrants=dict(raw["migrants"]),
        tax_sources=raw["tax_sources"],
        long_names=raw["long_names"],
        published=raw["published"],
        sources=raw["sources"],
    )
