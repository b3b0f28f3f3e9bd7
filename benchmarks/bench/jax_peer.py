"""JAX, compiled, in double precision where the data are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import models
import numpy as np
from contestant import NUMPY_NAMES, Contestant, functions

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


class Jax(Contestant):
    name = "JAX"
    version = jax.__version__
    ops = functions(
        jnp,
        NUMPY_NAMES,
        softplus=jax.nn.softplus,
        sigmoid=jax.nn.sigmoid,
        elu=lambda z: jax.nn.elu(z, models.SLOPE),
        logsumexp=jax.nn.logsumexp,
    )

    def array(self, x: Any) -> Any:
        return jnp.asarray(x) if isinstance(x, np.ndarray) else x

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(f)

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        return jax.jit(jax.value_and_grad(f, argnums))

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(jax.hessian(f))

    def jacobians(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        return jax.jit(jax.vmap(jax.jacrev(f, argnums)))

    def step(self, f: Callable[..., Any], count: int, rate: float) -> Callable[..., Any]:
        gradient = jax.grad(f, tuple(range(count)))

        def update(*args: Any) -> Any:
            slopes = gradient(*args)
            return [p - rate * g for p, g in zip(args, slopes, strict=False)]

        return jax.jit(update)

    @staticmethod
    def lstm_scanned(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        """The loop over time as one `scan`: unrolled, it would take minutes to compile."""

        def body(states: Any, pair: Any) -> Any:
            return models.lstm_step(Jax.ops, main, extra, states, *pair)

        _, terms = jax.lax.scan(body, list(state), (sequence[:-1], sequence[1:]))
        return -jnp.sum(terms) / (sequence.shape[1] * (len(sequence) - 1))

    @property
    def lstm(self) -> Callable[..., Any]:
        return jax.jit(jax.value_and_grad(self.lstm_scanned, (0, 1)))

    @property
    def lstm_value(self) -> Callable[..., Any]:
        return jax.jit(self.lstm_scanned)

    def wait(self, result: Any) -> None:
        jax.block_until_ready(result)


def make(name: str) -> Contestant:
    return Jax()
