"""The layers with weights, and those that only pass values on: each is one call of `functional`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad

from .. import functional
from ..initialisers import glorot_uniform
from ..requirements import float_dtype, fraction, generator, whole
from .activations import Function
from .module import Module


class Dense(Module):
    """x @ weight + bias, for `x` of shape (..., inputs); the result has shape (..., outputs).

    `rng` draws the weight, of shape (inputs, outputs), by the initialiser `init`; the bias, of
    shape (outputs,), begins at zero, and with ``bias=False`` there is none.

    >>> import numpy as np
    >>> layer = Dense(3, 2, np.random.default_rng(0))
    >>> layer(np.ones((5, 3))).shape
    (5, 2)
    >>> layer
    Dense(3, 2)  weight (3, 2), bias (2,)  8 parameters
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: np.random.Generator,
        *,
        bias: bool = True,
        init: Callable[..., Any] = glorot_uniform,
        dtype: Any = np.float64,
    ) -> None:
        self.inputs = whole(inputs, "Dense: inputs")
        self.outputs = whole(outputs, "Dense: outputs")
        dtype = float_dtype(dtype, "Dense")
        self.weight = init((self.inputs, self.outputs), generator(rng, "Dense"), dtype)
        self.bias = np.zeros(self.outputs, dtype) if bias else None

    def forward(self, x: Any) -> Any:
        shape = np.shape(x)
        if not shape or shape[-1] != self.inputs:
            found = (
                f"of width {shape[-1]}, of shape {shape}"
                if shape
                else f"without a width: {x!r:.40}"
            )
            raise ad.ShapeError(f"Dense({self.settings()}) got an input {found}")
        return functional.linear(x, self.weight, self.bias)

    def settings(self) -> str:
        return f"{self.inputs}, {self.outputs}"


class Conv1d(Module):
    """`functional.conv1d`: (n, channels, length) -> (n, outputs, new length).

    `rng` draws the weight, of shape (outputs, channels, size), by the initialiser `init`.

    >>> import numpy as np
    >>> layer = Conv1d(2, 4, 3, np.random.default_rng(0), padding=1)
    >>> layer(np.ones((5, 2, 10))).shape
    (5, 4, 10)
    >>> layer
    Conv1d(2, 4, 3, padding=1)  weight (4, 2, 3), bias (4,)  28 parameters
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        size: int,
        rng: np.random.Generator,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        bias: bool = True,
        init: Callable[..., Any] = glorot_uniform,
        dtype: Any = np.float64,
    ) -> None:
        self.channels = whole(channels, "Conv1d: channels")
        self.outputs = whole(outputs, "Conv1d: outputs")
        self.size = whole(size, "Conv1d: size")
        self.stride = whole(stride, "Conv1d: stride")
        self.padding = whole(padding, "Conv1d: padding", least=0)
        self.dilation = whole(dilation, "Conv1d: dilation")
        dtype = float_dtype(dtype, "Conv1d")
        shape = (self.outputs, self.channels, self.size)
        self.weight = init(shape, generator(rng, "Conv1d"), dtype)
        self.bias = np.zeros(self.outputs, dtype) if bias else None

    def forward(self, x: Any) -> Any:
        if np.ndim(x) < 2 or np.shape(x)[-2] != self.channels:
            raise ad.ShapeError(
                f"Conv1d({self.settings()}) got an input of shape {np.shape(x)}; it must be "
                f"(n, {self.channels}, length)"
            )
        return functional.conv1d(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )

    def settings(self) -> str:
        parts = [f"{self.channels}, {self.outputs}, {self.size}"]
        usual = {"stride": 1, "padding": 0, "dilation": 1}
        parts += [f"{k}={vars(self)[k]}" for k, value in usual.items() if vars(self)[k] != value]
        return ", ".join(parts)


class MaxPool1d(Module):
    """`functional.max_pool1d`: the largest entry of every window along the last axis.

    >>> import numpy as np
    >>> MaxPool1d(2)(np.array([[[1.0, 3.0, 9.0, 5.0]]]))
    array([[[3., 9.]]])
    """

    def __init__(self, size: int, stride: int | None = None) -> None:
        self.size = whole(size, f"{type(self).__name__}: size")
        stride = self.size if stride is None else stride
        self.stride = whole(stride, f"{type(self).__name__}: stride")

    def forward(self, x: Any) -> Any:
        return functional.max_pool1d(x, self.size, self.stride)

    def settings(self) -> str:
        return f"{self.size}" if self.stride == self.size else f"{self.size}, stride={self.stride}"


class AvgPool1d(MaxPool1d):
    """`functional.avg_pool1d`: the mean of every window along the last axis.

    >>> import numpy as np
    >>> AvgPool1d(2)(np.array([[[1.0, 3.0, 9.0, 5.0]]]))
    array([[[2., 7.]]])
    """

    def forward(self, x: Any) -> Any:
        return functional.avg_pool1d(x, self.size, self.stride)


class Flatten(Module):
    """Every axis but the first made one: (n, a, b) -> (n, a * b).

    >>> import numpy as np
    >>> Flatten()(np.ones((5, 2, 10))).shape
    (5, 20)
    """

    def forward(self, x: Any) -> Any:
        if not np.ndim(x):
            raise ad.ShapeError(f"Flatten needs an array of examples, not {x!r:.40}")
        examples, *rest = np.shape(x)
        return np.reshape(x, (examples, math.prod(rest)))  # not -1, for no examples at all


class Dropout(Module):
    """In training, a random entry in `rate` becomes zero and the rest grow by 1 / (1 - rate), so
    that the mean stays; in evaluation, nothing happens.

    `rng` draws which. Source: Srivastava et al., Dropout (2014).

    >>> import numpy as np
    >>> dropout = Dropout(0.5, np.random.default_rng(0))
    >>> dropout(np.ones(6)), dropout.eval()(np.ones(6))
    (array([2., 0., 0., 0., 2., 2.]), array([1., 1., 1., 1., 1., 1.]))
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        self.rate = fraction(rate, "Dropout: rate")
        self.rng = generator(rng, "Dropout")

    def forward(self, x: Any) -> Any:
        return functional.dropout(x, self.rate, self.rng) if self.training else x

    def settings(self) -> str:
        return f"{self.rate:g}"


class Sequential(Module):
    """Modules, or plain functions, one after the other.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> net = Sequential(Dense(784, 256, rng), np.tanh, Dense(256, 10, rng))
    >>> net
    Sequential                                                 203,530 parameters
      0: Dense(784, 256)  weight (784, 256), bias (256,)       200,960
      1: Function(tanh)
      2: Dense(256, 10)   weight (256, 10), bias (10,)           2,570
    >>> len(net), net[0].outputs
    (3, 256)
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        for k, layer in enumerate(layers):
            if not callable(layer):
                cure = ": write Sequential(*layers)" if isinstance(layer, (list, tuple)) else ""
                raise TypeError(f"Sequential: {layer!r:.60} is not a module or a function{cure}")
            module = layer if isinstance(layer, Module) else Function(layer)
            setattr(self, str(k), module)  # so that names are "0.weight", not "layers.0.weight"

    @property
    def layers(self) -> list[Module]:
        """The modules, in order."""
        return [part for name, part in vars(self).items() if name.isdigit()]

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, k: int) -> Module:
        return self.layers[k]

    def __len__(self) -> int:
        return len(self.layers)
