"""Inputs for SciPy's special functions with parameters in which no derivative is known, and for
the rows behind softmax and the accurate derivatives."""

from __future__ import annotations

from typing import Any

from strategies import Case, Draw, domains, inputs_for

from autodiff.primitive import Primitive

ORDERS = (0, 1, 2, 5)
PARAMETERS = (0.7, 1.0, 2.5)


def beside(draw: Draw, row: Primitive, parameters: tuple[Any, ...]) -> Case:
    """One array, the last argument, beside parameters that are held fixed."""
    places = len(row.partials)
    domain = domains(row, places)[-1]
    return Case(
        row,
        (*(draw.one_of(parameters) for _ in range(places - 1)), draw.array(draw.shape(), domain)),
        only=(places - 1,),
    )


@inputs_for(
    *(f"scipy.special.{name}" for name in "jv yv yn iv ive kv kn kve hankel1 hankel2 expn".split())
)
def of_an_order(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, ORDERS)


@inputs_for(
    *(f"scipy.special.{name}" for name in "gammainc gammaincc gammaincinv gammainccinv".split()),
    *(f"scipy.special.{name}" for name in "betainc betaincc betaincinv betainccinv".split()),
    *(f"scipy.special.{name}" for name in "hyp0f1 hyp1f1 hyperu".split()),
)
def of_parameters(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, PARAMETERS)


@inputs_for("scipy.special.hyp2f1")
def hyp2f1(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, PARAMETERS)


@inputs_for("scipy.special.zeta")
def zeta(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, (1.5, 2.0, 4.0))


@inputs_for("scipy.special.lambertw")
def lambertw(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape(), row.domain), 0, 1e-8), only=(0,))


@inputs_for("scipy.special.round", "scipy.special.gammasgn")
def flat(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),))


@inputs_for("polygamma", "scaled_ierfc")
def of_any_order(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape(), row.domain),), {"order": draw.integer(1, 3)})


@inputs_for("polygamma_difference")
def polygamma_difference(draw: Draw, row: Primitive) -> Case:
    a, b = (draw.array(shape, row.domain) for shape in draw.broadcastable(2))
    return Case(row, (a, b), {"order": draw.integer(0, 2)})


@inputs_for("logsumexp")
def logsumexp(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.array(shape),), {"axis": draw.axes(shape), "keepdims": draw.boolean()})
