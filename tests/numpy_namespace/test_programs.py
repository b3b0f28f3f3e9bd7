"""Programs that fill arrays: equal to plain NumPy, with right derivatives, under vmap and jit.

`python tests/numpy_namespace/test_programs.py` counts what is refused, with NumPy and with ours.
"""

import numpy  # noqa: ICN001 - np is what is tested
import pytest
from numpy_namespace.programs import PROGRAMS

import autodiff as ad
import autodiff.numpy as np

P = numpy.array([0.4, 0.3, 0.2])


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program):
    def f(p):
        return program(np, p)

    plain, g = program(numpy, P), ad.grad(f)
    value, slope = ad.value_and_grad(f)(P)
    numpy.testing.assert_allclose(value, plain, rtol=1e-12)
    assert ad.check(f, P).ok
    numpy.testing.assert_allclose(ad.hessian(f)(P), ad.jacfwd(ad.jacfwd(f))(P), atol=1e-8)
    numpy.testing.assert_allclose(ad.jit(g)(P), slope, rtol=1e-9, atol=1e-11)
    batch = ad.vmap(g)(numpy.stack([P, P + 0.1]))
    numpy.testing.assert_allclose(batch[1], g(P + 0.1), rtol=1e-9, atol=1e-11)


def refused(namespace):
    names = []
    for program in PROGRAMS:
        try:
            ad.grad(lambda p, f=program: f(namespace, p))(P)
        except ad.NotDifferentiableError:
            names.append(program.__name__)
    return names


if __name__ == "__main__":
    for namespace in (numpy, np):
        names = refused(namespace)
        print(  # noqa: T201
            f"{namespace.__name__}: {len(names)} of {len(PROGRAMS)} refused", *names
        )
