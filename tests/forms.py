"""A form is a line of everyday NumPy code with the arrays to differentiate it in, and its checks.

`f` is plain NumPy: the same function is run on arrays, on tracked values and in `longdouble`. The
second opinion is a central difference of sixth order, taken at two steps so that it knows its own
error. Nothing here knows a rule of the engine.
"""

from __future__ import annotations

import importlib
import os
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.base.trees import flatten, unflatten

# Coefficients of the central difference of order six, at distances 1, 2 and 3.
CENTRAL = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
# How closely a derivative must agree, by the least precise dtype that takes part.
TOLERANCE = {"g": 1e-11, "d": 1e-9, "f": 1e-3, "e": 3e-2}
# How closely two ways to compute one thing agree, by size of the real dtype in bytes.
ROUNDING = {2: 3e-2, 4: 2e-5, 8: 1e-12, 16: 1e-12}
# Forms whose values hold memory that nothing was written to.
UNSET = ("np.pad(empty)", "np.exp(where)")
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
STEP = {"g": 2.0**-9, "d": 2.0**-7, "f": 2.0**-5, "e": 2.0**-3}


@dataclass(frozen=True, init=False)
class Form:
    """One form: `args` are the arrays and numbers to differentiate `f` in, all at once.

    `refused`: the call must raise `NotDifferentiableError`, and the message must hold the given
    text (with ``True``: the function that `name` begins with). `order=1` where a second derivative
    does not exist or is not promised. `reference`: the same mathematics for the finite difference,
    where `f` itself works in too low a precision.
    """

    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    refused: bool | str
    order: int
    reference: Callable[..., Any]

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        *args: Any,
        refused: bool | str = False,
        order: int = 2,
        reference: Callable[..., Any] | None = None,
    ) -> None:
        for field, value in (
            *(("name", name), ("f", f), ("args", args), ("refused", refused), ("order", order)),
            ("reference", reference or f),
        ):
            object.__setattr__(self, field, value)

    @property
    def message(self) -> str:
        """What a refusal must say."""
        return self.refused if isinstance(self.refused, str) else self.name.split("(")[0].split()[0]

    @property
    def primals(self) -> tuple[Any, ...]:
        """The arguments as they are differentiated: integers as floats."""
        return tuple(floating(x) for x in self.args)


def all_forms() -> Iterator[Form]:
    """The forms of every module `forms_*.py` beside this one."""
    for path in sorted(Path(__file__).parent.glob("forms_*.py")):
        yield from importlib.import_module(path.stem).FORMS


def each(forms: list[Form]) -> Any:
    return pytest.mark.parametrize("form", forms, ids=[form.name for form in forms])


def one_of_each_function(forms: Iterable[Form]) -> list[Form]:
    """Of the forms whose names begin with the same function, or method, one; by night all."""
    chosen: dict[str, Form] = {}
    for form in sorted(forms, key=hash_of):
        function = form.name.split("(")[0].split(".")[-1]
        chosen.setdefault(form.name if NIGHTLY else function, form)
    return list(chosen.values())


def hash_of(form: Form, salt: str = "") -> int:
    return zlib.crc32((form.name + salt).encode())


def least_bytes(form: Form, args: Iterable[Any] = ()) -> int:
    """The size of the least precise floats that take part: of a number, in an array, or inside."""
    inside = [4] if any(part in form.name for part in ("f4", "float32", "dtype")) else [16]
    given = [np.asarray(x).real.dtype for x in args]
    return min(inside + [t.itemsize for t in given if t.kind == "f"])


def floating(x: Any) -> Any:
    x = np.asarray(x) if not isinstance(x, (float, complex)) else x
    return x.astype(float) if isinstance(x, np.ndarray) and x.dtype.kind in "iu" else x


def siblings(form: Form, count: int) -> list[list[Any]]:
    """The arguments of the form, and others a few parts in a thousand away."""
    return [
        [
            np.asarray(np.asarray(x) * (1 + k * 2.0**-8), np.asarray(x).dtype)[()]
            for x in form.primals
        ]
        for k in range(count)
    ]


def leaves(y: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in flatten(y)[0]]


def dtype_char(*arrays: Any) -> str:
    """The least precise floating dtype among arrays, complex ones counted by their parts."""
    chars = [np.asarray(x).real.dtype.char for x in arrays if np.asarray(x).dtype.kind in "fc"]
    return max(chars, key=lambda c: np.finfo(c).eps, default="d")


