"""`scan` and `fori_loop` are Python loops, in every mode."""

from __future__ import annotations

import numpy as np
import pytest
from laws_of_loops import MODES, TRANSFORMS, same, same_bits

import autodiff as ad

XS = np.linspace(0.1, 0.9, 5)
A = np.random.default_rng(0).normal(size=(3, 3))


def python_scan(f, init, xs=None, length=None, reverse=False):
    """What scan is, on one array or none."""
    n = len(xs) if length is None else length
    carry, ys = init, [None] * n
    for k in range(n)[::-1] if reverse else range(n):
        carry, ys[k] = f(carry, None if xs is None else xs[k])
    return carry, None if ys[0] is None else np.stack(ys)


def numbers(scan):
    return lambda a: scan(lambda c, x: (np.sin(c) * a + x, c * x), np.float64(0.3), XS)


def backwards(scan):
    return lambda a: scan(lambda c, x: (np.sin(c) * a + x, c * x), a, XS, reverse=True)


def without_xs(scan):
    return lambda a: scan(lambda c, _: (np.cos(c) * a, None), a, length=4)[0]


def vectors(scan):
    def f(a):
        return scan(lambda s, x: (np.tanh(A @ s) * a + x, s * x), np.ones(3) * a, A)

    return f


def of_the_argument(scan):
    return lambda a: scan(lambda c, x: (c * x + a, c), 1.0 * a, XS * a)


def in_one_another(scan):
    def f(a):
        def outer(c, x):
            inner = scan(lambda d, y: (np.sin(d * y) + a, d), c, XS)
            return inner[0] * x, inner[1]

        return scan(outer, a, XS)

    return f


PROGRAMS = [numbers, backwards, without_xs, vectors, of_the_argument, in_one_another]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_scan_is_the_python_loop(program, mode, transform):
    made = TRANSFORMS[transform]
    f, plain = made(program(ad.scan)), made(program(python_scan))
    same(MODES[mode](f, (0.7,))(0.7), plain(0.7))


@pytest.mark.parametrize("program", PROGRAMS)
def test_outside_of_a_program_it_has_the_same_bits(program):
    for made in (TRANSFORMS["value"], TRANSFORMS["gradient"], TRANSFORMS["slope"]):
        same_bits(made(program(ad.scan))(0.7), made(program(python_scan))(0.7))


@pytest.mark.parametrize("mode", MODES)
def test_carries_and_xs_are_nests(mode):
    def f(a, xs):
        def step(carry, x):
            n, (total, is_small) = carry["n"], carry["rest"]
            total = total * x["u"] + x["v"][0]
            new = {"n": n + 1, "rest": (total, is_small & (total < 2))}
            return new, [total, {"n": n}, None]

        return ad.scan(step, {"n": 0, "rest": (a, True)}, xs)

    xs = {"u": XS, "v": (XS**2, np.ones((5, 2)))}
    carry, (totals, counts, nothing) = found = MODES[mode](f, (0.5, xs))(0.5, xs)
    same(found, f(0.5, xs))
    assert carry["n"] == 5
    assert carry["rest"][1].dtype == bool
    assert nothing is None
    np.testing.assert_array_equal(counts["n"], range(5))
    assert totals.shape == (5,)


@pytest.mark.parametrize("mode", MODES)
def test_no_rounds_give_the_start_and_empty_stacks(mode):
    def f(a):
        return ad.scan(lambda c, x: (c * a, (c, x)), a, np.zeros((0, 3)))

    same(MODES[mode](f, (0.5,))(0.5), (np.float64(0.5), (np.zeros(0), np.zeros((0, 3)))))
    g = ad.grad(lambda a: f(a)[0])
    assert MODES[mode](g, (0.5,))(0.5) == 1.0
    h = ad.grad(lambda a: ad.fori_loop(3, 1, lambda i, c: c * i, a))
    assert MODES[mode](h, (0.5,))(0.5) == 1.0


