"""1, 1.0 and True are equal, and so are 0.0 and -0.0: as keys or as metadata of a container, jit
and traced programs took one for the other."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import autodiff as ad


@dataclass
class Scaled:
    w: Any
    n: Any = field(default=2, metadata={"static": True})


class Pair:
    def __init__(self, a, n):
        self.a, self.n = a, n


ad.register_container(Pair, lambda p: ((p.a,), p.n), lambda n, a: Pair(*a, n))

W = np.array([1, 2, 3])
FUNCTIONS = {
    "product": lambda s: s.w * s.n,
    "sign": lambda s: np.copysign(s.w, s.n),
    "type": lambda s: s.w * (10 if type(s.n) is bool else 1),
    "within a tuple": lambda s: s.w * s.n[0] if isinstance(s.n, tuple) else s.w,
}


def alike(a, b):
    return np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_static_fields(name, backend):
    f = FUNCTIONS[name]
    compiled = ad.jit(f, backend=backend)
    for n in (2, 2.0, 1, True, 0.0, -0.0, (2,), (2.0,)):
        if isinstance(n, tuple) and "tuple" not in name:
            continue
        assert alike(compiled(Scaled(W, n)), f(Scaled(W, n))), n


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_keys_and_registered_metadata(backend):
    by_key = ad.jit(lambda d: [k * v for k, v in d.items()], backend=backend)
    of_pair = ad.jit(lambda p: p.a * p.n, backend=backend)
    for n in (1, 1.0, True, 1, 1.0):
        assert alike(by_key({n: W})[0], n * W)
        assert alike(of_pair(Pair(W, n)), W * n)


def test_a_traced_program_is_that_of_its_metadata():
    program = ad.trace(FUNCTIONS["sign"], Scaled(2.0, 0.0))
    with pytest.raises(ad.ShapeError):
        program(Scaled(2.0, -0.0))
