"""Batch normalisation with its running statistics: batches in training, a fixed map afterwards."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

import autodiff as ad

from .. import functional
from ..requirements import float_dtype, number, positive, whole
from .module import Module


class BatchNorm1d(Module):
    """`functional.batch_norm` of (n, features) or (n, features, length).

    In training the statistics are those of the batch, and the running ones move towards them:
    ``running = (1 - momentum) * running + momentum * batch``, with the unbiased variance. (One
    value per feature has none: the running variance then stays.) In evaluation the running
    statistics are used.

    >>> import numpy as np
    >>> layer = BatchNorm1d(2)
    >>> layer(np.array([[1.0, 10.0], [3.0, 30.0]])).round(3)
    array([[-1., -1.], [ 1., 1.]])
    >>> layer.running_mean
    array([0.2, 2. ])
    """

    buffers: ClassVar[tuple[str, ...]] = ("running_mean", "running_variance")

    def __init__(
        self,
        features: int,
        *,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        dtype: Any = np.float64,
    ) -> None:
        self.features = whole(features, "BatchNorm1d: features")
        self.momentum = number(momentum, "BatchNorm1d: momentum", 0, 1)
        self.epsilon = positive(epsilon, "BatchNorm1d: epsilon")
        dtype = float_dtype(dtype, "BatchNorm1d")
        self.gamma = np.ones(self.features, dtype)
        self.beta = np.zeros(self.features, dtype)
        self.running_mean = np.zeros(self.features, dtype)
        self.running_variance = np.ones(self.features, dtype)

    def forward(self, x: Any) -> Any:
        if np.ndim(x) not in (2, 3) or np.shape(x)[1] != self.features:
            raise ad.ShapeError(
                f"BatchNorm1d({self.settings()}) got an input of shape {np.shape(x)}; it must be "
                f"(n, {self.features}) or (n, {self.features}, length)"
            )
        if self.training:
            mean, variance = functional.batch_statistics(x)
            self.remember(mean, variance, np.size(x) // self.features)
        else:
            mean, variance = self.running_mean, self.running_variance
        return functional.batch_norm(x, self.gamma, self.beta, mean, variance, epsilon=self.epsilon)

    def remember(self, mean: Any, variance: Any, count: int) -> None:
        """Move the running statistics towards those of a batch of `count` values per feature."""
        mean, variance = ad.stop_gradient((mean, variance))
        self.running_mean = self.moved(self.running_mean, mean)
        if count > 1:
            self.running_variance = self.moved(
                self.running_variance, variance * (count / (count - 1))
            )

    def moved(self, old: Any, new: Any) -> Any:
        return ((1 - self.momentum) * old + self.momentum * new).astype(old.dtype)

    def settings(self) -> str:
        return f"{self.features}"
