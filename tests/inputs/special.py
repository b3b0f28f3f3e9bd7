"""Inputs for SciPy's special functions with parameters in which no derivative is known, and for
the rows behind softmax and the accurate derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from strategies import Case, Draw, domains, inputs_for

from autodiff.rules.primitive import Interval, Primitive

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


def scipys(names: str) -> list[str]:
    return [f"scipy.special.{name}" for name in names.split()]


@inputs_for(
    *scipys(
        "jve yve struve modstruve eval_legendre eval_chebyt eval_chebyu eval_chebyc eval_chebys"
    ),
    *scipys("eval_sh_legendre eval_sh_chebyt eval_sh_chebyu eval_laguerre eval_hermite"),
    *scipys("eval_hermitenorm eval_gegenbauer eval_jacobi eval_genlaguerre pbdv pbwa pdtr pdtrc"),
    *scipys("pdtri"),
    *(f"scipy.special.{name}" for name in "jv yv yn iv ive kv kn kve hankel1 hankel2 expn".split()),
)
def of_an_order(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, ORDERS)


@inputs_for(*scipys("hyp0f1 hyperu"))
def of_parameters(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, PARAMETERS)


@inputs_for("scipy.special.hyp1f1")
def hyp1f1(draw: Draw, row: Primitive) -> Case:
    """SciPy's never returns of huge arguments, as 1e200 and inf."""
    case = beside(draw, row, PARAMETERS)
    z = case.args[-1]
    bounded = z if np.iscomplexobj(z) else np.clip(z, -700.0, 700.0)
    return case._replace(args=(*case.args[:-1], bounded))


@inputs_for("scipy.special.hyp2f1")
def hyp2f1(draw: Draw, row: Primitive) -> Case:
    return beside(draw, row, PARAMETERS)


@inputs_for(*scipys("bdtr bdtrc bdtri nbdtr nbdtrc nbdtri"))
def of_successes(draw: Draw, row: Primitive) -> Case:
    p = draw.array(draw.shape(), domains(row, 3)[-1])
    return Case(row, (draw.integer(0, 3), np.int64(5), p), only=(2,))  # float32 of 5 is deprecated


SHAPES = Interval(0.4, 9.0)


def of_shapes(draw: Draw, row: Primitive, places: int, **params: Any) -> Case:
    """Shapes, and the last argument in its domain."""
    last = domains(row, places)[-1]
    limits = (*(SHAPES for _ in range(places - 1)), last)
    arrays = zip(draw.broadcastable(places), limits, strict=True)
    return Case(row, tuple(draw.array(shape, limit) for shape, limit in arrays), params)


@inputs_for(
    *scipys("gammainc gammaincc gammaincinv gammainccinv betainc betaincc betaincinv betainccinv"),
    *scipys("chdtr chdtrc chdtri stdtr stdtrit fdtr fdtrc fdtri gdtr gdtrc gdtrix"),
    "log_stdtr",
)
def of_an_integral(draw: Draw, row: Primitive) -> Case:
    return of_shapes(draw, row, len(row.partials))


@inputs_for("log_gammainc", "log_betainc")
def of_a_side(draw: Draw, row: Primitive) -> Case:
    return of_shapes(draw, row, len(row.partials), lower=draw.boolean())


@inputs_for("gamma_moment", "student_moment")
def of_moments(draw: Draw, row: Primitive) -> Case:
    return of_shapes(draw, row, 2, order=draw.integer(int(row.name[0] == "s"), 2))


@inputs_for("beta_moment")
def of_two_moments(draw: Draw, row: Primitive) -> Case:
    orders = draw.integer(0, 1), draw.integer(0, 1)
    return of_shapes(draw, row, 3, orders=orders, by=draw.one_of(("a", "b")))


@inputs_for("half_step", "log1prel")
def half_step(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape(), row.domain),), {"order": draw.integer(0, 2)})


@inputs_for(*scipys("ellipkinc ellipeinc"), "ellipkinc_by_m", "ellipeinc_by_m")
def of_an_amplitude(draw: Draw, row: Primitive) -> Case:
    """In both arguments; twice in m nothing is known."""
    phi, m = (draw.array(shape, row.domain) for shape in draw.broadcastable(2))
    return Case(row, (phi, m), only=(0,))


@inputs_for("scipy.special.ellipj")
def ellipj(draw: Draw, row: Primitive) -> Case:
    u, m = (draw.array(shape, row.domain) for shape in draw.broadcastable(2))
    return Case(row, (u, m), only=(0,))


@inputs_for(*scipys("sici shichi fresnel itj0y0 iti0k0 airy"))
def of_several_results(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape(), row.domain),))


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


@inputs_for("softmax", "parts", "log_softmax")
def parts(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_side=1)
    return Case(row, (draw.array(shape),), {"axis": draw.axes(shape)})


@inputs_for("log_loss", "log_loss_slope")
def of_one_entry(draw: Draw, row: Primitive) -> Case:
    shape = (*draw.shape(max_dims=2), 3)
    return Case(row, (draw.array(shape), draw.integers(shape[:-1])[..., None] == np.arange(3)))
