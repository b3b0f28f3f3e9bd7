"""This project: the eager tier, and the same functions compiled by `jit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import models
import numpy as np
from contestant import NUMPY_NAMES, Contestant, functions

import autodiff as ad
from nn import functional


class Eager(Contestant):
    name = "eager"
    version = ad.__version__
    ops = functions(
        np,
        NUMPY_NAMES,
        softplus=lambda z: np.logaddexp(0, z),
        sigmoid=functional.sigmoid,
        elu=lambda z: functional.elu(z, models.SLOPE),
        logsumexp=functional.logsumexp,
    )

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return f

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.compiled(f)

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        return self.compiled(ad.value_and_grad(f, argnums[0] if len(argnums) == 1 else argnums))

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.compiled(ad.hessian(f))

    def jacobians(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        return self.compiled(ad.vmap(ad.jacobian(f, argnums)))

    def step(self, f: Callable[..., Any], count: int, rate: float) -> Callable[..., Any]:
        gradient = ad.grad(f, tuple(range(count)))

        def update(*args: Any) -> Any:
            slopes = gradient(*args)
            return [p - rate * g for p, g in zip(args, slopes, strict=False)]

        return self.compiled(update)


class Compiled(Eager):
    name = "jit"

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        from autodiff import jit

        return jit(f)


def make(name: str) -> Contestant:
    return Compiled() if name == "jit" else Eager()
