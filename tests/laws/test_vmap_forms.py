"""Forms of NumPy code under vmap are the loop over examples, stacked, or are refused by name: by
night every form, by day a tenth for each law, beside the rows' own laws in test_vmap."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from forms import (
    TOLERANCE,
    Form,
    all_forms,
    assert_close,
    copied,
    dtype_char,
    leaves,
    quietly,
    siblings,
    weighted,
)

import autodiff as ad

FORMS = [form for form in all_forms() if not form.refused]
EXAMPLES = 3
# What cannot be worked out for all examples at once says why; fallback="loop" then works it out.
REFUSAL = re.compile(r"under vmap|^vmap: \w+ has no batch rule|on a tracked value")

each_form = pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])


def check(form: Form, f: Any, what: str, in_axis: int = 0, out_axis: int = 0) -> None:
    """`f` under vmap beside the loop, dtype for dtype; what is refused, by vmap's own loop."""
    stacks = [np.stack(column, in_axis) for column in zip(*siblings(form, EXAMPLES), strict=True)]
    # A form may write into its argument, and its value depend on how that lies in memory: fresh
    # copies of whole stacks.
    runs = [[np.moveaxis(s.copy(), in_axis, 0)[k] for s in stacks] for k in range(EXAMPLES)]
    each = [leaves(quietly(f, *run)) for run in runs]
    expected = [np.stack(y, out_axis) for y in zip(*each, strict=True)]
    try:
        found = quietly(ad.vmap(f, in_axis, out_axis), *stacks)
    except ad.NotDifferentiableError as refusal:
        assert REFUSAL.search(str(refusal)), f"{form.name}: {refusal}"
        found = quietly(ad.vmap(f, in_axis, out_axis, fallback="loop"), *stacks)
    values = leaves(quietly(form.f, *map(copied, form.primals)))
    for a, b in zip(leaves(found), expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{form.name}: {what} {a.dtype}{a.shape}"
        tolerance = TOLERANCE[dtype_char(b, *form.primals, *values)] / 10
        assert_close(a, b, tolerance, 0, f"{form.name}: {what}")


@pytest.mark.share(10)
@each_form
def test_values(form: Form) -> None:
    check(form, form.f, "vmap")


@pytest.mark.share(10)
@each_form
def test_along_the_last_axis(form: Form) -> None:
    shapes = {np.ndim(y) for y in leaves(quietly(form.f, *map(copied, form.primals)))}
    check(form, form.f, "vmap along the last axis", -1, -1 if len(shapes) == 1 else 0)


@pytest.mark.share(10)
@each_form
def test_gradients(form: Form) -> None:
    places = tuple(range(len(form.primals)))
    check(form, ad.grad(weighted(form.f), places), "vmap of grad")
