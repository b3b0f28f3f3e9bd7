"""Forms of order statistics, sorting, searching and counting."""

from __future__ import annotations

from typing import Any

import numpy as np
from forms import Form

NAN, INF = np.nan, np.inf

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
w = np.array([0.2, 1.5, 0.7, 1.1])  # weights
p = np.array([0.5, 1.2, 2.4, 0.8])  # positive
u = np.array([0.1, 0.9, 1.6, 2.8])  # increasing
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
n = np.array([[NAN, -1.1, 2.5], [1.9, NAN, -0.4], [0.7, NAN, 1.3]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
empty = np.zeros((0, 3))
f4 = x.astype(np.float32)
even = np.array([True, False, True, False])

FORMS: list[Any] = [
    Form("np.median(x)", np.median, x),
    Form("np.median(odd)", np.median, x[:3]),
    Form("np.median(s)", np.median, s),
    Form("np.median(axis)", lambda m: np.median(m, axis=1), m),
    Form("np.median(axes, keepdims)", lambda t: np.median(t, axis=(0, 2), keepdims=True), t),
    Form("np.median(f4)", np.median, f4),
    Form("np.median(nan)", lambda n: np.median(n, axis=0), n[1:]),
    Form("np.median(empty axis)", lambda a: np.median(a, axis=1), empty),
    Form("np.median(out)", lambda m: np.median(m, 0, out=np.zeros_like(m[0])), m),
    Form("mad", lambda x: np.median(np.abs(x - np.median(x))), y * y),
    *(
        Form(f"np.quantile({method})", lambda x, k=method: np.quantile(x, 0.37, method=k), x)
        for method in (
            *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "hazen", "weibull"),
            *("interpolated_inverted_cdf", "linear", "median_unbiased", "normal_unbiased"),
            *("lower", "higher", "midpoint", "nearest"),
        )
    ),
    *(
        Form(f"np.quantile(q, {method})", lambda x, q, k=method: np.quantile(x, q, method=k), x, s)
        for method in ("hazen", "weibull", "linear", "median_unbiased", "midpoint", "lower")
    ),
    Form("np.quantile(axis)", lambda m: np.quantile(m, 0.25, axis=1), m),
    Form("np.quantile(q array)", lambda m: np.quantile(m, [0.1, 0.5, 0.9], axis=0), m),
    Form("np.quantile(q matrix)", lambda x: np.quantile(x, [[0.1, 0.5], [0.7, 0.9]]), x),
    Form("np.quantile(axes, keepdims)", lambda t: np.quantile(t, 0.3, (0, 2), keepdims=True), t),
    Form("np.quantile(tracked q array)", lambda m, q: np.quantile(m, q, axis=1), m, w[:1] + 0.2),
    Form("np.quantile(ends)", lambda x: np.quantile(x, [0.0, 1.0]), x),
    Form("np.quantile(f4)", lambda x: np.quantile(x, 0.4), f4),
    Form("np.quantile(f4, f8 array)", lambda x: np.quantile(x, np.array([0.4])), f4),
    Form("np.quantile(nan)", lambda n: np.quantile(n, 0.3, axis=1), n[:, 1:]),
    Form(
        "np.quantile(weights)",
        lambda x, w: np.quantile(x, [0.2, 0.6], weights=w, method="inverted_cdf"),
        x,
        w,
    ),
    Form(
        "np.quantile(weights, axis)",
        lambda m: np.quantile(m, 0.6, axis=1, weights=[1, 2, 4], method="inverted_cdf"),
        m,
    ),
    Form("np.percentile(x, 30)", lambda x: np.percentile(x, 30), x),
    Form("np.percentile(list)", lambda m: np.percentile(m, [25, 50, 75], axis=1), m),
    Form("np.percentile(tracked q)", np.percentile, x, 42.0),
    Form("np.percentile(method)", lambda x: np.percentile(x, 30, method="higher"), x),
    Form("iqr", lambda x: np.subtract(*np.percentile(x, [75, 25])), x),
    Form("np.sort(x)", np.sort, x),
    Form("np.sort(axis=0)", lambda m: np.sort(m, axis=0), m),
    Form("np.sort(axis=None)", lambda m: np.sort(m, axis=None), m),
    Form("np.sort(kind)", lambda m: np.sort(m, kind="mergesort"), m),
    Form("np.sort(stable)", lambda m: np.sort(m, stable=True), m),
    Form("np.sort(empty)", np.sort, empty),
    Form("np.sort(order)", lambda x: np.sort(x, order="a"), x, refused="np.sort: order"),
    Form("np.sort(x)[::-1]", lambda x: np.sort(x)[::-1] * np.arange(4.0), x),
    Form("y[np.argsort(x)]", lambda x, y: y[np.argsort(x)] ** 2, x, y),
    Form("np.partition(x, 2)", lambda x: np.partition(x, 2)[:3].sum(), x),
    Form("np.partition(kth list)", lambda m: np.partition(m, [0, -1], axis=1), m),
    Form("np.partition(axis=None)", lambda m: np.max(np.partition(m, 3, axis=None)[:3]), m),
    Form("x[np.argpartition(x)]", lambda x: x[np.argpartition(x, 1)[:2]].sum() ** 2, x),
    Form("x[np.lexsort]", lambda x, y: x[np.lexsort((y, x))] ** 2, x, y),
    Form("np.unique(x)", np.unique, np.array([1.5, 0.4, 2.2])),
    Form("np.unique(indices)", lambda x: np.unique(x, True, True, True), x),
    Form("np.unique(axis)", lambda m: np.unique(m, axis=1), m),
    Form("np.unique_values(x)", lambda x: np.sort(np.unique_values(x)), x),
    Form("np.unique_counts(x)", lambda x: np.unique_counts(x).values, x),
    Form("np.sort_complex(x)", np.sort_complex, x, refused=True),
    Form("np.searchsorted(u, x)", lambda u, x: x * np.searchsorted(u, x), u, x),
    Form("np.digitize(x, u)", lambda x: x * np.digitize(x, [0.0, 1.0, 2.0]), x),
    Form("np.argmax(m)", lambda m: m[0] * np.argmax(m), m),
    Form("np.argmin(axis, keepdims)", lambda m: m * np.argmin(m, axis=1, keepdims=True), m),
    Form("np.nanargmax(n)", lambda n: np.nansum(n) * np.nanargmax(n, axis=1), n),
    Form("np.count_nonzero(x > 0)", lambda x: np.sum(x) * np.count_nonzero(x > 0), x),
    Form("np.any(where)", lambda x: x * np.any(x > 2, where=even), x),
    Form("np.all(axis)", lambda m: m[0] * np.all(m > -2, axis=0, keepdims=True), m),
    Form("np.histogram(x)", np.histogram, x, refused="np.histogram: bins"),
    Form("np.histogram(range)", lambda x: x.sum() * np.histogram(x, 3, (-2, 3))[0], x),
    Form("np.histogram(edges, density)", lambda x: np.histogram(x, [-2, 0, 3], density=True), x),
    Form("np.histogram(weights)", lambda x: np.histogram(w, 3, (0.5, 2), weights=x), x),
    Form(
        "np.histogram(weights, edges, density)",
        lambda x: np.histogram(w, [0, 0.7, 1.2], weights=x, density=True)[0],
        p,
    ),
    Form("np.union1d(x, y)", np.union1d, x, y),
    Form("np.intersect1d(x, x)", lambda x: np.intersect1d(x, x[::-1]) ** 2, x),
    Form("np.intersect1d(indices)", lambda x: np.intersect1d(x, x[1:], return_indices=True), x),
    Form("np.setdiff1d(x, y)", lambda x: np.setdiff1d(x, [0.5, 2.2]) ** 2, x + 0.1),
    Form("np.setxor1d(x, y)", lambda x, y: np.setxor1d(x, y), x, y),
    Form("np.bincount(weights)", lambda x: np.bincount([2, 0, 2, 1], x**2, minlength=5), x),
]
