"""Steps that run band by band over large arrays were handed a table of pointers, or room of their
own, as bytes, for which there was no type: `KeyError: 'u1'`."""

import numpy as np
import pytest

import autodiff as ad

pytest.importorskip("llvmlite")


def rotated(rotation, x):
    square = np.sum(rotation * rotation, -1)[..., None] + 1e-9
    angle = np.sqrt(square)
    axis = rotation / angle
    along = np.sum(axis * x, -1)[..., None] * (1 - np.cos(angle))
    return x * np.cos(angle) + np.cross(axis, x) * np.sin(angle) + axis * along


def residual(camera, point, weight, feature):
    """Where a camera sees a point, against where it was seen."""
    rotation, centre, focal = camera[..., :3], camera[..., 3:6], camera[..., 6:7]
    principal, radial = camera[..., 7:9], camera[..., 9:11]
    seen = rotated(rotation, point - centre)
    flat = seen[..., :2] / seen[..., 2:3]
    square = np.sum(flat * flat, -1)[..., None]
    flat = flat * (1 + radial[..., :1] * square + radial[..., 1:2] * square * square)
    return weight * (flat * focal + principal - feature)


def data(n):
    rng = np.random.default_rng(0)
    typical = np.array([0.2] * 3 + [0.0] * 3 + [1.0] + [0.0] * 4)
    camera = rng.normal(size=(n, 11)) * 0.1 + typical
    point = rng.normal(size=(n, 3)) + np.array([0.0, 0.0, 5.0])
    return camera, point, rng.normal(size=(n, 1)), rng.normal(size=(n, 2))


def loss(*args):
    return np.sum(ad.vmap(residual)(*args) ** 2)


@pytest.mark.share(3)
@pytest.mark.parametrize("n", [1000, 20_011])
@pytest.mark.parametrize(
    "f",
    [
        ad.vmap(ad.jacfwd(residual, argnums=(0, 1, 2))),
        ad.vmap(ad.jacrev(residual, argnums=(0, 1, 2))),
        ad.grad(loss, argnums=(0, 1, 2)),
    ],
    ids=["jacfwd", "jacrev", "grad"],
)
def test_camera_projections(f, n):
    args = data(n)
    for found, plain in zip(ad.jit(f, backend="llvm")(*args), f(*args), strict=True):
        np.testing.assert_allclose(found, plain, rtol=1e-9, atol=1e-9)
