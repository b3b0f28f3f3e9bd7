"""The pattern of every row covers its Jacobian, and is no larger where the row's structure is known."""

import numpy as np
import pytest
from hypothesis import strategies as st
from strategies import SMOOTH, cases, tried

import autodiff as ad
from autodiff.sparse.pattern import Pattern

POINTS = 4

# Rows whose pattern may be larger than the union of Jacobians, and why.
LARGER = {}


def patterns(case, rng):
    """The pattern of each block, and where the Jacobian is not zero at one of several points."""
    inputs = case.inputs
    places = tuple(range(len(inputs)))
    found = ad.sparsity(case, *inputs, argnums=places)
    return found, places
