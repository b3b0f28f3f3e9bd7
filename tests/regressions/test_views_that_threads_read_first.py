"""Two threads that read from a tensor at once, when nobody had read from it before, could each make
its list of views: one of the two views did not follow later assignments."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import autodiff as ad


def test_every_view_follows():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(600):
                base = ad.tensor(np.zeros(4)) * 1.0
                views = list(pool.map(lambda k, base=base: base[k % 4 :], range(8)))
                base[...] = ad.tensor(np.ones(4))
                assert all(np.all(v.value == 1.0) for v in views)
    finally:
        sys.setswitchinterval(before)
