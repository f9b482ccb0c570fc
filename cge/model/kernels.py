"""Two-branch CES indices shared by the blocks: domestic against imported, value added against intermediates."""

from __future__ import annotations

from cge.model.logsum import log_index_two
from cge.model.named import Named, align, as_named, constant, guard, is_object, namespace
from cge.model.ops import ces_price, level


def two_ces(value1: Named, price1: Named, value2: Named, price2: Named, sigma: Named) -> Named:
    """CES price index of two branches given as separate values (as :func:`cge.model.ops.ces_price`, elementwise).

    Where both values are zero the index is the second price; a definition masks such cells.

    Parameters
    ----------
    value1, value2 : Named
        Benchmark values of the branches (million US$).
    price1, price2 : Named
        Price indices, benchmark = 1.
    sigma : Named
        Elasticity of substitution between the branches.
    """
    if is_object(price1.level()) or not (price1.is_positive and price2.is_positive):
        return ces_price(stack(value1, value2), stack(price1, price2), sigma, "branch")
    dims, first, second = align(price1, price2)
    whole = Named(dims, first.log + second.log)
    theta = align(whole, Named(value1.dims, value1.coef / guard(value1.coef + value2.coef)))[2]
    e = align(whole, level(as_named(1.0) - sigma))[2]
    xp = namespace(first.log, second.log, theta.val)
    log = log_index_two(theta.val, first.log, second.log, e.val, xp)
    return Named(dims, coef=constant(1.0, len(dims), log), log=log)


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
