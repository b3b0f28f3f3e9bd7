"""This project: the eager tier, and the same functions compiled by `jit`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import models
import numpy as np
from contestant import NUMPY_NAMES, Contestant, functions

import autodiff as ad
from nn import functional

STEPS = 11  # of the LSTM in one compiled piece


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

    @property
    def lstm(self) -> Callable[..., Any]:
        """A few steps and their pullback are compiled, and Python loops over such pieces, as `scan`
        does for JAX: unrolled, the program would be a hundred times as long."""

        def pulled(main: Any, extra: Any, state: Any, symbols: Any, *bars: Any) -> Any:
            state_bar, main_bar, extra_bar = bars
            _, pullback = ad.vjp(lambda m, e, s: lstm_piece(m, e, s, symbols), main, extra, state)
            of_main, of_extra, of_state = pullback((state_bar, 1.0))
            return of_state, main_bar + of_main, extra_bar + of_extra

        forward, backward = self.compiled(lstm_piece), self.compiled(pulled)

        def run(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
            pieces, total = pieces_of(sequence), 0.0
            states = []
            for symbols in pieces:
                states.append(state)
                state, term = forward(main, extra, state, symbols)
                total += term
            bars = (np.zeros_like(state), np.zeros_like(main), np.zeros_like(extra))
            for state, symbols in zip(reversed(states), reversed(pieces), strict=True):
                bars = backward(main, extra, state, symbols, *bars)
            scale = -1 / (sequence.shape[1] * (len(sequence) - 1))
            return total * scale, (bars[1] * scale, bars[2] * scale)

        return run

    @property
    def lstm_value(self) -> Callable[..., Any]:
        forward = self.compiled(lstm_piece)

        def run(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
            total = 0.0
            for symbols in pieces_of(sequence):
                state, term = forward(main, extra, state, symbols)
                total += term
            return -total / (sequence.shape[1] * (len(sequence) - 1))

        return run


def pieces_of(sequence: Any) -> list[Any]:
    """Pieces of `STEPS` steps; each begins with the symbol that the one before it ended with."""
    return [sequence[t : t + STEPS + 1] for t in range(0, len(sequence) - 1, STEPS)]


def lstm_piece(main: Any, extra: Any, state: Any, symbols: Any) -> Any:
    states, total = list(state), 0.0
    for x, following in pairwise(symbols):
        states, term = models.lstm_step(Eager.ops, main, extra, states, x, following)
        total = total + term
    return np.stack(states), total


def make(name: str) -> Contestant:
    return Compiled() if name == "jit" else Eager()
