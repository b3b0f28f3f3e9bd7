"""Every form is right in both modes and to second order, or refused by name; none is wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from forms import (
    Form,
    all_forms,
    check_batched,
    check_first_order,
    check_refused,
    check_second_order,
    check_value,
)

FORMS = list(all_forms())
SUPPORTED = [form for form in FORMS if not form.refused]


def each(forms: list[Form]) -> Any:
    return pytest.mark.parametrize("form", forms, ids=[form.name for form in forms])


def test_names_are_distinct() -> None:
    assert [name for name, n in Counter(form.name for form in FORMS).items() if n > 1] == []


@each([form for form in FORMS if form.refused])
def test_refused_by_name(form: Form) -> None:
    check_refused(form)


@each(SUPPORTED)
def test_value_and_first_order(form: Form) -> None:
    check_value(form)
    check_first_order(form)


# What follows from the rows that a form calls, whose own second order and batch rules are tried on
# every row in tests/laws/: a share of the forms.
@pytest.mark.share(5)
@each([form for form in SUPPORTED if form.order > 1])
def test_second_order(form: Form) -> None:
    check_second_order(form)


@pytest.mark.share(5)
@each(SUPPORTED)
def test_jacobians_are_the_loop_over_columns(form: Form) -> None:
    check_batched(form)
