"""Inputs for the elementwise rows that have something of their own: parameters, masks, integers."""

from __future__ import annotations

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import POSITIVE, REAL, Primitive


@inputs_for("monomial")
def constant_exponent(draw: Draw, row: Primitive) -> Case:
    exponent = draw.one_of((0, 1, 2, 3, 5, -1, -2, 0.5, 1.0, 2.0, 1.7, -0.5))
    domain = POSITIVE if exponent != int(exponent) or exponent < 0 else REAL
    a = draw.array(draw.shape(), domain)
    return Case(row, (a,), {"exponent": exponent}, numpy=lambda a: python_power(a, exponent))


def python_power(a, exponent):
    """``a ** exponent``, with IEEE's infinities where Python's floats would raise."""
    try:
        return a**exponent
    except (ZeroDivisionError, OverflowError):
        return np.power(float(a), exponent)


@inputs_for("where")
def condition_first(draw: Draw, row: Primitive) -> Case:
    c, a, b = draw.broadcastable(3)
    return Case(row, (draw.mask(c), draw.array(a), draw.array(b)))


@inputs_for("clip")
def bounds_or_none(draw: Draw, row: Primitive) -> Case:
    a, low, high = draw.broadcastable(3)
    bounds = [None if draw.integer(0, 3) == 0 else draw.array(shape) for shape in (low, high)]
    return Case(row, (draw.array(a), *bounds))


@inputs_for("heaviside")
def step_and_its_value(draw: Draw, row: Primitive) -> Case:
    """Flat in the step's argument; its value at the jump, the other argument, counts only there."""
    a, b = draw.broadcastable(2)
    if draw.boolean():
        return Case(row, (draw.array(a), draw.array(b)))
    return Case(row, (draw.integers(a, -1, 1) * 1.0, draw.array(b)), only=(1,))


@inputs_for("ldexp")
def mantissa_and_exponent(draw: Draw, row: Primitive) -> Case:
    a, b = draw.broadcastable(2)
    return Case(row, (draw.array(a), draw.integers(b, -3, 3)))


@inputs_for("isclose")
def two(draw: Draw, row: Primitive) -> Case:
    a, b = draw.broadcastable(2)
    return Case(row, (draw.array(a), draw.array(b)))


@inputs_for("round", "exponent", "modf_fraction")
def one(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),))


@inputs_for("real", "imag", "conj")
def complex_or_real(draw: Draw, row: Primitive) -> Case:
    entries = draw.one_of((draw.complex_array, draw.values))
    return Case(row, (entries(draw.shape()),))


@inputs_for("complex_sign")
def complex_alone(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.complex_array(draw.shape()),))


@inputs_for("sinc_derivative", "bessel_i")
def order_of_a_derivative(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),), {"order": draw.integer(0, 3)})


@inputs_for("require")
def require(draw: Draw, row: Primitive) -> Case:
    """The condition holds."""
    return Case(row, (np.True_, draw.array(draw.shape())), {"error": ValueError("not so")})


@inputs_for("leaky_relu", "leaky_relu_slope")
def with_a_slope(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),), {"slope": draw.one_of((0.01, 0.3, 1.5, -0.5))})


@inputs_for("elu")
def with_two_sizes(draw: Draw, row: Primitive) -> Case:
    params = {"alpha": draw.one_of((1.0, 0.9, 1.7)), "scale": draw.one_of((1.0, 1.05))}
    return Case(row, (draw.array(draw.shape()),), params)


@inputs_for("exp_below")
def with_a_factor(draw: Draw, row: Primitive) -> Case:
    params = {"factor": draw.one_of((1.0, 0.9)), "above": draw.one_of((1.0, 0.0))}
    return Case(row, (draw.array(draw.shape()),), params)
