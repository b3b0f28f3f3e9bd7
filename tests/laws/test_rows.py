"""One test per law, run over every row of the table, so that a new row is tested for free."""

import numpy as np
import pytest
from hypothesis import strategies as st
from laws import statements as laws
from strategies import FLAT, ROWS, SMOOTH, cases, precisions, tried

from autodiff.rules.primitive import TABLE

SEEDS = st.integers(0, 2**32 - 1)

# Rows that may have a derivative which is another of their arguments, as it is.
ARITHMETIC = [
    row for name, row in TABLE.items() if row.kind == "bilinear" or name in ("multiply", "divide")
]

every_row = tried(ROWS)
every_smooth_row = tried(SMOOTH)


@every_smooth_row
def test_forward_mode_is_finite_difference(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    laws.forward_mode_is_finite_difference(case, rng)


@every_smooth_row
def test_reverse_mode_is_transpose_of_forward_mode(row, data):
    rng = np.random.default_rng(data.draw(SEEDS))
    for mode in ("smooth", "ties"):
        laws.reverse_mode_is_transpose_of_forward_mode(data.draw(cases(row, mode)), rng)


@every_smooth_row
def test_jacobians_agree(row, data):
    rng = np.random.default_rng(data.draw(SEEDS))
    for mode in ("smooth", "ties"):
        laws.jacobians_agree(data.draw(cases(row, mode)), rng)


@every_smooth_row
def test_second_order_in_all_four_nestings(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    laws.second_order_in_all_four_nestings(case, rng)


@every_smooth_row
def test_constants_reach_a_row_in_every_form(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    laws.constants_reach_a_row_in_every_form(case, rng)


@tried(ARITHMETIC)
def test_integers_beside_are_the_floats_they_are(row, data):
    for dtype in (np.bool_, np.int8, np.uint8, np.int64):
        laws.integers_beside_are_the_floats_they_are(data.draw(cases(row)), dtype)


@every_smooth_row
def test_gradients_have_the_inputs_dtype_and_shape(row, data):
    if row.outlined:
        pytest.skip("the program that it holds was traced for one dtype")
    case = data.draw(cases(row))
    dtypes = [data.draw(st.sampled_from(precisions(row))) for _ in case.inputs]
    laws.gradients_have_the_inputs_dtype_and_shape(case, dtypes)


@every_smooth_row
def test_single_precision_agrees_with_double(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    laws.single_precision_agrees_with_double(case, rng)


@every_row
def test_watching_never_changes_a_value(row, data):
    for mode in ("smooth", "ties", "special"):
        laws.watching_never_changes_a_value(data.draw(cases(row, mode)))


@every_smooth_row
def test_arguments_are_left_alone(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    laws.arguments_are_left_alone(case, rng)


@tried(SMOOTH, examples=1)
def test_sweeps_leave_no_reference_cycles(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    laws.sweeps_leave_no_reference_cycles(case, rng)


@tried(FLAT)
def test_flat_rows_have_derivative_zero(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    if case.inputs:
        laws.flat_rows_have_derivative_zero(case, rng)


@every_row
def test_batched_is_a_stacked_loop(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    flags = [a is not None and data.draw(st.booleans()) for a in case.args]
    flags[0] = flags[0] or not any(flags)
    laws.batched_is_a_stacked_loop(case, flags, rng)
