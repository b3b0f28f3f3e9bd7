"""CasADi: symbolic expressions of scalars, evaluated by its virtual machine; small problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
from contestant import CannotError, Contestant, functions


class CasADi(Contestant):
    name = "CasADi"
    version = ca.__version__
    ops = functions(ca, "exp log sin cos tanh sqrt", sum=ca.sum1)

    def array(self, x: Any) -> Any:
        return x if isinstance(x, float) or x.ndim > 1 else ca.DM(x)

    def built(self, f: Callable[..., Any], results: Callable[..., Any]) -> Callable[..., Any]:
        """Traced at its first call, when the sizes are known."""
        made: list[Any] = []

        def run(*args: Any) -> Any:
            if not made:
                shapes = [np.shape(a) if isinstance(a, np.ndarray) else None for a in args]
                if len(args) > 1 or shapes[0] is not None:
                    raise CannotError("only functions of one number or one vector")
                x = ca.SX.sym("x", 1 if isinstance(args[0], float) else args[0].numel())
                made.append(ca.Function("f", [x], results(f(x), x)))
            return made[0](args[0])

        return run

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.built(f, lambda y, x: [y])

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        return self.built(f, lambda y, x: [y, ca.gradient(y, x)])

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.built(f, lambda y, x: [ca.hessian(y, x)[0]])

    def plain(self, x: Any) -> np.ndarray[Any, Any]:
        return np.squeeze(x.full()) if isinstance(x, ca.DM) else np.asarray(x)


def make(name: str) -> Contestant:
    return CasADi()
