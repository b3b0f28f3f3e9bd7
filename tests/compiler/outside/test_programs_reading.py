"""A compiled call equals the plain call, or raises: programs that read what is outside of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.compiler.outside import (
    programs_found_by_search,
    programs_of_attributes,  # noqa: F401 - which the registry has then
    programs_of_exchanges,  # noqa: F401
    programs_of_libraries,
    programs_of_objects,
    programs_of_variables,
)
from tests.compiler.outside.registry import REFUSED, VALUES, Program

PROGRAMS = [*VALUES, *REFUSED]
MODULES = (
    programs_found_by_search,
    programs_of_libraries,
    programs_of_objects,
    programs_of_variables,
)
BEGIN = [module.begin for module in MODULES]

jit = ad.jit
X = np.array([0.3, -1.2, 2.1])


def results(build: Callable[[], Program], through: Callable[[Any], Any]) -> list[Any]:
    for begin in BEGIN:
        begin()
    f, change = build()
    f = through(f)
    found = []
    for k in range(3):
        found.append(f(X))
        change(k)
    return [*found, f(X)]


@pytest.mark.share(2)
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("build", PROGRAMS, ids=lambda build: build.__name__)
def test_compiled_equals_plain_or_raises(build: Callable[[], Program], backend: str) -> None:
    expected = results(build, lambda f: f)
    if build in REFUSED:
        with pytest.raises(ad.AutodiffError, match="jit: the function"):
            results(build, lambda f: jit(f, backend=backend))
        return
    found = results(build, lambda f: jit(f, backend=backend))
    for a, b in zip(found, expected, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_most_give_values() -> None:
    assert len(PROGRAMS) >= 40
    assert len(VALUES) >= 30