# -- the second opinion --------------------------------------------------------------------------
def slope(f: Callable[..., Any], primals: Any, directions: Any) -> list[tuple[Any, Any]]:
    """The derivative of `f` along `directions` and its error, leaf by leaf: in `longdouble`, or
    where `f` does not take that, in double precision."""

    def phi(t: Any, cast: Callable[[Any], Any] = _wide) -> Any:
        pairs = zip(primals, directions, strict=True)
        return f(*(cast(_wide(np.asarray(x)) + t * _wide(np.asarray(v))) for x, v in pairs))

    try:
        middle = leaves(phi(np.longdouble(0)))
    except TypeError:
        phi = partial(phi, cast=_double)
        middle = leaves(phi(np.longdouble(0)))
    step = STEP[dtype_char(*middle)]
    coarse, fine = _central(phi, step), _central(phi, step / 2)
    sizes = [np.max(np.abs(y), initial=1.0, where=np.isfinite(y)) for y in middle]
    scale = [n * np.finfo(dtype_char(y)).eps / step for n, y in zip(sizes, middle, strict=True)]
    return [(b, np.abs(b - a) + 10 * s) for a, b, s in zip(coarse, fine, scale, strict=True)]


def _central(phi: Callable[[Any], Any], step: float) -> list[Any]:
    h = np.longdouble(step)
    total: list[Any] = []
    for k, weight in CENTRAL:
        right, left = leaves(phi(k * h)), leaves(phi(-k * h))
        term = [_wide(b) - _wide(a) for b, a in zip(right, left, strict=True)]
        total = [weight * t / h + (total[i] if total else 0) for i, t in enumerate(term)]
    return total


def _wide(x: Any) -> Any:
    return x.astype(np.clongdouble if x.dtype.kind == "c" else np.longdouble)


def _double(x: Any) -> Any:
    return x.astype(complex if x.dtype.kind == "c" else float)


def directions_for(form: Form, salt: str = "") -> list[Any]:
    """A fixed direction per argument, of its dtype, entries of size at most 1."""
    rng = np.random.default_rng(hash_of(form, salt))
    return [random_like(x, rng) for x in form.primals]


def random_like(x: Any, rng: Any) -> Any:
    array = np.asarray(x)
    v = rng.uniform(0.2, 1.0, array.shape) * rng.choice([-1, 1], array.shape)
    if array.dtype.kind == "c":
        v = v + 1j * rng.uniform(0.2, 1.0, array.shape)
    kind = type(x) if isinstance(x, (float, complex)) and not isinstance(x, np.generic) else None
    return kind(v) if kind else np.asarray(v, array.dtype if array.dtype.kind in "fc" else float)


# -- the checks ----------------------------------------------------------------------------------
def check_refused(form: Form) -> None:
    for derivative in (
        lambda: ad.jvp(form.f, form.primals, tuple(directions_for(form))),
        lambda: ad.vjp(form.f, *form.primals),
    ):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            derivative()
        assert form.message in str(caught.value), f"{form.name}: {caught.value}"


def check_value(form: Form) -> None:
    """Plain, dual and taped evaluation give the same bits."""
    plain = quietly(form.f, *map(copied, form.primals))
    forward = quietly(ad.jvp, form.f, form.primals, tuple(directions_for(form)))[0]
    reverse = quietly(ad.vjp, form.f, *form.primals)[0]
    for which, y in (("forward", forward), ("reverse", reverse)):
        for found, expected in zip(leaves(y), leaves(plain), strict=True):
            assert_same_bits(found, expected, f"{form.name}: value in {which} mode")


def assert_same_bits(found: Any, expected: Any, what: str) -> None:
    assert found.dtype == expected.dtype, f"{what}: dtype {found.dtype}, NumPy's {expected.dtype}"
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, NumPy's {expected.shape}"
    assert np.array_equal(found, expected, equal_nan=found.dtype.kind in "fc"), (
        f"{what}: {found} is not bit for bit NumPy's {expected}"
    )
    if found.dtype.kind == "f":
        number = ~np.isnan(found)
        assert np.array_equal(np.signbit(found[number]), np.signbit(expected[number])), what


