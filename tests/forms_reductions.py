"""Forms of reductions and scans: sums, products, extrema, spread, and the same without nans."""

from __future__ import annotations

from typing import Any

import numpy as np
from forms import Form

NAN, INF = np.nan, np.inf

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
p = np.array([0.5, 1.2, 2.4, 0.8])  # positive
w = np.array([0.2, 1.5, 0.7, 1.1])  # weights
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
n = np.array([[NAN, -1.1, 2.5], [1.9, NAN, -0.4], [0.7, NAN, 1.3]])
v = np.array([1.4, NAN, -0.6, 2.3, NAN])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
empty = np.zeros((0, 3))
f4 = x.astype(np.float32)
f2 = x.astype(np.float16)
g = x.astype(np.longdouble)
z = np.array([1.0 + 0.5j, -0.7 + 1.2j, 0.4 - 0.9j])
even = np.array([True, False, True, False])
mask = np.array([[True, False, True], [False, True, True]])
row = np.array([True, False, True])

SUMS = [
    Form("np.sum(s)", np.sum, s),
    Form("np.sum(0-d)", np.sum, np.array(0.7)),
    Form("np.sum(x)", np.sum, x),
    Form("np.sum(axis=0)", lambda m: np.sum(m, axis=0), m),
    Form("np.sum(axis=-1, keepdims)", lambda m: np.sum(m, axis=-1, keepdims=True), m),
    Form("np.sum(axis=(0, 2))", lambda t: np.sum(t, axis=(0, 2)), t),
    Form("np.sum(axis=(-1, 0), keepdims)", lambda t: np.sum(t, axis=(-1, 0), keepdims=True), t),
    Form("np.sum(axis=())", lambda m: np.sum(m, axis=()), m),
    Form("np.sum(where)", lambda m: np.sum(m, where=mask), m),
    Form("np.sum(where, axis=1)", lambda m: np.sum(m, axis=1, where=mask), m),
    Form("np.sum(where row)", lambda m: np.sum(m, axis=0, where=row), m),
    Form("np.sum(where x > 0)", lambda x: np.sum(x**2, where=x > 0), x),
    Form("np.sum(where, nan outside)", lambda n: np.sum(n, where=~np.isnan(n), axis=0), n),
    Form("np.sum(initial)", lambda x: np.sum(x, initial=2.5), x),
    Form("np.sum(tracked initial)", lambda x, s: np.sum(x * x, initial=s * s), x, s),
    Form("np.sum(initial, where)", lambda m, s: np.sum(m, axis=0, initial=s, where=mask), m, s),
    Form("np.sum(dtype=f4)", lambda x: np.sum(x, dtype=np.float32), x),
    Form("np.sum(f4)", np.sum, f4),
    Form("np.sum(f4, dtype=f8)", lambda x: np.sum(x, dtype=np.float64), f4),
    Form("np.sum(f2)", np.sum, f2),
    Form("np.sum(longdouble)", np.sum, g),
    Form("np.sum(dtype=int)", lambda x: np.sum(x, dtype=int), x),
    Form("np.sum(empty)", np.sum, empty),
    Form("np.sum(empty, axis=0)", lambda a: np.sum(a, axis=0), empty),
    Form("np.sum(transposed)", lambda m: np.sum(m.T, axis=1), m),
    Form("np.sum(out)", lambda m: np.sum(m, axis=0, out=np.zeros_like(m[0])), m),
    Form("np.sum(f4, out=f8)", lambda x: np.sum(x, out=np.zeros_like(x, np.float64, shape=())), f4),
    Form(
        "np.sum(narrower out)",
        lambda x: np.sum(x, out=np.zeros_like(x, np.float32, shape=())),
        x,
        refused="np.sum: out",
    ),
    Form("np.sum(plain out)", lambda x: np.sum(x, out=np.zeros(())), x, refused="np.sum: out"),
    Form("np.sum(initial=None)", lambda x: np.sum(x, initial=None), x, refused="np.sum: initial"),
    Form("np.sum(complex)", np.sum, z),
    Form("sum(x)", sum, x),
    Form("np.add.reduce(m)", np.add.reduce, m),
    Form("np.add.reduce(axis=None)", lambda m: np.add.reduce(m * m, axis=None), m),
    Form("np.mean(x)", np.mean, x),
    Form("np.mean(s)", np.mean, s),
    Form("np.mean(axis=0)", lambda m: np.mean(m, axis=0), m),
    Form("np.mean(axis=(0, 1), keepdims)", lambda t: np.mean(t, axis=(0, 1), keepdims=True), t),
    Form("np.mean(where)", lambda m: np.mean(m, where=mask), m),
    Form("np.mean(where, axis, keepdims)", lambda m: np.mean(m, 1, keepdims=True, where=mask), m),
    Form("np.mean(f4)", np.mean, f4),
    Form("np.mean(f4, where)", lambda x: np.mean(x, where=even), f4),
    Form("np.mean(f2)", np.mean, f2),
    Form("np.mean(dtype=f4)", lambda x: np.mean(x, dtype=np.float32), x),
    Form("np.mean(f4, dtype=f8)", lambda x: np.mean(x, dtype=np.float64), f4),
    Form("np.mean(int)", np.mean, np.array([1, 5, 7])),
    Form("np.mean(out)", lambda m: np.mean(m, 1, out=np.zeros_like(m[:, 0])), m),
    Form("np.mean(complex)", np.mean, z),
    Form("np.average(x)", np.average, x),
    Form("np.average(axis)", lambda m: np.average(m, axis=1), m),
    Form("np.average(weights)", lambda x, w: np.average(x, weights=w), x, w),
    Form("np.average(weights, axis)", lambda m, w: np.average(m, axis=1, weights=w), m, w[:3]),
    Form("np.average(weights like a)", lambda m: np.average(m, axis=0, weights=m**2 + 1), m),
    Form("np.average(weights, axes)", lambda t, w: np.average(t, (2, 0), w), t, t[0, :2].T + 3),
    Form("np.average(returned)", lambda x, w: np.average(x, weights=w, returned=True), x, w),
    Form("np.average(returned, axis)", lambda m: np.average(m, 0, returned=True), m),
    Form(
        "np.average(keepdims)",
        lambda m, w: np.average(m, axis=0, weights=w, keepdims=True),
        m,
        w[:2],
    ),
]

