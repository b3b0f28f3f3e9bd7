"""Mean losses of linear scores: their Hessians are as sparse as their samples are independent.

    Z = A rows^T          A: (samples, p) features and, for an intercept, ones;  rows: (outputs, p)
    f = weights @ loss(Z) + sum penalty(rows^T)        both functions of each row by itself
    Hessian of f = sum_i  x_i x_i^T (x) H_i  +  the blocks of the penalty

The slope of the loss and the (outputs, outputs) blocks H_i are autodiff's; the scores are linear.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.tracing import traced

KEPT = 2**23  # products of features that are worth 64 MB for the time of a fit

RowWise = Callable[[Any], Any]  # (n, outputs) -> (n,), each from its own row


def blocks(total: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any, Any]]:
    """A sum over rows as a function of Z that returns the value, the gradient (n, outputs), and the
    Hessian's blocks (outputs, n, outputs).

    A direction that is the same in all rows yields one column of every block at once.
    """
    both = ad.value_and_grad(total)

    def derivatives(Z: Any) -> tuple[Any, Any, Any]:
        units = np.eye(Z.shape[1])[:, np.newaxis]
        if len(units) == 1:
            (value, slope), (_, column) = ad.jvp(both, (Z,), (np.ones(Z.shape),))
            return value, slope, column[np.newaxis]
        (value, slope), push = ad.linearize(both, Z)
        _, columns = ad.vmap(push)(np.broadcast_to(units, (len(units), *Z.shape)))
        return value, slope, columns

    return derivatives


def recorded(f: Callable[[Any], Any], Z: Any) -> Callable[[Any], Any]:
    """The operations of `f`, which are the same for every array of the shape of `Z`."""
    return traced(f, (Z,), abstract=True)


class LinearScores:
    """The function of ``theta = rows.ravel()`` at the top of this page."""

    def __init__(
        self, loss: RowWise, weights: Any, design: Any, outputs: int, penalty: RowWise
    ) -> None:
        """`weights` (samples,) sum to 1; `penalty` is quadratic, of (p, outputs)."""
        self.design, self.outputs = design, outputs
        self.loss = lambda Z: weights @ loss(Z)
        self.zeros = np.zeros((len(design), outputs))
        zeros = np.zeros((design.shape[1], outputs))
        stiffness = blocks(lambda columns: np.sum(penalty(columns)))(zeros)[2]
        self.stiffness = stiffness.transpose(1, 0, 2)  # (p, outputs, outputs)
        self.at: Any = None
        self.push: Any = None

    @functools.cached_property
    def slope(self) -> Callable[[Any], Any]:
        """Value and gradient of the loss as a function of the scores."""
        return recorded(ad.value_and_grad(self.loss), self.zeros)

    @functools.cached_property
    def curvature(self) -> Callable[[Any], Any]:
        """Those, and the blocks of its Hessian."""
        return recorded(blocks(self.loss), self.zeros)

    def columns(self, theta: Any) -> Any:
        return theta.reshape(self.outputs, -1).T

    def pulled(self, columns: Any, slope: Any) -> tuple[Any, Any]:
        """The value of the penalty, and the whole gradient with that of the penalty."""
        pull = (self.stiffness @ columns[:, :, np.newaxis])[:, :, 0]
        return np.sum(columns * pull) / 2, (self.design.T @ slope + pull).T.ravel()

    def value_and_gradient(self, theta: Any) -> tuple[Any, Any]:
        """What SciPy's minimisers ask for."""
        columns = self.columns(theta)
        value, slope = self.slope(self.design @ columns)
        penalty, gradient = self.pulled(columns, slope)
        return value + penalty, gradient

    def gradient_and_hessian(self, theta: Any) -> tuple[Any, Callable[[], Any]]:
        """The gradient, and a function that puts the Hessian together."""
        columns = self.columns(theta)
        _, slope, curved = self.curvature(self.design @ columns)
        return self.pulled(columns, slope)[1], lambda: self.hessian(curved)

    @functools.cached_property
    def products(self) -> tuple[Any, Any, Any]:
        """Pairs j <= k of features, and x_j x_k of every sample: (samples, pairs)."""
        j, k = np.triu_indices(self.design.shape[1])
        return j, k, self.design[:, j] * self.design[:, k]

    def hessian(self, curved: Any) -> Any:
        """(outputs * p, outputs * p) from the blocks of the samples and those of the penalty."""
        A, p = self.design, self.design.shape[1]
        upper, lower = np.tril_indices(self.outputs)
        if len(upper) > 1 and len(A) * p * (p + 1) // 2 <= KEPT:  # one product for all blocks
            j, k, products = self.products
            parts = np.empty((len(upper), p, p))
            parts[:, j, k] = parts[:, k, j] = curved[upper, :, lower] @ products
        else:
            rows = curved[upper, :, lower]
            parts = np.stack([A.T @ (row[:, np.newaxis] * A) for row in rows])
        whole = np.empty((self.outputs, p, self.outputs, p))
        for m, n, part in zip(upper, lower, parts, strict=True):
            whole[m, :, n] = whole[n, :, m] = part
        every = np.arange(p)
        whole[:, every, :, every] += self.stiffness
        return whole.reshape(self.outputs * p, -1)

    def hessian_product(self, theta: Any, v: Any) -> Any:
        """The Hessian times `v`. The slope is linearised once, for all directions tried there."""
        if self.at is None or not np.array_equal(self.at, theta):
            scores = self.design @ self.columns(theta)
            self.at, self.push = theta.copy(), ad.linearize(ad.grad(self.loss), scores)[1]
        columns = self.columns(v)
        return self.pulled(columns, self.push(self.design @ columns))[1]
