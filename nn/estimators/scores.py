"""Mean losses of linear scores: their Hessians are as sparse as their samples are independent.

    Z = rows A^T          A: (samples, p) features and, for an intercept, ones;  rows: (outputs, p)
    f = loss(Z) @ weights + sum_j  c_j . S_j c_j / 2      c_j: column j of rows;  S_j: its stiffness
    Hessian of f = sum_i  H_i (x) x_i x_i^T  +  the S_j

The slope of the loss and the (outputs, outputs) blocks H_i are autodiff's; the rest is linear.
Samples stand along the last axis, where NumPy's sums over the few outputs are quick.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.extend import program_of

SampleWise = Callable[[Any, Any], Any]  # Z (..., outputs, n), targets (..., n) -> losses (..., n)

RECORDED = 2**16  # scores up to which the overhead of Python is felt, and memory is not


def slope(loss: SampleWise) -> Callable[..., Any]:
    """``(Z, targets, weights) -> (value, gradient in Z)`` of the weighted sum of the losses."""
    return ad.value_and_grad(lambda Z, targets, weights: np.sum(loss(Z, targets) @ weights))


def curvature(loss: SampleWise) -> Callable[..., Any]:
    """``(Z, U, targets, weights) -> (gradient, its derivative along U)``."""

    def derivatives(Z: Any, U: Any, targets: Any, weights: Any) -> Any:
        return ad.jvp(lambda Z: slope(loss)(Z, targets, weights)[1], (Z,), (U,))

    return derivatives


def along(loss: SampleWise) -> Callable[..., Any]:
    """`curvature` without the gradient."""
    return lambda *args: curvature(loss)(*args)[1]


@functools.lru_cache(maxsize=32)
def recorded(derivative: Any, loss: SampleWise, avals: tuple[Any, ...]) -> Callable[..., Any]:
    """The operations of ``derivative(loss)``: the same for all arrays of these shapes and dtypes,
    and so for every fit to as many samples."""
    zeros = [np.broadcast_to(np.zeros((), dtype), shape) for shape, dtype in avals]
    return program_of(derivative(loss), *zeros)


class LinearScores:
    """The function of ``theta = rows.ravel()`` at the top of this page."""

    def __init__(
        self, loss: SampleWise, targets: Any, weights: Any, design: Any, stiffness: Any
    ) -> None:
        """`weights` (samples,) sum to 1; `stiffness`: (p, outputs, outputs), symmetric."""
        self.loss, self.data = loss, (targets, weights)
        self.design, self.stiffness = design, stiffness
        self.outputs = stiffness.shape[-1]

    def evaluate(self, derivative: Any, *scores: Any) -> Any:
        args = (*scores, *self.data)
        if scores[0].size > RECORDED:
            return derivative(self.loss)(*args)
        return recorded(derivative, self.loss, tuple((a.shape, a.dtype) for a in args))(*args)

    def scores(self, theta: Any) -> Any:
        return theta.reshape(self.outputs, -1) @ self.design.T

    def pulled(self, theta: Any, slope: Any) -> tuple[Any, Any]:
        """The value of the quadratic form, and the whole gradient with that of the form."""
        rows = theta.reshape(self.outputs, -1)
        pull = np.einsum("jmn,nj->mj", self.stiffness, rows)
        return np.sum(rows * pull) / 2, (slope @ self.design + pull).ravel()

    def value_and_gradient(self, theta: Any) -> tuple[Any, Any]:
        """What SciPy's minimisers ask for."""
        value, steepest = self.evaluate(slope, self.scores(theta))
        form, gradient = self.pulled(theta, steepest)
        return value + form, gradient

    def gradient_and_hessian(self, theta: Any) -> tuple[Any, Callable[[Any], Any]]:
        """The gradient, and a function that puts the Hessian together in a precision.

        A direction that is the same for all samples yields one column of every block at once, and
        as many copies of the scores as there are outputs yield them all.
        """
        units = self.units()
        slopes, columns = self.evaluate(
            curvature, np.broadcast_to(self.scores(theta), units.shape), units
        )
        return self.pulled(theta, slopes[0])[1], lambda dtype: self.assembled(columns, dtype)

    def hessian(self, theta: Any, dtype: Any) -> Any:
        """The Hessian, column after column of the blocks, put together in a precision."""
        Z = self.scores(theta)
        columns = (self.evaluate(along, Z, unit) for unit in self.units())
        return self.assembled(columns, dtype)

    def units(self) -> Any:
        """One direction for each output, the same for all samples: (outputs, outputs, samples)."""
        every = np.eye(self.outputs)[:, :, np.newaxis]
        return np.broadcast_to(every, (*every.shape[:2], len(self.design)))

    def assembled(self, columns: Iterable[Any], dtype: Any) -> Any:
        """(outputs * p, outputs * p) from the columns of the samples' blocks, and the stiffness."""
        A, p = self.design.astype(dtype, copy=False), self.design.shape[1]
        whole = np.empty((self.outputs, p, self.outputs, p), dtype)
        for m, column in enumerate(columns):
            for n, row in enumerate(column[: m + 1].astype(dtype, copy=False)):
                whole[m, :, n] = whole[n, :, m] = A.T @ (row[:, np.newaxis] * A)
        every = np.arange(p)
        whole[:, every, :, every] += self.stiffness
        return whole.reshape(self.outputs * p, -1)

    def products(self, theta: Any) -> Callable[[Any], Any]:
        """The Hessian times a vector, as a function of the vector."""
        Z = self.scores(theta)
        return lambda v: self.pulled(v, self.evaluate(along, Z, self.scores(v)))[1]
