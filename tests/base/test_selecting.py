"""`choosing.where` is `np.where`, bit for bit, whatever it is given."""

import itertools

import numpy as np
import pytest

from autodiff.base.selecting import WORTH, where

SHAPE = (WORTH // 8, 16)


def operands(dtype):
    r = np.random.default_rng(0)
    wild = r.normal(size=SHAPE).astype(dtype)
    wild.flat[::7], wild.flat[1::7], wild.flat[2::7], wild.flat[3::7] = (
        -0.0,
        np.nan,
        np.inf,
        -np.inf,
    )
    return [
        wild,
        -wild,
        wild[:, ::-1],
        np.asfortranarray(wild),
        wild[:1],
        np.broadcast_to(wild[:1, :1], SHAPE),
        wild[0, 0],
        np.float32(0.1),
        np.array(-0.0, dtype),
        wild.astype(np.float16),
        wild[:1, :1],
        wild[:, 0, None],
        *(0, 0.0, -0.0, 1, 0.1, np.nan, 1e300, True, 1j),
    ]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_pair_of_operands(dtype):
    r = np.random.default_rng(1)
    masks = [r.random(SHAPE) < 0.5, np.zeros(SHAPE, bool), r.integers(0, 3, SHAPE), True]
    masks += [masks[0].T.copy().T, masks[0][:1], np.array(True)]
    for mask, a, b in itertools.product(masks, operands(dtype), operands(dtype)):
        expected, found = np.where(mask, a, b), where(mask, a, b)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()


def test_the_result_is_new():
    mask, x = np.ones(SHAPE, bool), np.ones(SHAPE)
    for found in (where(mask, x, 0), where(mask, x, x), where(~mask, 0, x)):
        assert not np.shares_memory(found, x)
