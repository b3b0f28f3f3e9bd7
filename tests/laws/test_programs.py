"""Random programs composed of rows obey the laws that each row obeys alone.

Every variable broadcasts with every other (its shape is (), (3,), (3, 1) or (3, 3)), and each
operand is first brought into the domain of the row that takes it, smoothly.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume, given, settings, strategies as st
from laws import statements as laws
from strategies import SMOOTH, arity, cases, domains, has_builder, is_float

import autodiff as ad
from autodiff.rules.primitive import Interval, payload

SHAPES = ((), (3,), (3, 1), (3, 3))
SEEDS = st.integers(0, 2**32 - 1)
ENTRYWISE = [row for row in SMOOTH if arity(row) in (1, 2) and not has_builder(row)]
OTHER = [row for row in SMOOTH if has_builder(row)]


def into(domain: Interval, x: Any) -> Any:
    """A smooth map of the real line into a bounded part of a domain."""
    t = np.tanh(x)
    if np.isinf(domain.low):
        return 2 * t if np.isinf(domain.high) else domain.high - np.exp(t)
    if np.isinf(domain.high):
        return domain.low + np.exp(t)
    middle, half = (domain.low + domain.high) / 2, (domain.high - domain.low) / 2
    return middle + 0.8 * half * t


class Step(NamedTuple):
    """One line of a program: what it says, and the new variable as a function of the others."""

    text: str
    run: Callable[[list[Any]], Any]


class Program(NamedTuple):
    """A function of several arrays, in the shape of a `Case`."""

    inputs: tuple[Any, ...]
    steps: tuple[Step, ...]

    def __call__(self, *inputs: Any) -> Any:
        variables = list(inputs)
        for step in self.steps:
            variables.append(step.run(variables))
        return sum(np.sum(np.tanh(v)) for v in variables)

    def __repr__(self) -> str:
        lines = [f"v{k} = {x!r}" for k, x in enumerate(self.inputs)]
        lines += [f"v{k + len(self.inputs)} = {s.text}" for k, s in enumerate(self.steps)]
        return "\n".join(lines)


def entrywise(draw, i, j):
    row = draw(st.sampled_from(ENTRYWISE))
    inside = domains(row, arity(row))
    places = (i, j)[: arity(row)]

    def run(v):  # a few rows make complex numbers of real ones
        return np.real(row(*(into(d, v[k]) for d, k in zip(inside, places, strict=True))))

    return Step(f"{row.name}({', '.join(f'v{k}' for k in places)})", run)


def any_row(draw, i, j):
    """Any row of the table: its floats are scaled a little, by a factor that depends on v_i."""
    row = draw(st.sampled_from(OTHER))
    case = draw(cases(row))

    def run(v):
        factor = 1 + 0.1 * np.tanh(np.mean(v[i]))
        inputs = (np.multiply(a, factor) if is_float(a) else a for a in case.inputs)
        y = case(*inputs)
        parts = y if isinstance(y, tuple) else (y,)
        return sum(np.sum(np.tanh(np.real(part))) for part in parts)

    return Step(f"{row.name} of {case} scaled by v{i}", run)


def reduction(draw, i, j):
    name = draw(st.sampled_from(("sum", "prod", "max", "min", "mean", "std")))
    return Step(f"{name}(v{i}, -1, keepdims=True)", lambda v: reduced(name, v[i]))


def reduced(name, x):
    if name in ("max", "min") and np.size(payload(x)) > 1:
        ordered = np.sort(payload(x), axis=-1)
        ordered = ordered[..., ::-1] if name == "max" else ordered
        smooth(ordered[..., :1] - ordered[..., 1:2])
    return getattr(np, name)(x, axis=-1, keepdims=True) if np.ndim(x) else getattr(np, name)(x)


def smooth(distance):
    """A finite difference steps over a kink that is nearer than this."""
    assume(np.all(np.abs(distance) > 0.01))


def product(draw, i, j):
    return Step(
        f"full(v{i}) @ full(v{j})",
        lambda v: np.broadcast_to(v[i], (3, 3)) @ np.tanh(np.broadcast_to(v[j], (3, 3))),
    )


def branch(draw, i, j):
    def run(v):
        smooth(payload(np.sum(v[i])) - 0.1)
        if np.sum(v[i]) > 0.1:
            return v[i] * v[j]
        return v[i] - np.sin(v[j])

    return Step(f"v{i} * v{j} if sum(v{i}) > 0.1 else v{i} - sin(v{j})", run)


def loop(draw, i, j):
    count = draw(st.integers(0, 4))

    def run(v):
        x = v[i]
        for _ in range(count):
            x = 0.5 * x + np.cos(v[j])
        return x

    return Step(f"x = v{i}; x = 0.5 * x + cos(v{j}), {count} times", run)


def assignment(draw, i, j):
    def run(v):
        x = np.zeros_like(v[i] + np.zeros((3, 3)))
        x[1] = v[i][0] if np.ndim(v[i]) == 2 else v[i]
        x[:, 0] += np.sum(v[j])
        return x

    return Step(f"x = zeros((3, 3)); x[1] = v{i}; x[:, 0] += sum(v{j})", run)


def inner_gradient(draw, i, j):
    """A transform inside the program, whose function closes over an outer variable."""

    def run(v):
        return ad.grad(lambda t: np.sum(np.sin(t * v[j])))(np.tanh(v[i]))

    return Step(f"grad(t -> sum(sin(t * v{j})))(tanh(v{i}))", run)


def inner_tangent(draw, i, j):
    def run(v):
        return ad.jvp(lambda t: np.tanh(t) * v[j], (v[i],), (v[i] * 1.0,))[1]

    return Step(f"jvp(t -> tanh(t) * v{j}, v{i}, v{i})", run)


KINDS = (
    *(entrywise, entrywise, entrywise, any_row, reduction, product),
    *(branch, loop, assignment, inner_gradient, inner_tangent),
)


@st.composite
def programs(draw: Any) -> Program:
    rng = np.random.default_rng(draw(SEEDS))
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2))
    inputs = tuple(np.asarray(rng.uniform(-1, 1, shape))[()] for shape in shapes)
    count = draw(st.integers(1, 6))
    steps = []
    for k in range(count):
        places = st.integers(0, len(inputs) + k - 1)
        kind = draw(st.sampled_from(KINDS))
        steps.append(kind(draw, draw(places), draw(places)))
    return Program(inputs, tuple(steps))


# More than each row is given: a program is made of several.
SOME = settings(max_examples=max(1, settings.default.max_examples // 3))


@SOME
@given(program=programs(), seed=SEEDS)
def test_first_order(program, seed):
    laws.forward_mode_is_finite_difference(program, np.random.default_rng(seed))
    laws.reverse_mode_is_transpose_of_forward_mode(program, np.random.default_rng(seed))


@SOME
@given(program=programs(), seed=SEEDS)
def test_second_order(program, seed):
    laws.second_order_in_all_four_nestings(program, np.random.default_rng(seed))


@SOME
@given(program=programs())
def test_watching_never_changes_a_value(program):
    plain = program(*program.inputs)
    laws.same_bits(ad.vjp(program, *program.inputs)[0], plain, "taped")
    ones = laws.constant(program.inputs, 1.0)
    laws.same_bits(ad.jvp(program, program.inputs, ones)[0], plain, "dual")


@SOME
@given(program=programs(), seed=SEEDS)
def test_float32_stays_float32(program, seed):
    inputs = tuple(np.asarray(x, np.float32)[()] for x in program.inputs)
    for x, bar in zip(inputs, ad.grad(program, tuple(range(len(inputs))))(*inputs), strict=True):
        laws.same_type(bar, x, "gradient")
