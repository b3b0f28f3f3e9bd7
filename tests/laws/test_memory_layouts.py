"""How an operand lies in memory does not matter: value, gradient and tangent of each form are those
of the C-ordered copy, eager and compiled. Where the order matters to NumPy, as in x.ravel("K"), the
value is NumPy's own for that operand, and the derivatives those of a finite difference through it.
By night in every layout, by day in one that the form's name chooses.
"""

from __future__ import annotations

import pickle
import re
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
    check_first_order,
    copied,
    directions_for,
    each,
    hash_of,
    least_bytes,
    one_of_each_function,
    outcome,
    quietly,
    random_like,
    real_parts,
    same_outcome,
    weighted,
)

import autodiff as ad
from autodiff.base.trees import flatten, unflatten


def strided(a: Any) -> Any:
    """Every second entry of a larger array, along each axis."""
    if not a.ndim:
        return a.copy()
    base = np.zeros([2 * n for n in a.shape], a.dtype)
    view = base[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


def reversed_(a: Any) -> Any:
    return np.flip(np.flip(a).copy())


def unaligned(a: Any) -> Any:
    return np.frombuffer(bytearray(b"\0" + a.tobytes()), a.dtype, offset=1).reshape(a.shape)


def read_only(a: Any) -> Any:
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "Fortran order": lambda a: np.array(a, order="F"),
    "reversed": reversed_,
    "strided": strided,
    "unaligned": unaligned,
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "read-only": read_only,
    "from pickle": lambda a: pickle.loads(pickle.dumps(a)),
}


# Results that do not lie in memory as NumPy's do, which only a later order="K" or "A" would see.
LAID_OTHERWISE = {
    *("np.divide.accumulate(m)", "np.hypot.accumulate(m)", "np.subtract.accumulate(m)"),
    *("np.logaddexp.accumulate(m)", "np.logaddexp.accumulate(axis=1)"),
    *("np.maximum.reduceat(axis=1)", "np.nanquantile(axis)"),
    "np.block(no list)",
    "np.array(m)",  # tracked, an array of objects, which `real_parts` takes apart
}


def laid(form: Form, layout: str) -> list[Any]:
    """Fresh arrays: a form may write to its argument."""
    return [LAYOUTS[layout](x) if isinstance(x, np.ndarray) else x for x in form.primals]


def check(form: Form, layout: str, backend: str) -> None:
    what = f"{form.name}, {layout}"
    expected = outcome(form.f, *laid(form, layout))
    if form.refused or isinstance(expected, Exception):
        check_compiled(form, layout, form.f, backend)
        return
    try:
        found = {mode: along(form, laid(form, layout)) for mode, along in MODES.items()}
    except ad.NotDifferentiableError as refusal:
        assert re.search("order|dtype", str(refusal)), what
        return
    for mode, (value, _) in found.items():
        agree(native(value), native(expected), f"{what}: {mode}")
    if form.name not in LAID_OTHERWISE:
        lying = as_it_lies(form.f)
        entries = outcome(lambda *args: ad.vjp(lying, *args)[0], *laid(form, layout))
        if not isinstance(entries, ad.AutodiffError):
            plain = native(outcome(lying, *laid(form, layout)))
            same_outcome(native(entries), plain, f"{what}: in the order of its memory")
    if same_values(expected, outcome(form.f, *map(copied, form.primals))):
        for mode, along in MODES.items():
            agree(native(found[mode][1]), along(form, form.primals)[1], f"{what}: {mode}")
    else:

        def reference(*args: Any) -> Any:
            return form.reference(*map(LAYOUTS[layout], args))

        check_first_order(Form(what, form.f, *laid(form, layout), reference=reference))
    gradient = ad.grad(weighted(form.f), tuple(range(len(form.primals))))
    check_compiled(form, layout, lambda *args: (form.f(*args), gradient(*args)), backend)


def as_it_lies(f: Callable[..., Any]) -> Callable[..., Any]:
    """Each part of the result, read in the order of its memory."""
    return lambda *args: [np.ravel(part, order="K") for _, part in real_parts(f(*args))]


def taped(form: Form, args: list[Any]) -> Any:
    y, pullback = quietly(ad.vjp, form.f, *args)
    parts, structure = flatten(y)
    rng = np.random.default_rng(1)
    return y, quietly(pullback, unflatten(structure, [random_like(part, rng) for part in parts]))


def dual(form: Form, args: list[Any]) -> Any:
    return quietly(ad.jvp, form.f, tuple(args), tuple(directions_for(form)))


MODES = {"taped": taped, "dual": dual}


def check_compiled(form: Form, layout: str, f: Callable[..., Any], backend: str) -> None:
    """Each layout has a version of its own."""
    compiled = ad.jit(f, backend=backend, pure=False)
    if isinstance(outcome(compiled, *map(copied, form.primals)), ad.AutodiffError):
        return
    found, expected = (outcome(g, *laid(form, layout)) for g in (compiled, f))
    same_outcome(found, native(expected), f"{form.name}, {layout}: compiled", least_bytes(form))


def native(tree: Any) -> Any:
    """In the machine's byte order: a result may be in that of the operand, or in this."""
    if isinstance(tree, Exception):
        return tree
    parts, structure = flatten(tree)
    ours = [x.astype(x.dtype.newbyteorder("=")) if isinstance(x, np.ndarray) else x for x in parts]
    return unflatten(structure, ours)


def same_values(a: Any, b: Any) -> bool:
    """But for the order of adding: does the order of the entries not matter?"""
    try:
        agree(native(a), b, "")
    except AssertionError:
        return False
    return True


def check_each(form: Form, backend: str) -> None:
    layouts = list(LAYOUTS)
    for layout in layouts if NIGHTLY else [layouts[hash_of(form) % len(layouts)]]:
        check(form, layout, backend)


FORMS = [form for form in all_forms() if form.name not in UNSET]


@pytest.mark.share(16)
@pytest.mark.filterwarnings("ignore")
@each(FORMS)
def test_in_numpy(form: Form) -> None:
    check_each(form, "numpy")


@pytest.mark.share(24)
@pytest.mark.filterwarnings("ignore")
@each(one_of_each_function(FORMS))
def test_in_llvm(form: Form) -> None:
    check_each(form, "llvm")
