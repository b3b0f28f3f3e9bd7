"""Inputs for products with a sparse matrix, of the kinds that can be saved.

The other kinds are in tests/primitives/test_sparse.py.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from strategies import Case, Draw, inputs_for

from autodiff.primitives.sparse import Held
from autodiff.rules.primitive import Primitive


@inputs_for("sparse_product")
def with_zeros(draw: Draw, row: Primitive) -> Case:
    m, n = draw.integer(1, 3), draw.integer(1, 3)
    entries = draw.rng.uniform(-1, 1, (m, n)) * draw.mask((m, n))
    kind = draw.one_of(("csr_array", "csc_array", "csr_matrix", "csc_matrix"))
    matrix = Held(getattr(scipy.sparse, kind)(draw.perhaps_complex(entries, 1.0)))
    x = draw.array(draw.one_of(((n,), (n, 2))))
    return Case(row, (np.asarray(x),), {"matrix": matrix})
