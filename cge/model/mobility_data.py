"""Where workers respond to wages, and where caps and free movement may be asked for: cells and coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

#: Elasticity of the odds of living abroad rather than at home to real pay there over real pay at home.
ELASTICITY = 1.5
#: Where it comes from.
ELASTICITY_SOURCE = (
    "Tombe and Zhu (2019), American Economic Review 109(5): income elasticity of migration between the provinces of "
    "China, of odds of stocks as here; that people respond alike across borders is an assumption - show others too")

#: A value of the network elasticity to try (the default is none), and where it comes from.
NETWORK_SUGGESTED = 0.2
NETWORK_SOURCE = (
    "assumption: of the elasticity of migration flows to the diaspora, about 0.6 in Beine, Docquier and Ozden (2011), "
    "Journal of Development Economics 95(1) [recalled], half; over the elasticity of 1.5 to pay that makes 0.2")

_PAIR = ("skill", "home", "host")


@dataclass(frozen=True)
class Layout:
    """Which cells a model with wage-responsive movement can cap or set free; a solve says what of it is used.

    Attributes
    ----------
    pairs, free : bool array (skill, home, host)
        Pairs that may have a cap of their own; pairs that may move freely.
    hosts : bool array (skill, reg)
        Hosts that may have a cap.
    blocs : dict of str to int array
        Positions of the hosts of each bloc that may have a cap, by name.
    """

    pairs: np.ndarray
    free: np.ndarray
    hosts: np.ndarray
    blocs: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def plain(cls, skills: int, regions: int) -> Layout:
        """Response to wages only: no caps, no free movement."""
        off = np.zeros((skills, regions, regions), bool)
        return cls(off, off.copy(), np.zeros((skills, regions), bool))


def mobility_data(add: Callable, stock: np.ndarray, natives: np.ndarray, layout: Layout | None) -> None:
    """Coefficients and active cells of block ``mobility``.

    Parameters
    ----------
    add : callable
        Receives name, dimensions, values.
    stock : array (skill, home, host)
        Earlier migrants, thousand workers.
    natives : array (skill, reg)
        Permanent residents at work, thousand.
    layout : Layout, optional
        None: nobody responds, no cell is active.
    """
    on = layout is not None
    layout = layout or Layout.plain(stock.shape[0], stock.shape[1])
    moves = (stock > 0) & (natives > 0)[:, :, None] & on
    bloc = np.zeros((len(layout.blocs), stock.shape[2]))
    for i, members in enumerate(layout.blocs.values()):
        bloc[i, members] = 1.0
    reach = (stock * moves).sum(1)
    add("MOVES", _PAIR, moves)
    add("STAYS", ("skill", "reg"), (natives > 0) & on)
    add("FREES", _PAIR, moves & layout.free)
    add("CAPSPAIR", _PAIR, moves & layout.pairs)
    add("CAPSHOST", ("skill", "reg"), (reach > 0) & layout.hosts)
    add("BLOC", ("bloc", "host"), bloc)
    add("STOCKHOST", ("skill", "reg"), reach)
    capped = add("STOCKBLOC", ("skill", "bloc"), reach @ bloc.T)
    add("CAPSBLOC", ("skill", "bloc"), capped > 0)
    for name in ("ELASM", "FREEM", "NETWORK"):
        add(name, _PAIR, np.zeros(stock.shape))
    for name in ("RENTHOST", "RENTHOME"):
        add(name, (), 0.0)
