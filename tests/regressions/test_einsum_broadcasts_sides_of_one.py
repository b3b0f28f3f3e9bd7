"""A side of 1 that einsum repeats beside a larger one under the same letter had no gradient."""

import numpy as np
import pytest

import autodiff as ad

CASES = [
    ("ij,ij->j", (4, 1), (1, 4)),
    ("ij,ij", (4, 1), (1, 4)),
    ("ij,ij->", (4, 1), (1, 4)),
    ("ij,jk->ik", (3, 1), (4, 2)),
    ("ij,jk->ik", (3, 4), (1, 2)),
    ("i,i->i", (1,), (5,)),
    ("ii,ij->j", (1, 1), (3, 2)),
    ("...i,...i->...", (2, 1), (2, 3)),
    ("...i,...i->...", (2, 1, 3), (4, 3)),
    ("ij,ij,ij->i", (1, 1), (2, 1), (1, 3)),
    ("ij,j", (2, 1), (0,)),
    ("bij,bjk->bik", (1, 2, 3), (5, 3, 1)),
]


@pytest.mark.share(3)
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_broadcast(case, optimize):
    subscripts, *shapes = case
    rng = np.random.default_rng(0)
    points, directions = ([rng.normal(size=s) for s in shapes] for _ in range(2))

    def f(*operands):
        return np.einsum(subscripts, *operands, optimize=optimize)

    y, pullback = ad.vjp(f, *points)
    np.testing.assert_array_equal(y, f(*points))
    bars = pullback(np.ones_like(y))
    assert [b.shape for b in bars] == shapes
    moved = ad.jvp(f, tuple(points), tuple(directions))[1]
    want = sum(np.vdot(b, d) for b, d in zip(bars, directions, strict=True))
    np.testing.assert_allclose(np.sum(moved), want)
    for k, bar in enumerate(bars):  # linear in each, and one at a time
        np.testing.assert_allclose(np.vdot(bar, points[k]), np.sum(y), atol=1e-14)
        one = ad.grad(lambda *ops: np.sum(f(*ops)), argnums=k)
        np.testing.assert_allclose(one(*points), bar, atol=1e-14)
        np.testing.assert_allclose(ad.jit(one)(*points), bar, atol=1e-14)
    second = ad.jacfwd(ad.grad(lambda *ops: np.sum(f(*ops))), argnums=1)(*points)
    assert second.shape == points[0].shape + points[1].shape
    stacks = [np.stack([p, 2 * p]) for p in points]
    np.testing.assert_allclose(ad.vmap(f)(*stacks), np.stack([y, 2 ** len(points) * y]))