PRODUCTS = [
    Form("np.prod(x)", np.prod, x),
    Form("np.prod(one zero)", np.prod, np.array([0.0, 2.0, 3.0])),
    Form("np.prod(two zeros)", np.prod, np.array([0.0, 2.0, 0.0, 3.0])),
    Form("np.prod(axis=0)", lambda m: np.prod(m, axis=0), m),
    Form("np.prod(axis=(0, 2))", lambda t: np.prod(t, axis=(0, 2)), t),
    Form("np.prod(keepdims)", lambda t: np.prod(t, axis=(1, 2), keepdims=True), t),
    Form("np.prod(where)", lambda m: np.prod(m, where=mask, axis=1), m),
    Form("np.prod(initial)", lambda x: np.prod(x, initial=1.7), x),
    Form("np.prod(tracked initial)", lambda m, s: np.prod(m, 0, initial=s, where=mask), m, s),
    Form("np.prod(f4)", np.prod, f4),
    Form("np.prod(dtype=f4)", lambda x: np.prod(x, dtype=np.float32), x),
    Form("np.prod(empty)", lambda a: np.prod(a, axis=0), empty),
    Form("np.prod(s)", np.prod, s),
    Form("np.multiply.reduce(m)", np.multiply.reduce, m),
]

EXTREMA = [
    Form("np.max(x)", np.max, x),
    Form("np.max(s)", np.max, s),
    Form("np.amax(axis)", lambda m: np.amax(m, axis=0), m),
    Form("np.max(axis=(0, 2))", lambda t: np.max(t**2, axis=(0, 2)), t + 0.01 * t**2),
    Form("np.max(keepdims)", lambda m: np.max(m, axis=1, keepdims=True), m),
    Form("np.max(initial loses)", lambda x: np.max(x, initial=-9.0), x),
    Form("np.max(initial wins)", lambda x: np.max(x, initial=9.0), x),
    Form("np.max(tracked initial)", lambda m, s: np.max(m, axis=0, initial=s), m, s),
    Form("np.max(where)", lambda m: np.max(m, axis=1, initial=-9.0, where=mask), m),
    Form("np.min(x)", np.min, x),
    Form("np.amin(axis)", lambda m: np.amin(m, axis=1), m),
    Form("np.min(where)", lambda m: np.min(m**3, 0, initial=9.0, where=mask, keepdims=True), m),
    Form("np.min(f4)", np.min, f4),
    Form("np.max(axis of empty)", lambda a: np.max(a, axis=1), empty),
    Form("np.ptp(x)", np.ptp, x),
    Form("np.ptp(axis)", lambda m: np.ptp(m, axis=1), m),
    Form("np.ptp(keepdims)", lambda t: np.ptp(t, axis=(1, 2), keepdims=True), t),
    Form("np.maximum.reduce(m)", np.maximum.reduce, m),
    Form("np.minimum.reduce(axis=None)", lambda m: np.minimum.reduce(m, axis=None), m),
    Form("np.fmax.reduce(n)", np.fmax.reduce, n),
    Form("np.fmin.reduce(where)", lambda m: np.fmin.reduce(m, initial=5.0, where=mask), m),
]

