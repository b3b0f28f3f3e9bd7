"""The rows of scipy.special."""

from . import (
    bessel,
    borrowed,
    distributions,
    elementary,
    elliptic,
    gamma,
    hypergeometric,
    incomplete,
    integrals,
    moments,
    orthogonal,
    student,
)

__all__ = [
    "bessel",
    "borrowed",
    "distributions",
    "elementary",
    "elliptic",
    "gamma",
    "hypergeometric",
    "incomplete",
    "integrals",
    "moments",
    "orthogonal",
    "student",
]
