"""Inputs for the discrete Fourier transforms: real and complex, cut and padded, in every norm."""

from __future__ import annotations

from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import Primitive


@inputs_for("fft", "ifft", "rfft", "irfft")
def transform(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    entries = {"rfft": draw.values, "irfft": draw.complex_array}.get(row.name)
    a = (entries or draw.one_of((draw.values, draw.complex_array)))(shape)
    norm = draw.one_of(("backward", "ortho", "forward"))
    return Case(row, (a,), {"n": draw.integer(1, 5), "axis": draw.axis(shape), "norm": norm})