def check_first_order(form: Form) -> None:
    """Forward mode is the finite difference; reverse mode its transpose, in the input's dtype."""
    primals, v = form.primals, directions_for(form)
    y, y_dot = quietly(ad.jvp, form.f, primals, tuple(v))
    found = leaves(y_dot)
    expected = quietly(slope, form.reference, primals, v)
    for dy, value, (difference, error) in zip(found, leaves(y), expected, strict=True):
        assert dy.shape == value.shape, f"{form.name}: the tangent has shape {dy.shape}"
        if value.dtype.kind in "fc":
            assert dy.dtype == value.dtype, f"{form.name}: the tangent has dtype {dy.dtype}"
        tolerance = TOLERANCE[dtype_char(value, difference.astype(value.dtype), *primals)]
        known = np.isfinite(value)  # a value that is no number has no derivative to speak of
        assert_close(
            dy[known], difference[known], tolerance, error[known], f"{form.name}: forward mode"
        )

    rng = np.random.default_rng(1)
    y, pullback = quietly(ad.vjp, form.f, *primals)
    y_bar = [random_like(leaf, rng) * np.isfinite(leaf) for leaf in leaves(y)]
    structure = flatten(y)[1]
    bars = quietly(pullback, unflatten(structure, y_bar))
    for bar, x in zip(bars, primals, strict=True):
        assert np.shape(bar) == np.shape(x), f"{form.name}: gradient of shape {np.shape(bar)}"
        assert np.asarray(bar).dtype == np.asarray(x).dtype, f"{form.name}: {np.asarray(bar).dtype}"
    along_outputs = inner(y_bar, [np.where(c, dy, 0) for c, dy in zip(y_bar, found, strict=True)])
    along_inputs = inner(bars, v)
    tolerance = TOLERANCE[dtype_char(*primals, *leaves(y))]
    size = sum(float(np.sum(np.abs(b))) for b in bars)
    assert_close(along_inputs, along_outputs, tolerance, 1e-13 * size, f"{form.name}: reverse mode")


def inner(cotangents: Any, tangents: Any) -> Any:
    """The real number that a cotangent makes of a tangent."""
    pairs = zip(cotangents, tangents, strict=True)
    return sum(np.sum(_wide(np.asarray(c)) * _wide(np.asarray(t))).real for c, t in pairs)


def check_second_order(form: Form) -> None:
    """The Hessian times a vector, forward over reverse and reverse over forward, is the finite
    difference of the gradient."""
    primals, v = form.primals, directions_for(form, "second")
    scalar, reference = weighted(form.f), weighted(form.reference)
    places = tuple(range(len(primals)))

    def gradient(*args: Any) -> Any:
        return ad.grad(scalar, places)(*args)

    def slope_along(*args: Any) -> Any:
        return ad.jvp(scalar, args, tuple(v))[1]

    values = leaves(quietly(form.f, *map(copied, primals)))
    forward_over_reverse = quietly(ad.jvp, gradient, primals, tuple(v))[1]
    reverse_over_forward = quietly(ad.grad(slope_along, places), *primals)
    expected = quietly(slope, ad.grad(reference, places), primals, v)
    for x, fr, rf, (difference, error) in zip(
        primals, forward_over_reverse, reverse_over_forward, expected, strict=True
    ):
        tolerance = 10 * TOLERANCE[dtype_char(x, *primals, *values)]
        assert_close(fr, difference, tolerance, error, f"{form.name}: forward over reverse")
        assert_close(rf, difference, tolerance, error, f"{form.name}: reverse over forward")


def weighted(f: Callable[..., Any]) -> Callable[..., Any]:
    """A scalar in which every differentiable output of `f` takes part, squared so that it bends."""

    def scalar(*args: Any) -> Any:
        total: Any = 0.0
        for k, part in real_parts(f(*args)):
            weights = np.cos(np.arange(1.0, 1.0 + np.size(part)) + k).reshape(np.shape(part))
            bent = part * (weights + 0.25 * part)
            total = total + np.sum(np.where(np.isfinite(part), bent, 0))
        return total

    return scalar


def real_parts(result: Any) -> Iterator[tuple[int, Any]]:
    """The floats of a result, tracked or not, with the number of the leaf that they are of."""
    for k, y in enumerate(flatten(result)[0]):
        if getattr(y, "dtype", float) == np.dtype(object):  # an array of tracked numbers
            y = np.stack(y.ravel().tolist())
        kind = getattr(y, "dtype", np.dtype(float)).kind
        if kind in "fc":
            yield from ((k, part) for part in ([np.real(y), np.imag(y)] if kind == "c" else [y]))