@pytest.mark.parametrize("mode", MODES)
def test_single_precision_stays_so(mode):
    def f(a):
        return ad.scan(lambda c, x: (c * a + x, c), a, XS.astype(np.float32))

    found = MODES[mode](f, (np.float32(0.5),))(np.float32(0.5))
    assert [x.dtype for x in found] == [np.float32] * 2
    np.testing.assert_allclose(found[1], f(np.float32(0.5))[1], rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_a_complex_carry(mode):
    f = ad.grad(lambda a: np.abs(ad.scan(lambda c, x: (c * (a + 1j * x), None), 1 + 0j, XS)[0]))
    np.testing.assert_allclose(MODES[mode](f, (0.5,))(0.5), f(0.5))


# -- fori_loop -------------------------------------------------------------------------------------
def counted(a, n):
    return ad.fori_loop(2, n, lambda i, c: np.sin(c) * a + i, a)


def python_counted(a, n):
    c = a
    for i in range(2, n):
        c = np.sin(c) * a + i
    return c


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("mode", MODES)
def test_a_fori_loop_is_the_python_loop(mode, transform):
    made = TRANSFORMS[transform]
    f = made(lambda a: counted(a, 7))
    same(MODES[mode](f, (0.7,))(0.7), made(lambda a: python_counted(a, 7))(0.7))


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("mode", MODES)
def test_bounds_may_be_arguments_of_the_program(mode, transform):
    made = TRANSFORMS[transform]
    f = MODES[mode](made(counted), (0.7, 5))
    for n in (5, 9, 3, 2, 0):
        same(f(0.7, n), made(lambda a, n=n: python_counted(a, n))(0.7))


@pytest.mark.parametrize("mode", MODES)
def test_numbers_of_rounds_may_differ_under_vmap(mode):
    ns = np.array([0, 3, 7, 2])
    for made in (lambda f: f, ad.grad):
        f = ad.vmap(made(counted), (None, 0))
        expected = [made(python_counted)(0.7, n) for n in ns]
        np.testing.assert_allclose(MODES[mode](f, (0.7, ns))(0.7, ns), expected)


def test_many_rounds_go_back_through_carries_that_are_kept(monkeypatch):
    from autodiff.transforms.loops import kept_carries

    monkeypatch.setattr(kept_carries, "MOST_KEPT", 3)
    monkeypatch.setattr(kept_carries, "FEWEST_KEPT", 3)
    f = ad.jit(ad.grad(counted))
    for n in (2, 3, 5, 11, 12, 40, 101):
        np.testing.assert_allclose(f(0.7, n), ad.grad(python_counted)(0.7, n), rtol=1e-9)


# -- compiled --------------------------------------------------------------------------------------
@pytest.mark.parametrize("transform", ["value", "gradient"])
def test_the_code_does_not_grow_with_the_rounds(transform):
    def steps(n):
        f = ad.jit(TRANSFORMS[transform](lambda a: counted(a, n)))
        f(0.7)
        assert "left to NumPy" not in f.report()
        return len(f.program.values)

    assert steps(10) == steps(10_000)


def test_a_function_without_native_code_runs_all_the_same():
    f = ad.grad(lambda a: ad.scan(lambda c, x: (np.linalg.det(A * c) * x + a, c), a, XS)[0])
    np.testing.assert_allclose(ad.jit(f)(0.3), f(0.3), rtol=1e-9)


def test_a_check_in_a_round_raises_in_every_mode():
    def f(a):
        def step(c, _):
            ad.require(c < 2, ValueError("too large"))
            return c * 2, None

        return ad.scan(step, a, length=3)[0]

    for mode, make in MODES.items():
        assert make(f, (0.1,))(0.1) == 0.8, mode
        with pytest.raises(ValueError, match="too large"):
            make(f, (0.1,))(1.0)


def test_a_program_with_a_loop_is_saved_and_printed(tmp_path):
    f = ad.grad(lambda a: ad.scan(lambda c, x: (np.sin(c) * a + x, None), a, XS)[0])
    graph = ad.trace(f, 0.7)
    assert "loop=5 rounds" in str(graph)
    graph.save(tmp_path / "f.npz")
    loaded = ad.load(tmp_path / "f.npz")
    assert loaded(0.3) == f(0.3)
    np.testing.assert_allclose(ad.jit(ad.grad(loaded))(0.3), ad.grad(f)(0.3))


def test_a_picture_shows_one_node():
    f = lambda a: ad.scan(lambda c, x: (np.sin(c) * a + x, None), a, XS)[0]  # noqa: E731
    program = str(ad.explain(f, 0.7)).partition("forward mode")[0]
    assert program.count("scan(") == 1
    assert "<svg" in ad.explain(f, 0.7).svg()


# -- refusals --------------------------------------------------------------------------------------
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda c, x: ((c, c), x), r"the structure \(\*, \*\), but init has \*"),
        (lambda c, x: (c * XS, x), r"shape \(5,\), but init has \(\)"),
        (lambda c, x: (c > 0, x), "dtype bool, but init has float64; start with bool"),
        (lambda c, x: c, r"must return the pair \(carry, y\)"),
    ],
)
def test_a_carry_that_changes_is_refused(step, message, mode):
    with pytest.raises(ad.ShapeError, match=message):
        MODES[mode](lambda a: ad.scan(step, a, XS), (0.5,))(0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: ad.scan(f, 0.0, (XS, XS[1:])), "different numbers of rounds: 4, 5"),
        (lambda f: ad.scan(f, 0.0, XS, length=3), "different numbers of rounds: 3, 5"),
        (lambda f: ad.scan(f, 0.0), "neither xs nor length"),
        (lambda f: ad.scan(f, 0.0, [1.0, 2.0]), "a list is a nest"),
    ],
)
def test_xs_without_a_number_of_rounds_are_refused(call, message):
    with pytest.raises(ad.ShapeError, match=message):
        call(lambda c, x: (c, x))


def test_what_looks_at_a_carry_is_refused_with_the_name_of_the_loop():
    def f(a):
        return ad.scan(lambda c, x: (c if c > 1 else c + x, None), a, XS)[0]

    f(0.5)
    for mode in ("traced", "llvm", "numpy"):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            MODES[mode](f, (0.5,))(0.5)
        assert "function of scan" in caught.value.__notes__[0]


def test_random_numbers_in_a_round_are_refused_by_jit():
    rng = np.random.default_rng(0)
    f = ad.jit(lambda a: ad.scan(lambda c, _: (c * a, rng.normal()), a, length=3))
    with pytest.raises(ad.AutodiffError, match="in a function of scan"):
        f(1.0)


def test_errors_of_numpys_settings_are_refused_by_jit():
    def step(c, x):
        with np.errstate(over="raise"):
            return np.exp(c * x), None

    with pytest.raises(ad.AutodiffError, match="errstate"):
        ad.jit(lambda a: ad.scan(step, a, XS)[0])(0.5)


def test_a_bound_is_a_whole_number():
    for bound in (2.5, "3", None, np.array([1, 2])):
        with pytest.raises(TypeError, match="must be a whole number"):
            ad.fori_loop(0, bound, lambda i, c: c, 1.0)


def test_a_value_and_its_gradient_go_forward_once():
    f = ad.jit(ad.value_and_grad(lambda a: counted(a, 1000)))
    f(0.7)
    assert sum(v.op == "nested" for v in f.program.values) == 2
    assert sum(v.op == "call" for v in f.program.values) == 0
