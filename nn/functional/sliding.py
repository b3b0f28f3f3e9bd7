"""Convolution and pooling: the same sum, or the same maximum, over every window of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad

from ..requirements import whole


def windows(x: Any, size: int, stride: int, dilation: int, name: str) -> Any:
    """Every window of (..., length), as (..., number of windows, size)."""
    span, length = dilation * (size - 1) + 1, np.shape(x)[-1]
    if span > length:
        raise ad.ShapeError(f"{name}: a window spans {span} places, but the input has {length}")
    if stride == span == size:  # they do not overlap
        count, rest = divmod(length, size)
        whole = x[..., : count * size] if rest else x
        return np.reshape(whole, (*np.shape(x)[:-1], count, size))
    views = np.lib.stride_tricks.sliding_window_view(x, span, axis=-1)
    return views if stride == dilation == 1 else views[..., ::stride, ::dilation]


def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Any:
    """y[o, t] = bias[o] + sum of weight[o, c, k] x[c, t stride + k dilation - padding], over c, k.

    `x` is (..., channels, length), `weight` (outputs, channels, size), `bias` (outputs,); the
    result is (..., outputs, (length + 2 padding - dilation (size - 1) - 1) // stride + 1). The
    kernel is not flipped, as is usual in networks; np.convolve flips it.

    >>> import numpy as np
    >>> conv1d(np.arange(5.0)[None], np.array([[[1.0, 0.0, -1.0]]]), padding=1)
    array([[-1., -2., -2., -2.,  3.]])
    """
    stride, dilation = whole(stride, "conv1d: stride"), whole(dilation, "conv1d: dilation")
    padding = whole(padding, "conv1d: padding", least=0)
    if np.ndim(weight) != 3:
        raise ad.ShapeError(
            f"conv1d: the weight has shape {np.shape(weight)}; it must be (outputs, channels, size)"
        )
    outputs, channels, size = np.shape(weight)
    if np.ndim(x) < 2 or np.shape(x)[-2] != channels:
        raise ad.ShapeError(
            f"conv1d: the input has shape {np.shape(x)}; for {channels} channels it must be "
            f"(..., {channels}, length)"
        )
    if padding:
        x = np.pad(x, [(0, 0)] * (np.ndim(x) - 1) + [(padding, padding)])
    seen = windows(x, size, stride, dilation, "conv1d")
    y = np.moveaxis(np.tensordot(seen, weight, ((-3, -1), (1, 2))), -1, -2)
    if bias is None:
        return y
    if np.shape(bias) != (outputs,):
        raise ad.ShapeError(f"conv1d: the bias has shape {np.shape(bias)}, not ({outputs},)")
    return y + bias[:, None]


def max_pool1d(x: Any, size: int, stride: int | None = None) -> Any:
    """The largest entry of every window of `size` along the last axis, `stride` (= size) apart.

    A remainder that fills no window is left out. Ties share the derivative evenly.

    >>> import numpy as np
    >>> max_pool1d(np.array([1.0, 3.0, 2.0, 0.0, 9.0]), 2)
    array([3., 2.])
    """
    return np.max(pooled(x, size, stride, "max_pool1d"), axis=-1)


def avg_pool1d(x: Any, size: int, stride: int | None = None) -> Any:
    """The mean of every window of `size` along the last axis, `stride` (= size) apart.

    >>> import numpy as np
    >>> avg_pool1d(np.array([1.0, 3.0, 5.0, 9.0]), 2)
    array([2., 7.])
    """
    return np.mean(pooled(x, size, stride, "avg_pool1d"), axis=-1)


def pooled(x: Any, size: int, stride: int | None, name: str) -> Any:
    size = whole(size, f"{name}: size")
    stride = size if stride is None else whole(stride, f"{name}: stride")
    if not np.ndim(x):
        raise ad.ShapeError(f"{name}: the input is a number; it needs an axis of places")
    return windows(x, size, stride, 1, name)