def check_batched(form: Form) -> None:
    """`jacfwd` and `jacrev`, in one batched sweep, are the loop over columns."""
    primals = form.primals
    places = tuple(k for k, x in enumerate(primals) if np.asarray(x).dtype.kind != "c")
    values = leaves(quietly(form.f, *map(copied, primals)))
    if not places:
        return
    forward = leaves(quietly(ad.jacfwd(form.f, places), *primals))
    reverse = forward  # a complex result has no real Jacobian by rows
    if not any(y.dtype.kind == "c" for y in values):
        reverse = leaves(quietly(ad.jacrev(form.f, places), *primals))
    for j, place in enumerate(places):
        x = np.asarray(primals[place])
        columns = []
        for unit in np.eye(x.size, dtype=x.dtype).reshape(x.size, *x.shape):
            tangents = [unit if k == place else np.zeros_like(a) for k, a in enumerate(primals)]
            columns.append(leaves(quietly(ad.jvp, form.f, primals, tuple(tangents))[1]))
        for i, y in enumerate(values):
            if y.dtype.kind not in "fc" or not columns:
                continue
            shape = (*y.shape, *x.shape)
            loop = np.moveaxis(np.stack([c[i] for c in columns]), 0, -1).reshape(shape)
            tolerance = TOLERANCE[dtype_char(y, x)] / 10
            for mode, blocks in (("jacfwd", forward), ("jacrev", reverse)):
                found = blocks[i * len(places) + j]
                assert found.shape == shape, f"{form.name}: {mode} has shape {found.shape}"
                assert_close(found, loop, tolerance, 0, f"{form.name}: {mode} in argument {place}")


def assert_close(found: Any, expected: Any, tolerance: float, error: Any, what: str) -> None:
    """Within `tolerance` of the size of the whole, besides the error of the second opinion, which
    must be small itself."""
    found, expected = np.asarray(found), np.asarray(expected)
    finite = np.isfinite(expected)
    assert np.array_equal(found[~finite], expected[~finite].astype(found.dtype), equal_nan=True), (
        f"{what}: {found} is not {expected}"
    )
    size = np.max(np.abs(expected), where=finite, initial=1.0)
    error = np.broadcast_to(error, expected.shape)[finite]
    assert np.all(error <= 1e3 * tolerance * size), f"{what}: the second opinion is off by {error}"
    off = np.abs(found[finite] - expected[finite])
    assert np.all(off <= tolerance * size + error), f"{what}: {found} is not {expected}"


def agree(found: Any, expected: Any, what: str, least: int = 16) -> None:
    """The same structure, dtypes and shapes, and entries to the last bits that another order of
    adding changes, in floats of `least` bytes."""
    (found, s), (expected, t) = flatten(found), flatten(expected)
    assert s == t, f"{what}: {s}, plain {t}"
    for x, y in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape), f"{what}: {x!r}, plain {y!r}"
        if y.dtype.kind not in "fc":
            assert np.array_equal(x, y), f"{what}: {x}, plain {y}"
            continue
        size = y.dtype.itemsize // (2 if y.dtype.kind == "c" else 1)
        tolerance = ROUNDING[min(size, least)]
        scale = 1 + np.max(np.abs(y), initial=0, where=np.isfinite(y))
        np.testing.assert_allclose(x, y, rtol=10 * tolerance, atol=tolerance * scale, err_msg=what)


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    """What a call gives: its result, or its error."""
    try:
        return quietly(f, *args)
    except Exception as error:  # noqa: BLE001 - whichever it is
        return error


def same_outcome(found: Any, expected: Any, what: str, least: int = 16) -> None:
    """Results that agree, or an error of the class that plain NumPy's error is of."""
    if isinstance(expected, Exception):
        assert isinstance(found, Exception), f"{what}: {found!r}, plain {expected!r}"
        assert isinstance(expected, type(found)), f"{what}: {found!r}, plain {expected!r}"
    else:
        assert not isinstance(found, Exception), f"{what}: {found!r}"
        agree(found, expected, what, least)


def copied(x: Any) -> Any:
    """A fresh copy, so that a form which writes into its argument stays repeatable."""
    return x.copy(order="K") if isinstance(x, np.ndarray) else x


def quietly(f: Callable[..., Any], *args: Any) -> Any:
    """A call in which NumPy may warn, as it would for plain arrays."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        return f(*args)
