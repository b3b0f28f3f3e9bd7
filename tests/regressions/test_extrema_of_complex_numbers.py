"""maximum, minimum, fmax and fmin of a tracked number and a complex number of Python's raised
TypeError, for NumPy orders complex numbers and Python does not; `x > 1j` was answered where Python
raises."""

import numpy as np
import pytest

import autodiff as ad

EXTREMA = (np.maximum, np.minimum, np.fmax, np.fmin)
PAIRS = ((0.7, 0.3 + 0.4j), (0.3 + 1j, 0.3), (0.3, 0.3 + 0j), (0.5 + 1j, 0.5 + 2j))


@pytest.mark.parametrize("extremum", EXTREMA)
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_numbers(extremum, a, b):
    for x, f in ((a, lambda x: extremum(x, b)), (b, lambda x: extremum(a, x))):
        expected = 0.5 if a == b else float(f(x) == x)
        v = type(x)(1)
        for transform in (lambda g: g, ad.jit):
            y, dy = transform(lambda x, f=f, v=v: ad.jvp(f, (x,), (v,)))(x)
            assert (y, dy) == (f(x), expected)
        slope = ad.grad(lambda x, f=f: np.real(f(x)))(x)
        assert slope == expected
        assert np.iscomplexobj(slope) == isinstance(x, complex)


def test_an_array_beside_a_number():
    x = np.array([0.2, 0.3, 0.9])
    assert np.array_equal(ad.grad(lambda x: np.sum(np.maximum(x, 0.3 + 1j)).real)(x), [0, 0, 1])


def test_python_does_not_order_complex_numbers():
    for compare in (lambda x: x < 1j, lambda x: x >= 1j, lambda x: x > x * 1j):
        with pytest.raises(TypeError, match="not supported between"):
            ad.grad(compare)(2.0)
    assert ad.grad(lambda x: x * (x != 1j))(2.0) == 1.0
