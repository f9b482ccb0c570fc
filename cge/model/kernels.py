"""Two-branch CES indices shared by the blocks: domestic against imported, value added against intermediates."""

from __future__ import annotations

from cge.model.named import Named, align, namespace
from cge.model.ops import ces_price


def two_ces(value1: Named, price1: Named, value2: Named, price2: Named, sigma: Named) -> Named:
    """CES price index of two branches given as separate values.

    The branches are stacked on a temporary dimension and handed to
    :func:`cge.model.ops.ces_price`, so that every CES of the model, whatever
    its form, comes from the one kernel.

    Parameters
    ----------
    value1, value2 : Named
        Benchmark values of the branches (million US$).
    price1, price2 : Named
        Price indices, benchmark = 1.
    sigma : Named
        Elasticity of substitution between the branches.
    """
    return ces_price(stack(value1, value2), stack(price1, price2), sigma, "branch")


def stack(a: Named, b: Named) -> Named:
    """Stack two values of the same form along a new last dimension ``branch``."""
    dims, a, b = align(a, b)

    def join(x, y, shape):
        xp = namespace(x, y)
        return xp.stack([xp.broadcast_to(x, shape), xp.broadcast_to(y, shape)], axis=-1)

    if a.is_positive and b.is_positive:
        shape = tuple(max(s) for s in zip(a.shape, b.shape))
        return Named(dims + ("branch",), coef=join(a.coef, b.coef, shape), log=join(a.log, b.log, shape))
    av, bv = a.level(), b.level()
    shape = tuple(max(s) for s in zip(av.shape, bv.shape))
    return Named(dims + ("branch",), join(av, bv, shape))