SPREAD = [
    Form("np.var(x)", np.var, x),
    Form("np.var(axis)", lambda m: np.var(m, axis=0), m),
    Form("np.var(axes, keepdims)", lambda t: np.var(t, axis=(0, 2), keepdims=True), t),
    Form("np.var(ddof=1)", lambda x: np.var(x, ddof=1), x),
    Form("np.var(ddof=0.5)", lambda m: np.var(m, axis=1, ddof=0.5), m),
    Form("np.var(correction)", lambda x: np.var(x, correction=1), x),
    Form("np.var(where)", lambda m: np.var(m, where=mask), m),
    Form("np.var(where, axis, ddof)", lambda m: np.var(m, 1, ddof=1, where=mask), m),
    Form("np.var(mean)", lambda x: np.var(x, mean=0.4), x),
    Form("np.var(tracked mean)", lambda x, s: np.var(x, mean=s), x, np.array([0.4])),
    Form("np.var(mean of m)", lambda m: np.var(m, 1, mean=np.mean(m, 1, keepdims=True)), m),
    Form("np.var(f4)", np.var, f4),
    Form("np.var(f2)", np.var, f2),
    Form("np.var(f4, dtype=f8)", lambda x: np.var(x, dtype=np.float64), f4),
    Form("np.var(out)", lambda m: np.var(m, 0, out=np.zeros_like(m[0])), m),
    Form("np.var(complex)", np.var, z),
    Form("np.std(x)", np.std, x),
    Form("np.std(axis, ddof)", lambda m: np.std(m, axis=1, ddof=1), m),
    Form("np.std(where)", lambda m: np.std(m, where=mask, axis=1), m),
    Form("np.std(correction, keepdims)", lambda t: np.std(t, 2, correction=1, keepdims=True), t),
    Form("np.std(mean)", lambda m: np.std(m, 0, mean=np.mean(m, 0, keepdims=True)), m),
    Form("np.std(f4)", np.std, f4),
    Form("standardise", lambda m: (m - m.mean(0)) / np.std(m, 0, ddof=1), m[:, :2] ** 2),
    Form("np.cov(m)", np.cov, m),
    Form("np.cov(x)", np.cov, x),
    Form("np.cov(x, y)", np.cov, x, y),
    Form("np.cov(rowvar=False)", lambda m: np.cov(m, rowvar=False), t[0]),
    Form("np.cov(bias)", lambda m: np.cov(m, bias=True), m),
    Form("np.cov(ddof=0)", lambda m: np.cov(m, ddof=0), m),
    Form("np.cov(m, x)", np.cov, m, p[:3]),
    Form("np.cov(fweights)", lambda m: np.cov(m, fweights=[1, 3, 2]), m),
    Form("np.cov(aweights)", lambda m, w: np.cov(m, aweights=w), m, w[:3]),
    Form("np.cov(aweights, ddof=0)", lambda m, w: np.cov(m, aweights=w, ddof=0), m, w[:3]),
    Form("np.cov(both weights)", lambda m, w: np.cov(m, fweights=[1, 2, 1], aweights=w), m, p[:3]),
    Form("np.cov(f4)", np.cov, m.astype(np.float32)),
    Form("np.corrcoef(x, y)", np.corrcoef, x, y),
    Form("np.corrcoef(rowvar=False)", lambda m: np.corrcoef(m, rowvar=False), t[1] ** 2),
]

