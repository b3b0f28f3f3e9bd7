"""Repeated eigenvalues: a function of them runs again, with the values an infinitesimal apart.

Let G(w, V) be what a program makes of eigenvalues and vectors, and w_i = w_j. If G does not depend
on the choice of the vectors, turning v_i towards v_j changes nothing: its slope there is 0, and the
derivative of G along E_ij is that slope over w_j - w_i, which is 0 / 0. Just beside, at values
w_i + eps d_i, both are of order eps, and their quotient is the derivative:

    dG/dE_ij = (d/deps of the slope of turning v_i towards v_j) / (d_j - d_i)

So the program runs once more with dual numbers for its values, as in forward over reverse mode.
Whether G depends on the choice is seen, not proved: the program also runs with other vectors,
turned at random among coinciding values; if that gives another derivative, it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..base.trees import flatten, unflatten
from ..primitives.linalg.coincidence import SPLITTING, as_rows_and_cols, coincide
from ..primitives.linalg.helpers import dagger, is_complex
from ..rules.primitive import ZERO, Traced, payload
from .forward_mode import Dual
from .strong_zeros import value_of

INNERMOST = 2**62  # a level inside those of all transforms, which are counted from 1


class Splitting:
    """One run with values set apart, and with vectors as LAPACK chose them or `turned`."""

    def __init__(self, turned: bool) -> None:
        self.turned = turned
        self.size = self.slope = 0.0  # of what comes back through vectors, before terms cancel

    def of(self, run: Callable[[], Any], sweeps: Callable[..., Any]) -> tuple[Any, Any]:
        """What `sweeps` make of the tape of a `run`, and its outputs."""
        token = SPLITTING.set(self)
        try:
            tape = run()
            results = sweeps(tape), tape.outputs
        finally:
            SPLITTING.reset(token)
        leaves, structure = flatten(results)
        return unflatten(structure, [self.parts(x)[0] for x in leaves])

    def set_apart(self, result: Any) -> Any:
        """Values, values and vectors, or the three parts of a singular value decomposition."""
        if not isinstance(result, tuple):
            return self._dual(result)
        if len(result) == 2:
            w, v = result
            return self._dual(w), v @ self._turn(w, v)
        u, s, vh = result
        turn, k = self._turn(s, u), s.shape[-1]
        u = np.concatenate((u[..., :k] @ turn, u[..., k:]), axis=-1)
        vh = np.concatenate((dagger(turn) @ vh[..., :k, :], vh[..., k:, :]), axis=-2)
        return u, self._dual(s), vh

    def _dual(self, values: Any) -> Any:
        steps = np.arange(values.shape[-1], dtype=values.dtype)
        return Tensor(values, Dual(INNERMOST, np.broadcast_to(steps, values.shape)))

    def _turn(self, values: Any, vectors: Any) -> Any:
        """A rotation among the vectors of coinciding values; the others stay."""
        n = values.shape[-1]
        if not self.turned:
            return np.eye(n, dtype=vectors.dtype)
        rng = np.random.default_rng(0)
        entries = rng.normal(size=(n, n))
        if is_complex(vectors):
            entries = entries + 1j * rng.normal(size=(n, n))
        q, r = np.linalg.qr(np.where(coincide(*as_rows_and_cols(values)), entries, 0))
        diagonal = np.diagonal(r, axis1=-2, axis2=-1)
        return (q * (diagonal / np.abs(diagonal))[..., None, :]).astype(vectors.dtype)

    @staticmethod
    def parts(x: Any) -> tuple[Any, Any]:
        """What `x` is, and its slope as the values move apart."""
        x = value_of(x)
        if not isinstance(x, Traced) or x.node.level != INNERMOST:
            return x, np.zeros_like(x)
        slope = x.node.tangent
        return x.value, np.zeros_like(x.value) if slope is ZERO else slope

    def weigh(self, coupling: Any, values: Any) -> None:
        """Remember the size of what comes back, which results may have lost by cancellation."""
        self.size = max(self.size, largest(coupling))
        if largest(values) > 0:
            self.slope = max(self.slope, largest(coupling) / largest(values))


def largest(x: Any) -> float:
    return float(np.max(np.abs(payload(x)), initial=0))


def resolved(
    undecided: Exception, inputs: Iterable[Any], run: Callable[[], Any], sweeps: Callable[..., Any]
) -> Any:
    """What `sweeps` make of a `run` with values set apart. Raises `undecided` where that, or the
    outputs, differ for other vectors, and where another transform is watching the inputs, because
    this gives first derivatives only."""
    if SPLITTING.get() is not None or any(isinstance(x, Traced) for x in inputs):
        raise undecided
    chosen, turned = Splitting(False), Splitting(True)
    bars, outputs = chosen.of(run, sweeps)
    other_bars, other_outputs = turned.of(run, sweeps)
    if not alike(outputs, other_outputs, chosen.size) or not alike(bars, other_bars, chosen.slope):
        raise undecided
    return bars


def alike(first: Any, second: Any, size: float) -> bool:
    """Whether two nests are the same but for rounding errors of numbers of that `size`."""
    leaves, others = flatten(first)[0], flatten(second)[0]
    size = max([size, *map(largest, leaves)])
    return all(
        np.all(np.abs(a - b) <= np.sqrt(np.finfo(np.asarray(a).dtype).eps) * size)
        for a, b in zip(leaves, others, strict=True)
    )
