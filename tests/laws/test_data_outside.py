"""Data that a compiled function reads outside its arguments may change between calls: each call of
each form gives what the plain call gives, wherever the data is held and however it changes. By
night in every holder, by day in one that the form's name chooses; in LLVM a form of each function.
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
    all_forms,
    each,
    hash_of,
    least_bytes,
    one_of_each_function,
    outcome,
    same_outcome,
    siblings,
    weighted,
)

import autodiff as ad

# How a holder is read, and how its data is changed.
Holder = tuple[Callable[[], Any], Callable[[Any], None]]
CALLS = 3


def bound_anew(a: Any) -> Holder:
    def change(new: Any) -> None:
        nonlocal a
        a = new

    return lambda: a, change


def changed_in_place(a: Any) -> Holder:
    data = np.array(a)

    def change(new: Any) -> None:
        data[...] = new

    return lambda: data, change


def in_a_dict(a: Any) -> Holder:
    entries = {"data": a}
    return lambda: entries["data"], lambda new: entries.update(data=new)


class Model:
    def __init__(self, data: Any) -> None:
        self.data = data

    def read(self) -> Any:
        return self.data


def in_an_attribute(a: Any) -> Holder:
    model = Model(a)
    return model.read, lambda new: setattr(model, "data", new)


def beside_noise(a: Any) -> Holder:
    """Random numbers are data from outside, too: each call draws its own."""
    rng, entries = np.random.default_rng(0), [a]

    def read() -> Any:
        (x,) = entries
        return x * (1 + 2.0**-10 * rng.standard_normal())

    return read, lambda new: entries.__setitem__(0, new)


HOLDERS = [bound_anew, changed_in_place, in_a_dict, in_an_attribute, beside_noise]


def compiled(f: Callable[..., Any], backend: str) -> Callable[..., Any]:
    return ad.jit(f, backend=backend, pure=False)


def program(form: Form, hold: Callable[[Any], Holder]) -> tuple[Any, list[Any]]:
    """The value at held data, and the slope along it, of one number; and how the data changes."""
    holders = [hold(a) for a in siblings(form, 1)[0]]
    reads, changes = [read for read, _ in holders], [change for _, change in holders]
    f, total = form.f, weighted(form.f)

    def run(t: Any) -> Any:
        data = [read() for read in reads]
        if form.refused:
            return f(*data)
        return f(*data), ad.grad(lambda t: total(*(t * a for a in data)))(t)

    return run, changes


def check(form: Form, hold: Callable[[Any], Holder], backend: str) -> None:
    (plain, change_plain), (f, change) = program(form, hold), program(form, hold)
    f = compiled(f, backend)
    for k, data in enumerate(siblings(form, CALLS)):
        for changes in (change_plain, change) if k else ():
            for one, new in zip(changes, data, strict=True):
                one(new)
        expected, found = outcome(plain, 1.0), outcome(f, 1.0)
        what = f"{form.name}: {hold.__name__}, call {k}"
        if isinstance(found, ad.AutodiffError):
            assert "outside of it" in str(found) or is_refused_with_arguments(form, backend), found
            return
        same_outcome(found, expected, what, least_bytes(form))


def is_refused_with_arguments(form: Form, backend: str) -> bool:
    """What cannot be compiled at all is no matter of where its data is."""
    f = form.f if form.refused else ad.value_and_grad(weighted(form.f))
    return isinstance(outcome(compiled(f, backend), *form.primals), ad.AutodiffError)


def check_each(form: Form, backend: str) -> None:
    for hold in HOLDERS if NIGHTLY else [HOLDERS[hash_of(form) % len(HOLDERS)]]:
        check(form, hold, backend)


FORMS = [form for form in all_forms() if form.name not in UNSET]


@pytest.mark.share(32)
@pytest.mark.filterwarnings("ignore")
@each(FORMS)
def test_in_numpy(form: Form) -> None:
    check_each(form, "numpy")


@pytest.mark.share(48)
@pytest.mark.filterwarnings("ignore")
@each(one_of_each_function(FORMS))
def test_in_llvm(form: Form) -> None:
    check_each(form, "llvm")
