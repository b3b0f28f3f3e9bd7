"""CasADi: symbolic expressions of scalars, evaluated by its virtual machine; small problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
from contestant import CannotError, Contestant, functions
from workloads import BY_NAME

LARGEST = 100_000  # symbols: a million take a minute and 2 GB to build


class CasADi(Contestant):
    name = "CasADi"
    version = ca.__version__
    ops = functions(ca, "exp log sin cos tanh sqrt", sum=ca.sum1)

    def array(self, x: Any) -> Any:
        return x if isinstance(x, float) or x.ndim > 2 else ca.DM(x)

    def built(self, f: Callable[..., Any], results: Callable[..., Any]) -> Callable[..., Any]:
        """Traced at its first call, when the sizes are known."""
        made: list[Any] = []

        def run(*args: Any) -> Any:
            if not made:
                if len(args) > 1 or not isinstance(args[0], (float, ca.DM)):
                    raise CannotError("only functions of one number or one vector")
                x = ca.SX.sym("x", 1 if isinstance(args[0], float) else args[0].numel())
                if x.numel() > LARGEST:
                    raise CannotError("expressions of single numbers, and here are too many")
                made.append(ca.Function("f", [x], results(f(x), x)))
            return made[0](args[0])

        return run

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.built(f, lambda y, x: [y])

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        return self.built(f, lambda y, x: [y, ca.gradient(y, x)])

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.built(f, lambda y, x: [ca.hessian(y, x)[0]])

    def bundle_adjustment(self, *args: Any) -> Any:
        """The Jacobians of one residual, mapped over all; columns are observations."""
        if self.jacobians_of_all is None:
            camera, point, weight, feature = (ca.SX.sym("x", n) for n in (11, 3, 1, 2))
            r = residual(camera, point, weight, feature)
            slopes = [ca.jacobian(r, x) for x in (camera, point, weight)]
            one = ca.Function("f", [camera, point, weight, feature], slopes)
            self.jacobians_of_all = one.map(args[0].shape[0])
        return self.jacobians_of_all(*(a.T for a in args))

    jacobians_of_all = None

    def plain(self, x: Any) -> np.ndarray[Any, Any]:
        if not isinstance(x, ca.DM):
            return np.asarray(x)
        if x.shape[0] == 2:  # Jacobians of two rows, side by side
            count = len(BY_NAME["bundle_adjustment"].data()[0])
            return x.full().reshape(2, count, -1).transpose(1, 0, 2)
        return np.squeeze(x.full())


def residual(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
    """`models.residual` on columns of symbols."""
    angle = ca.norm_2(camera[:3])
    axis, moved = camera[:3] / angle, point - camera[3:6]
    seen = moved * ca.cos(angle) + ca.cross(axis, moved) * ca.sin(angle)
    seen += axis * (ca.dot(axis, moved) * (1 - ca.cos(angle)))
    flat = seen[:2] / seen[2]
    square = ca.dot(flat, flat)
    flat = flat * (1 + camera[9] * square + camera[10] * square * square)
    return weight * (flat * camera[6] + camera[7:9] - feature)


def make(name: str) -> Contestant:
    return CasADi()
