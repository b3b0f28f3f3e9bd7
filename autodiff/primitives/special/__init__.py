"""The rows of scipy.special."""

from . import (
    bessel,
    borrowed,
    distributions,
    elementary,
    elliptic,
    gamma,
    hypergeometric,
    integrals,
    orthogonal,
)

__all__ = [
    "bessel",
    "borrowed",
    "distributions",
    "elementary",
    "elliptic",
    "gamma",
    "hypergeometric",
    "integrals",
    "orthogonal",
]