NAN_REDUCTIONS = [
    Form("np.nansum(v)", np.nansum, v),
    Form("np.nansum(axis, keepdims)", lambda n: np.nansum(n, axis=1, keepdims=True), n),
    Form("np.nansum(where, initial)", lambda n: np.nansum(n, 0, initial=0.5, where=n > -1), n),
    Form("np.nansum(log)", lambda x: np.nansum(np.log(x)), x),
    Form("np.nanprod(v)", np.nanprod, v),
    Form("np.nanprod(axis)", lambda n: np.nanprod(n, axis=0), n),
    Form("np.nanmax(v)", np.nanmax, v),
    Form("np.nanmax(axis)", lambda n: np.nanmax(n, axis=1), n),
    Form("np.nanmin(axis, keepdims)", lambda n: np.nanmin(n, 0, keepdims=True), n),
    Form("np.nanmin(initial, where)", lambda n: np.nanmin(n, 1, initial=4.0, where=n > 0), n),
    Form("np.nanmean(v)", np.nanmean, v),
    Form("np.nanmean(axis)", lambda n: np.nanmean(n, axis=0), n),
    Form("np.nanmean(where)", lambda n: np.nanmean(n, where=n < 2), n),
    Form("np.nanmean(f4)", np.nanmean, v.astype(np.float32)),
    Form("np.nanmean(no nan)", np.nanmean, x),
    Form("np.nanvar(v)", np.nanvar, v),
    Form("np.nanvar(axis, ddof)", lambda n: np.nanvar(n, axis=1, ddof=1), n[1:]),
    Form("np.nanvar(keepdims)", lambda n: np.nanvar(n, axis=(0, 1), keepdims=True), n),
    Form("np.nanvar(mean)", lambda v: np.nanvar(v, mean=np.nanmean(v, keepdims=True)), v),
    Form("np.nanvar(where)", lambda n: np.nanvar(n, where=n > -1), n),
    Form("np.nanstd(v)", np.nanstd, v),
    Form("np.nanstd(axis)", lambda n: np.nanstd(n, axis=1), n),
    Form("np.nanstd(correction)", lambda v: np.nanstd(v, correction=1), v),
    Form("np.nancumsum(v)", np.nancumsum, v),
    Form("np.nancumsum(axis)", lambda n: np.nancumsum(n, axis=1), n),
    Form("np.nancumprod(v)", np.nancumprod, v),
    Form("np.nanmedian(v)", np.nanmedian, v),
    Form("np.nanmedian(even)", np.nanmedian, np.append(v, 0.9)),
    Form("np.nanmedian(axis)", lambda n: np.nanmedian(n, axis=1), n),
    Form("np.nanmedian(axes)", lambda n: np.nanmedian(n, axis=(0, 1), keepdims=True), n),
    Form("np.nanquantile(v, 0.3)", lambda v: np.nanquantile(v, 0.3), v),
    Form("np.nanquantile(axis)", lambda n: np.nanquantile(n, [0.2, 0.65], axis=1), n),
    Form("np.nanquantile(hazen)", lambda n: np.nanquantile(n, 0.4, axis=0, method="hazen"), n),
    Form("np.nanquantile(lower)", lambda n: np.nanquantile(n, 0.4, axis=1, method="lower"), n),
    Form("np.nanquantile(q)", lambda v, q: np.nanquantile(v, q), v, 0.3),
    Form("np.nanpercentile(v, q)", lambda v: np.nanpercentile(v, [10, 60]), v),
    Form("np.nanpercentile(keepdims)", lambda n: np.nanpercentile(n, 35, 1, keepdims=True), n),
    Form("np.nan_to_num(v)", np.nan_to_num, v),
    Form("np.nan_to_num(nan=)", lambda v, s: np.nan_to_num(v, nan=s), v, s),
    Form(
        "np.nan_to_num(inf)",
        np.nan_to_num,
        np.array([1.5, INF, -INF, NAN]),
        order=1,
        reference=lambda v: np.nan_to_num(v, posinf=3.0, neginf=-3.0),
    ),
    Form(
        "np.nan_to_num(posinf, neginf)",
        lambda v: np.nan_to_num(v, posinf=3.0, neginf=-3.0),
        np.array([1.5, INF, -INF, NAN]),
    ),
]

