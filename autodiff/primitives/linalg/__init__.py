"""The rows of linear algebra, of numpy.linalg and scipy.linalg."""

from . import (
    banded,
    coincidence,
    det,
    eigen,
    factor,
    functions,
    helpers,
    lu,
    norm,
    scipy,
    solve,
    structured,
    svd,
    sylvester,
)

__all__ = [
    "banded",
    "coincidence",
    "det",
    "eigen",
    "factor",
    "functions",
    "helpers",
    "lu",
    "norm",
    "scipy",
    "solve",
    "structured",
    "svd",
    "sylvester",
]
