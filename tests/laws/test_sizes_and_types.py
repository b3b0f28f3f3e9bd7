"""Sides of zero, narrow integers beside floats, halves and long doubles: the value of each form is
NumPy's in value, dtype and shape, or its error is of NumPy's class, or it is refused by name; each
gradient has the shape and dtype of its input; compiled code agrees. By night in every variant, by
day in one that the form's name chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from forms import (
    NIGHTLY,
    UNSET,
    Form,
    agree,
    all_forms,
    copied,
    each,
    hash_of,
    least_bytes,
    leaves,
    one_of_each_function,
    outcome,
    random_like,
    same_outcome,
    weighted,
)

import autodiff as ad
from autodiff.base.trees import flatten, unflatten


def emptied(form: Form) -> list[Any]:
    """A side of one length, wherever it is met, has no entries."""
    sides = sorted({n for x in form.primals for n in np.shape(x)})
    cut = sides[hash_of(form, "side") % len(sides)] if sides else 0
    return [
        x[tuple(slice(0 if n == cut else n) for n in x.shape)] if isinstance(x, np.ndarray) else x
        for x in form.primals
    ]


def narrow(dtype: Any) -> Callable[[Form], list[Any]]:
    """One argument is of integers, of all sizes that the type has; the others stay floats."""

    def arguments(form: Form) -> list[Any]:
        place = hash_of(form, "place") % len(form.args)
        args = [*form.primals]
        whole = 100 * np.nan_to_num(np.real(args[place]), posinf=9, neginf=-9)
        args[place] = np.asarray(whole, np.int64).astype(dtype)[()]
        return args

    return arguments


def of_type(real: Any) -> Callable[[Form], list[Any]]:
    def arguments(form: Form) -> list[Any]:
        return [
            x.astype(np.result_type(real, np.complex64) if x.dtype.kind == "c" else real)
            if isinstance(x, np.ndarray)
            else x
            for x in form.primals
        ]

    return arguments


# Where a form is not tried: what NumPy does with a list of tracked numbers, one by one and so in
# their dtype; functions of matrices that have lost every digit at the size of the integers;
# and calls that NumPy or LAPACK does not take, while ours do, or take in the value alone.
LISTS = (
    *("np.sum(list)", "np.prod(np.array(list))", "np.array(list).sum(axis=0)", "np.mean(list)"),
    *("np.linalg.norm of a list of tensors", "np.array(list) @ v", "np.dot(list, v)"),
    "np.linalg.matrix_rank(v) x",
)
INTEGERS = (*LISTS, "autodiff.linalg.tanm(A)", "autodiff.linalg.tanhm(A)")
NOT_TRIED = {
    "int8": INTEGERS,
    "uint8": INTEGERS,
    "int16": INTEGERS,
    "empty": (*("np.take(out)", "np.piecewise(one condition)", "np.median(axes, keepdims)"),),
    "half": (
        *(*LISTS, "np.polyfit(w)", "np.fft.rfft(x, out=out)", "np.fft.fft2(Z, out=out)"),
        "autodiff.linalg.solve_continuous_are(a, b, q, r)",
    ),
    "longdouble": (
        *("np.bincount(weights)", "autodiff.linalg.solve_continuous_are(a, b, q, r)"),
        *("autodiff.linalg.solve_discrete_are in a filter", "autodiff.linalg.polar(tall)"),
        *("autodiff.linalg.polar(wide, side='left')", "autodiff.linalg.polar(complex)"),
    ),
}
VARIANTS: dict[str, Callable[[Form], list[Any]]] = {
    "empty": emptied,
    "int8": narrow(np.int8),
    "uint8": narrow(np.uint8),
    "int16": narrow(np.int16),
    "half": of_type(np.float16),
    "longdouble": of_type(np.longdouble),
}


def check(form: Form, variant: str, backend: str) -> None:
    if form.name in NOT_TRIED[variant]:
        return
    args, what = VARIANTS[variant](form), f"{form.name}, {variant}"
    places = [k for k, x in enumerate(args) if np.asarray(x).dtype.kind in "fc"]

    def f(*floats: Any) -> Any:
        given = [*map(copied, args)]
        for k, x in zip(places, floats, strict=True):
            given[k] = x
        return form.f(*given)

    floats = [args[k] for k in places]
    expected = outcome(f, *map(copied, floats))
    if places and not form.refused:
        check_eager(f, floats, expected, what)
    least = least_bytes(form, args)
    check_compiled(form.f, args, f"{what}: compiled value", backend, least)
    if places and not form.refused and not isinstance(expected, Exception):
        gradient = ad.grad(weighted(f), tuple(range(len(places))))
        check_compiled(gradient, floats, f"{what}: compiled gradient", backend, least)


def check_eager(f: Any, floats: list[Any], expected: Any, what: str) -> None:
    for mode, along in (("taped", taped), ("dual", dual)):
        found = outcome(along, f, floats)
        if isinstance(found, ad.AutodiffError):
            continue
        if isinstance(found, Exception) or isinstance(expected, Exception):
            same_outcome(found, expected, f"{what}: {mode}")
            continue
        value, derivative, likes = found
        agree(value, expected, f"{what}: {mode}")
        for a, b in zip(leaves(derivative), leaves(likes), strict=True):
            assert a.shape == b.shape, f"{what}: derivative of shape {a.shape}, {mode}"
            assert a.dtype == b.dtype or b.dtype.kind not in "fc", f"{what}: {a.dtype}, {mode}"


def taped(f: Any, floats: list[Any]) -> Any:
    y, pullback = ad.vjp(f, *map(copied, floats))
    return y, pullback(directions(y)), floats


def dual(f: Any, floats: list[Any]) -> Any:
    return *ad.jvp(f, tuple(map(copied, floats)), tuple(directions(floats))), f(*floats)


def directions(likes: Any) -> Any:
    parts, structure = flatten(likes)
    rng = np.random.default_rng(1)
    return unflatten(structure, [random_like(part, rng) for part in parts])


def check_compiled(f: Any, args: list[Any], what: str, backend: str, least: int) -> None:
    compiled = ad.jit(f, backend=backend, pure=False)
    found, expected = (outcome(g, *map(copied, args)) for g in (compiled, f))
    if isinstance(found, ad.AutodiffError):
        return
    if not isinstance(found, Exception) and "called as it is" not in compiled.report():
        # NumPy takes narrow integers to halves and singles.
        least = min([least, *(v.dtype.itemsize for v in compiled.program.values if is_real(v))])
    same_outcome(found, expected, what, least)


def is_real(v: Any) -> bool:
    return bool(v.dtype.kind == "f")


def check_each(form: Form, backend: str) -> None:
    variants = list(VARIANTS)
    for variant in variants if NIGHTLY else [variants[hash_of(form) % len(variants)]]:
        check(form, variant, backend)


FORMS = [form for form in all_forms() if form.name not in UNSET]


@pytest.mark.share(16)
@pytest.mark.filterwarnings("ignore")
@each(FORMS)
def test_in_numpy(form: Form) -> None:
    check_each(form, "numpy")


@pytest.mark.share(16)
@pytest.mark.filterwarnings("ignore")
@each(one_of_each_function(FORMS))
def test_in_llvm(form: Form) -> None:
    check_each(form, "llvm")