SCANS = [
    Form("np.cumsum(x)", np.cumsum, x),
    Form("np.cumsum(axis)", lambda m: np.cumsum(m, axis=0), m),
    Form("np.cumsum(axis=None)", np.cumsum, m),
    Form("np.cumsum(f4, dtype=f8)", lambda x: np.cumsum(x, dtype=np.float64), f4),
    Form("np.cumsum(dtype=f4)", lambda x: np.cumsum(x, dtype=np.float32), x),
    Form("np.cumsum(out)", lambda x: np.cumsum(x, out=np.zeros_like(x)), x),
    Form("np.cumsum(empty)", lambda a: np.cumsum(a, axis=0), empty),
    Form("np.cumprod(x)", np.cumprod, x),
    Form("np.cumprod(zeros)", np.cumprod, np.array([2.0, 0.0, 3.0, 0.0, 1.5])),
    Form("np.cumprod(axis)", lambda m: np.cumprod(m, axis=1), m),
    Form("np.cumulative_sum(x)", np.cumulative_sum, x),
    Form("np.cumulative_sum(s)", np.cumulative_sum, np.array(0.7)),
    Form(
        "np.cumulative_sum(initial)",
        lambda m: np.cumulative_sum(m, axis=1, include_initial=True),
        m,
    ),
    Form("np.cumulative_prod(x)", lambda x: np.cumulative_prod(x, include_initial=True), x),
    Form("np.cumulative_prod(axis)", lambda m: np.cumulative_prod(m, axis=0), m),
    Form("np.add.accumulate(m)", np.add.accumulate, m),
    Form("np.multiply.accumulate(m)", np.multiply.accumulate, m),
    Form("np.maximum.accumulate(x)", np.maximum.accumulate, x),
    Form("np.maximum.accumulate(axis=1)", lambda m: np.maximum.accumulate(m**2, axis=1), m),
    Form("np.minimum.accumulate(x)", np.minimum.accumulate, x),
    Form("np.fmax.accumulate(v)", np.fmax.accumulate, v),
    Form("np.fmin.accumulate(f4)", np.fmin.accumulate, f4),
    Form("drawdown", lambda x: np.max(np.maximum.accumulate(x) - x), np.cumsum(y) ** 2),
]

FORMS: list[Any] = [*SUMS, *PRODUCTS, *EXTREMA, *SPREAD, *NAN_REDUCTIONS, *SCANS]
