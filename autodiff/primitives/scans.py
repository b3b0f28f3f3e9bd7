"""The scans: running sums, products and extrema, one output per entry. `axis` is a negative number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.conforming import Aval
from ..rules.kinds import choice, linear, special
from .reductions import attained


def _flip_cumsum(y_bar: Any, a: Aval, *, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(y_bar, axis), axis=axis), axis)


cumsum = linear("cumsum", np.cumsum, _flip_cumsum, batch="trailing", entries="running")


def _cumprod_jvp(tangents: Any, primals: Any, y: Any, *, axis: int) -> Any:
    """Running products of dual numbers, by doubling: after step k an entry holds the product of the
    2^k entries that end in it. Exact with zeros among the factors, and O(n log n).

    Source: Hillis and Steele, Data parallel algorithms (1986).
    """
    product, slope = (np.swapaxes(x, axis, -1) for x in (primals[0], tangents[0]))
    step = 1
    while step < product.shape[-1]:
        left, right = product[..., :-step], product[..., step:]
        slope = np.concatenate(
            (slope[..., :step], slope[..., :-step] * right + left * slope[..., step:]), axis=-1
        )
        product = np.concatenate((product[..., :step], left * right), axis=-1)
        step *= 2
    return np.swapaxes(slope, axis, -1)


cumprod = special("cumprod", np.cumprod, forward=_cumprod_jvp, batch="trailing", entries="running")


# -- running extrema ---------------------------------------------------------------------------------
# The entries that tie for the extremum at k are those that attain it within its plateau:
#
#     a        1  3  2  3  3  5
#     y        1  3  3  3  3  5      plateaus:  1 | 3 3 3 3 | 5
#     attained 1  1  0  1  1  1      shared by: 1   1 1 2 3   1
#
# Sums that start anew with each plateau are taken by doubling, as in cumprod, so that nothing is
# ever subtracted: an infinite tangent stays where it belongs.
def _plateaus(a: Any, y: Any, *, axis: int) -> Any:
    """Where each step of the doubling may carry, which entries attain, and how many share."""
    a, y = np.swapaxes(a, axis, -1), np.swapaxes(y, axis, -1)
    carries, step = [], 1
    while step < y.shape[-1]:
        carries.append((step, attained(y[..., :-step], y[..., step:])))
        step *= 2
    tied = attained(a, y)
    return carries, tied, _sums_within(carries, np.where(tied, 1.0, 0.0))


def _sums_within(carries: Any, x: Any) -> Any:
    for step, carry in carries:
        x = np.concatenate((x[..., :step], x[..., step:] + np.where(carry, x[..., :-step], 0)), -1)
    return x


def _sums_within_transposed(carries: Any, x: Any) -> Any:
    for step, carry in reversed(carries):
        x = np.concatenate((x[..., :-step] + np.where(carry, x[..., step:], 0), x[..., -step:]), -1)
    return x


def _running_tangent(chosen: Any, a_dot: Any, *, axis: int) -> Any:
    carries, tied, how_many = chosen
    total = _sums_within(carries, np.where(tied, np.swapaxes(a_dot, axis, -1), 0))
    return np.swapaxes(total / how_many, axis, -1)


def _running_cotangent(y_bar: Any, chosen: Any, a: Aval, *, axis: int) -> Any:
    carries, tied, how_many = chosen
    total = _sums_within_transposed(carries, np.swapaxes(y_bar, axis, -1) / how_many)
    return np.swapaxes(np.where(tied, total, 0), axis, -1)


def _running(name: str, accumulate: Callable[..., Any]) -> Any:
    return choice(
        name,
        lambda a, *, axis: accumulate(a, axis),
        _plateaus,
        _running_tangent,
        _running_cotangent,
        batch="trailing",
        kinks="ties",
        entries="running",
    )


cummax = _running("cummax", np.maximum.accumulate)
cummin = _running("cummin", np.minimum.accumulate)
nancummax = _running("nancummax", np.fmax.accumulate)
nancummin = _running("nancummin", np.fmin.accumulate)
