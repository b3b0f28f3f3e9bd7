"""The laws of what surrounds a form can fail: bugs that the engine had, planted again, are noticed.
Each stands beside the law that is meant for it and a form in which it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from forms import all_forms
from laws import (
    test_data_outside as outside,
    test_foreign_containers as foreign,
    test_memory_layouts as layouts,
    test_sizes_and_types as sizes,
)
from regressions.test_foreign_results import Boxed

import autodiff as ad
from autodiff.arrays import dispatch
from autodiff.compiler.ir.leaves import Kind
from autodiff.compiler.lowering.rows import LOWER
from autodiff.compiler.numpy_source.source import Source
from autodiff.engine import arguments
from autodiff.numpy_api import linalg_norms, shaping
from autodiff.rules.primitive import payload

Plant = Callable[[pytest.MonkeyPatch], None]
FORMS = {form.name: form for form in all_forms()}


def data_is_constant(patch: pytest.MonkeyPatch) -> None:
    """What was read at the first call is read for ever (J1, J2, J3)."""
    patch.setattr(outside, "compiled", lambda f, backend: ad.jit(f, backend=backend, pure=True))


def one_descriptor(patch: pytest.MonkeyPatch) -> None:
    """A dtype is known by NumPy's own descriptor (J6)."""
    fits = Kind.fits

    def by_identity(kind: Kind, x: Any) -> bool:
        dtype = getattr(x, "dtype", None)
        return fits(kind, x) and (dtype is None or dtype is np.dtype(dtype.char))

    patch.setattr(Kind, "fits", by_identity)


def sums_widen(patch: pytest.MonkeyPatch) -> None:
    """The written program has another integer type than the traced one (J7)."""
    write = Source.write_reduce
    patch.setattr(Source, "write_reduce", lambda *args: write(*args).replace(", dtype='int8'", ""))


def integers_stay(patch: pytest.MonkeyPatch) -> None:
    """A function of integers begins without floats (J7)."""
    patch.setattr(linalg_norms, "as_dtype", lambda x, dtype: x)


def no_code_for_halves(patch: pytest.MonkeyPatch) -> None:
    """A raw KeyError where a type has no code (J9)."""
    rule = LOWER["cumsum"]

    def without_halves(low: Any, x: Any, **params: Any) -> Any:
        return {8: rule}[x.dtype.itemsize](low, x, **params)

    patch.setitem(LOWER, "cumsum", without_halves)


def emptiness_is_flat(patch: pytest.MonkeyPatch) -> None:
    """A gradient without entries loses its shape (E4)."""
    vjp = ad.vjp

    def flat(f: Any, *args: Any) -> Any:
        y, pullback = vjp(f, *args)
        return y, lambda g: tuple(x if np.size(x) else np.zeros(0) for x in pullback(g))

    patch.setattr(ad, "vjp", flat)


def wrappers_are_constant(patch: pytest.MonkeyPatch) -> None:
    """What another library's array holds is taken for plain numbers (E1)."""
    held = dispatch.plain_array

    def numbers(x: Any) -> Any:
        flat = [payload(y) for y in np.ravel(held(x)).tolist()]
        return np.reshape(np.array(flat, float), np.shape(held(x)))

    patch.setattr(arguments, "plain_array", numbers)


def memory_is_c_ordered(patch: pytest.MonkeyPatch) -> None:
    """Orders K and A are those of other memory (E3)."""
    example = shaping.example
    patch.setattr(shaping, "example", lambda x: np.ascontiguousarray(example(x)))


DATA = [
    (data_is_constant, outside.check, ("np.sum(x)", hold, backend))
    for hold in outside.HOLDERS
    for backend in ("numpy", "llvm")
]
OTHERS = [
    (one_descriptor, layouts.check, ("np.sum(x)", "from pickle", "numpy")),
    (memory_is_c_ordered, layouts.check, ("np.reshape(order=A)", "Fortran order", "numpy")),
    (sums_widen, sizes.check, ("np.einsum('ij->j')", "int8", "numpy")),
    (integers_stay, sizes.check, ("np.linalg.norm(v, 1)", "uint8", "llvm")),
    (no_code_for_halves, sizes.check, ("np.cumsum(x)", "half", "numpy")),
    (no_code_for_halves, sizes.check, ("np.cumsum(x)", "longdouble", "numpy")),
    (emptiness_is_flat, sizes.check, ("np.sum(axis=0)", "empty", "numpy")),
]
WRAPPERS = [
    (wrappers_are_constant, foreign.check, ("np.sin(x)", Boxed, program, transform))
    for program in (foreign.wrapped_result, foreign.wrapped_weights)
    for transform in foreign.TRANSFORMS
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("plant", "law", "case"), [*DATA, *OTHERS, *WRAPPERS])
def test_an_old_bug_is_noticed(
    plant: Plant, law: Any, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *how = case
    law(FORMS[name], *how)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        law(FORMS[name], *how)
