"""Random programs: vmap is the loop, linearize is jvp, and both Jacobians are the loop of jvps."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings, strategies as st
from laws import statements as laws
from laws.test_programs import Program, programs

import autodiff as ad

SOME = settings(max_examples=max(1, settings.default.max_examples // 3))
SEEDS = st.integers(0, 2**32 - 1)
EXAMPLES = 3


def stacks_of(program: Program, rng: np.random.Generator) -> tuple[Any, ...]:
    return tuple(
        np.stack([x + 0.1 * rng.normal(size=np.shape(x)) for _ in range(EXAMPLES)])
        for x in program.inputs
    )


def looped(f: Any, stacks: Any) -> Any:
    results = [f(*(s[k] for s in stacks)) for k in range(EXAMPLES)]
    if isinstance(results[0], tuple):
        return tuple(map(np.stack, zip(*results, strict=True)))
    return np.stack(results)


def batched(f: Any, stacks: Any) -> Any:
    """At once where that can be: a program that branches on an example is refused."""
    try:
        return ad.vmap(f)(*stacks)
    except ad.NotDifferentiableError as refusal:
        assert "under vmap" in str(refusal) or "has no batch rule" in str(refusal)
        return ad.vmap(f, fallback="loop")(*stacks)


@SOME
@given(program=programs(), seed=SEEDS)
def test_vmap_is_the_stacked_loop(program, seed):
    stacks = stacks_of(program, np.random.default_rng(seed))
    gradient = ad.grad(program, tuple(range(len(stacks))))
    laws.close(batched(program, stacks), looped(program, stacks), 0.0, "vmap")
    laws.close(batched(gradient, stacks), looped(gradient, stacks), 0.0, "vmap of grad")


@SOME
@given(program=programs(), seed=SEEDS)
def test_the_gradient_of_a_batch_is_the_batch_of_gradients(program, seed):
    rng = np.random.default_rng(seed)
    stacks, weights = stacks_of(program, rng), rng.uniform(0.5, 1, EXAMPLES)
    places = tuple(range(len(stacks)))

    def total(*stacks: Any) -> Any:
        return np.sum(weights * batched(program, stacks))

    each = looped(ad.grad(program, places), stacks)
    expected = tuple(g * np.reshape(weights, (-1, *(1,) * (g.ndim - 1))) for g in each)
    laws.close(ad.grad(total, places)(*stacks), expected, 0.0, "grad of vmap")


@SOME
@given(program=programs(), seed=SEEDS)
def test_linearize_is_jvp(program, seed):
    rng = np.random.default_rng(seed)
    y, f_dot = ad.linearize(program, *program.inputs)
    laws.same_bits(y, program(*program.inputs), "the value of linearize")
    for _ in range(2):
        t = tuple(
            np.asarray(d, x.dtype)[()]
            for d, x in zip(laws.directions(program.inputs, rng), program.inputs, strict=True)
        )
        laws.close(f_dot(*t), ad.jvp(program, program.inputs, t)[1], 0.0, "linearize")


@SOME
@given(program=programs())
def test_jacobians_are_the_loop_of_jvps(program):
    """Of the gradient, so that they are matrices: the Hessian, three ways."""
    x, places = program.inputs, tuple(range(len(program.inputs)))
    gradient = ad.grad(program, places)

    def column(place: int, unit: Any) -> Any:
        def in_one(v: Any) -> Any:  # a tangent of zeros beside it would be nan at a kink
            return gradient(*x[:place], v, *x[place + 1 :])

        return ad.jvp(in_one, (x[place],), (unit[()],))[1]

    def block(i: int, j: int) -> Any:
        """The derivative of gradient `i` in input `j`, entry by entry."""
        units = np.eye(np.size(x[j])).reshape(-1, *np.shape(x[j]))
        columns = np.stack([column(j, unit)[i] for unit in units], axis=-1)
        return columns.reshape(np.shape(x[i]) + np.shape(x[j]))

    expected = tuple(tuple(block(i, j) for j in places) for i in places)
    for name, jacobian in (("jacfwd", ad.jacfwd), ("jacrev", ad.jacrev)):
        laws.close(jacobian(gradient, places)(*x), expected, 0.0, name)
