"""Random programs obey the laws of what surrounds a form: data outside that changes, operands in
every layout, of every size and type; value and gradient, eager and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forms import NIGHTLY, Form
from hypothesis import given, settings, strategies as st
from laws import (
    test_data_outside as outside,
    test_memory_layouts as layouts,
    test_programs,
    test_sizes_and_types as sizes,
)
from laws.test_programs import Program, programs

EXAMPLES = 3334 if NIGHTLY else min(8, settings.default.max_examples)
SOME = settings(max_examples=EXAMPLES)  # by night 10 000 in all


def obeys(law: Callable[..., None], program: Program, way: Any, backend: str) -> None:
    """Near a kink too: plain and compiled code are on the same side of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_programs, "assume", bool)
        law(Form("a program", program, *program.inputs), way, backend)


def each(ways: Any) -> Any:
    """A test of random programs, each in one of these ways and, as a rule, in NumPy."""
    backends = st.sampled_from(("numpy", "numpy", "numpy", "llvm"))
    return lambda test: SOME(given(programs(), st.sampled_from([*ways]), backends)(test))


@pytest.mark.filterwarnings("ignore")
@each(outside.HOLDERS)
def test_data_outside(program, way, backend):
    obeys(outside.check, program, way, backend)


@pytest.mark.filterwarnings("ignore")
@each(layouts.LAYOUTS)
def test_memory_layouts(program, way, backend):
    obeys(layouts.check, program, way, backend)


@pytest.mark.filterwarnings("ignore")
@each(sizes.VARIANTS)
def test_sizes_and_types(program, way, backend):
    obeys(sizes.check, program, way, backend)
