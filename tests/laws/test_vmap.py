"""vmap of any row of the table is the loop over examples, stacked: whichever arguments are mapped,
along whichever axes, for any number of examples, and under every other transform."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from laws import statements as laws
from strategies import ROWS, SMOOTH, Case, cases, tried

import autodiff as ad
from autodiff.base.trees import flatten, unflatten

SEEDS = st.integers(0, 2**32 - 1)
# Rows that run a function of the user's own, which need not take a stack: refused by name.
WITHOUT_A_RULE = {"implicit_root"}

every_row, every_smooth_row = tried(ROWS), tried(SMOOTH)


def mapped(draw: Any, case: Case) -> list[bool]:
    """Which arguments of a case differ from example to example: at least one."""
    there = [k for k, a in enumerate(case.args) if a is not None]
    chosen = draw(st.sets(st.sampled_from(there), min_size=1)) if there else set()
    return [k in chosen for k in range(len(case.args))]


def example(case: Case, flags: Sequence[bool], k: int) -> list[Any]:
    return [laws.sibling(a, k) if f else a for a, f in zip(case.args, flags, strict=True)]


def loop(f: Any, runs: Sequence[Sequence[Any]]) -> list[Any]:
    """The results of `f` on each of `runs`, stacked leaf by leaf."""
    results = [flatten(f(*args))[0] for args in runs]
    return list(map(np.stack, zip(*results, strict=True)))


def batched(f: Any, case: Case, **options: Any) -> Any:
    if case.row.name in WITHOUT_A_RULE:
        with pytest.raises(ad.NotDifferentiableError, match=re.escape(case.row.title(case.params))):
            ad.vmap(f, **options)(*(np.stack([a]) for a in case.args))
        pytest.skip("refused by name")
    return ad.vmap(f, **options)


def alike(found: Any, expected: Sequence[Any], exact: bool, what: str) -> None:
    for a, b in zip(flatten(found)[0], expected, strict=True):
        laws.same_type(a, b, what)
    if exact:
        laws.same_bits(found, tuple(expected), what)
    else:
        laws.close(found, tuple(expected), 0.0, what)


@every_row
def test_a_stack_of_examples(row, data):
    """Values and dtypes; to the bit where a row adds nothing up."""
    for mode in ("smooth", "ties"):
        stacked(row, data, data.draw(cases(row, mode)))


def stacked(row, data, case):
    flags = mapped(data.draw, case)
    size = data.draw(st.sampled_from((3, 2, 1, 0)))
    runs = [example(case, flags, k) for k in range(max(size, 1))]
    stacks = [
        np.stack(column)[:size] if f else column[0]
        for column, f in zip(zip(*runs, strict=True), flags, strict=True)
    ]

    def f(*args: Any) -> Any:
        return row(*args, **case.params)

    axes = tuple(0 if f else None for f in flags)
    found = batched(f, case, in_axes=axes)(*stacks)
    expected = [y[:size] for y in loop(f, runs)]
    alike(found, expected, row.kind in laws.EXACT_KINDS, f"vmap over {flags}")


@every_row
def test_along_any_axis(row, data):
    """`in_axes` and `out_axes`, counted from either end."""
    case = data.draw(cases(row))
    flags = mapped(data.draw, case)
    runs = [example(case, flags, k) for k in range(2)]

    def axis_of(a: Any) -> int:
        return data.draw(st.integers(-np.ndim(a) - 1, np.ndim(a)))

    in_axes = tuple(axis_of(a) if f else None for a, f in zip(runs[0], flags, strict=True))
    stacks = [
        np.stack(column, axis) if f else column[0]
        for column, f, axis in zip(zip(*runs, strict=True), flags, in_axes, strict=True)
    ]

    def f(*args: Any) -> Any:
        return row(*args, **case.params)

    leaves, structure = flatten(f(*runs[0]))
    out_axes = [axis_of(y) for y in leaves]
    found = batched(f, case, in_axes=in_axes, out_axes=unflatten(structure, out_axes))(*stacks)
    results = [flatten(f(*run))[0] for run in runs]
    expected = [
        np.stack(y, axis) for y, axis in zip(zip(*results, strict=True), out_axes, strict=True)
    ]
    alike(found, expected, False, f"in_axes={in_axes}, out_axes={out_axes}")


@every_row
def test_a_batch_of_batches(row, data):
    """Two levels, each of which maps arguments of its own."""
    case = data.draw(cases(row))
    inner, outer = mapped(data.draw, case), mapped(data.draw, case)

    def f(*args: Any) -> Any:
        return row(*args, **case.params)

    def at(i: int, j: int) -> list[Any]:
        return [
            laws.sibling(a, i * o + 2 * j * n) if o or n else a
            for a, o, n in zip(case.args, outer, inner, strict=True)
        ]

    def stack(k: int) -> Any:
        rows = [
            [at(i, j)[k] for j in range(3 if inner[k] else 1)] for i in range(2 if outer[k] else 1)
        ]
        whole = np.stack([np.stack(r) for r in rows])
        return whole[(slice(None) if outer[k] else 0, slice(None) if inner[k] else 0)]

    stacks = [stack(k) if inner[k] or outer[k] else a for k, a in enumerate(case.args)]
    inside = ad.vmap(f, tuple(0 if n else None for n in inner))
    found = batched(inside, case, in_axes=tuple(0 if o else None for o in outer))(*stacks)
    results = [[flatten(f(*at(i, j)))[0] for j in range(3)] for i in range(2)]
    expected = [
        np.stack([np.stack([r[k] for r in line]) for line in results])
        for k in range(len(results[0][0]))
    ]
    alike(found, expected, False, f"vmap over {inner} in vmap over {outer}")


@every_smooth_row
def test_transforms_of_a_batch_and_batches_of_a_transform(row, data):
    """jvp and vjp of vmap, vmap of jvp and of vjp: all are the loop over examples."""
    case = data.draw(cases(row))
    x, rng = case.inputs, np.random.default_rng(data.draw(SEEDS))
    if not x:
        return
    stacks = tuple(np.stack([laws.sibling(a, k) for k in range(2)]) for a in x)
    t = tuple(np.stack(d) for d in zip(*(laws.directions(x, rng) for _ in range(2)), strict=True))
    t = tuple(np.asarray(d, s.dtype) for d, s in zip(t, stacks, strict=True))
    f = batched(case, case)

    def push(x: Any, t: Any) -> Any:
        return ad.jvp(case, x, t)[1]

    def pull(x: Any, g: Any) -> Any:
        return ad.vjp(case, *x)[1](g)

    def one(tree: Any, k: int) -> Any:
        leaves, structure = flatten(tree)
        return unflatten(structure, [leaf[k] for leaf in leaves])

    def looped(transform: Any, *trees: Any) -> list[Any]:
        return loop(transform, [[one(tree, k) for tree in trees] for k in range(2)])

    y, y_dot = ad.jvp(f, stacks, t)
    expected = looped(push, stacks, t)
    alike(y_dot, expected, False, "jvp of vmap")
    alike(ad.vmap(push)(stacks, t), expected, False, "vmap of jvp")
    if row.flat:
        return
    g = laws.directions(y, rng)
    g = unflatten(
        flatten(y)[1],
        [np.asarray(b, a.dtype) for a, b in zip(flatten(y)[0], flatten(g)[0], strict=True)],
    )
    expected = looped(pull, stacks, g)
    alike(ad.vjp(f, *stacks)[1](g), expected, False, "vjp of vmap")
    alike(ad.vmap(pull)(stacks, g), expected, False, "vmap of vjp")
