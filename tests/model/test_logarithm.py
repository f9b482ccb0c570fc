"""The logarithm of traced sums against long double arithmetic, and its derivative against the closed form."""

import numpy as np
import pytest

from cge.model.logarithm import traced_log1p
from cge.solve.jaxsetup import jax_modules


def points():
    rng = np.random.default_rng(1)
    near = rng.normal(size=3000) * np.exp(rng.normal(size=3000) * 4 - 4)
    far = np.exp(rng.normal(size=3000) * 20)
    gone = -1 + np.exp(-np.abs(rng.normal(size=3000)) * 15)
    edges = [0.0, -0.0, 1e-300, -1e-17, 1e-8, np.sqrt(2) - 1, np.sqrt(0.5) - 1, 1.0, 3.0, 1e300, np.nextafter(-1, 0)]
    x = np.concatenate([near, far, gone, edges])
    return x[x > -1]


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no extended precision on this processor")
def test_all_digits():
    jax, _ = jax_modules()
    x = points()
    found = np.asarray(jax.jit(traced_log1p())(x)).astype(np.longdouble)
    true = np.log1p(x.astype(np.longdouble))
    small = true == 0
    assert (found[small] == 0).all()
    assert np.abs(found[~small] / true[~small] - 1).max() < 4 * np.finfo(float).eps


def test_outside():
    jax, _ = jax_modules()
    out = np.asarray(jax.jit(traced_log1p())(np.array([-1.0, -2.0, np.nan, np.inf, -np.inf])))
    assert out[0] == -np.inf and np.isnan(out[[1, 2, 4]]).all() and out[3] == np.inf


def test_derivative():
    jax, jnp = jax_modules()
    x = jnp.asarray(points())
    _, slope = jax.jvp(traced_log1p(), (x,), (jnp.ones_like(x),))
    np.testing.assert_allclose(slope, 1 / (1 + np.asarray(x)), rtol=1e-15)
