"""Results in the arrays of other libraries: wherever a form's result is wrapped on its way to the
loss, the gradient is that of the loss without the wrapper, or the wrapper is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from forms import (
    TOLERANCE,
    Form,
    all_forms,
    assert_close,
    copied,
    directions_for,
    dtype_char,
    hash_of,
    leaves,
    outcome,
    quietly,
    real_parts,
)
from regressions.test_foreign_results import FOREIGN

import autodiff as ad


class Bare:
    """An array to NumPy's `asarray`, and nothing else."""

    def __init__(self, a: Any) -> None:
        self.a, self.shape, self.dtype = a, np.shape(a), a.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.a)


# What compiles may refuse whole libraries, or what no wrapper has to do with.
REFUSAL = re.compile("jit|tracked float32|Bare|Boxed|DataArray|Series|dask")
BOXES = [Bare, *FOREIGN]


def wrapped_result(box: Any, y: Any, weights: Any) -> Any:
    return np.sum(np.multiply(box(y), weights))


def wrapped_weights(box: Any, y: Any, weights: Any) -> Any:
    return np.sum(box(weights) * y) if box is not Bare else np.sum(np.multiply(y, box(weights)))


def wrapped_product(box: Any, y: Any, weights: Any) -> Any:
    return np.sum(np.asarray(box(y * weights)))


PROGRAMS = [wrapped_result, wrapped_weights, wrapped_product]
TRANSFORMS = ("reverse", "forward", "compiled")


def derivative(transform: str, f: Callable[..., Any], form: Form) -> Any:
    args, places = tuple(map(copied, form.primals)), tuple(range(len(form.args)))
    if transform == "forward":
        return quietly(ad.jvp, f, args, tuple(directions_for(form)))[1]
    gradient = ad.grad(f, places)
    compiled = ad.jit(gradient, backend="numpy", pure=False) if transform == "compiled" else None
    return quietly(compiled or gradient, *args)


def vector(result: Any) -> Any:
    """The first floats of a result, flat, as a pandas.Series is; none where it has none."""
    return next((np.ravel(part) for _, part in real_parts(result)), np.zeros(0))


def check(form: Form, box: Any, program: Callable[..., Any], transform: str) -> None:
    y = vector(quietly(form.f, *map(copied, form.primals)))
    if not np.all(np.isfinite(y)):  # of what is no number there is no derivative to speak of
        return
    weights = np.cos(1.0 + np.arange(y.size))

    def total(*args: Any, box: Any = lambda y: y) -> Any:
        return program(box, vector(form.f(*args)), weights)

    def through(*args: Any) -> Any:
        return total(*args, box=box)

    expected = derivative("forward" if transform == "forward" else "reverse", total, form)
    found = outcome(derivative, transform, through, form)
    what = f"{form.name}: {program.__name__} in {box.__name__}, {transform}"
    if isinstance(found, ad.AutodiffError):
        assert REFUSAL.search(str(found)), f"{what}: {found}"
        return
    assert not isinstance(found, Exception), f"{what}: {found!r}"
    tolerance = TOLERANCE[dtype_char(y, *form.primals)]
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        assert_close(a, b, tolerance, 0, what)


FORMS = [form for form in all_forms() if not form.refused]


@pytest.mark.share(20)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_gradient_through_a_wrapper(form: Form) -> None:
    for k, transform in enumerate(TRANSFORMS):
        number = hash_of(form, "wrapper") + k
        box, program = BOXES[number % len(BOXES)], PROGRAMS[number // 7 % len(PROGRAMS)]
        check(form, box, program, transform)
