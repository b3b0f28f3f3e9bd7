"""Implicit differentiation: the same derivatives as through the solver's own steps, around any
solver, in both modes; and what is no solution is refused."""

import gc

import numpy as np
import pytest
from laws.statements import close
from scipy import optimize

import autodiff as ad
from autodiff.implicit import anderson, cg, gmres, minimize, newton

RNG = np.random.default_rng(0)
W, BIAS = RNG.normal(size=(3, 3)) * 0.2, RNG.normal(size=3)
EXACT = 1e-10


def near(found, expected, tolerance=EXACT):
    close(found, expected, tolerance, "implicit")


# -- three problems, each with the loop that solves it ---------------------------------------------
def layer(z, W, bias):
    return np.tanh(W @ z + bias)


def loop_fixed_point(W, bias):
    z = np.zeros(3)
    for _ in range(150):
        z = layer(z, W, bias)
    return z


def cubic(x, a, b):
    return x + a * x**3 - b


def loop_root(a, b):
    x = np.zeros(3)
    for _ in range(30):
        x = x - cubic(x, a, b) / (1 + 3 * a * x**2)
    return x


def energy(x, a, b):
    return np.sum(x**2 / 2 + a * x**4 / 4) - b @ x


PROBLEMS = {
    "root": (ad.root(cubic), loop_root, (np.array([0.5, 1.0, 2.0]), BIAS)),
    "fixed_point": (ad.fixed_point(layer), loop_fixed_point, (W, BIAS)),
    "argmin": (ad.argmin(energy), loop_root, (np.array([0.5, 1.0, 2.0]), BIAS)),
}
every_problem = pytest.mark.parametrize("name", PROBLEMS)


def pair(name):
    """The implicit function of the parameters, the loop, and parameters."""
    solve, loop, p = PROBLEMS[name]
    return (lambda *p: solve(np.zeros(3), *p)), loop, p


def summed(f):
    return lambda *p: np.sum(np.sin(f(*p)))


@every_problem
def test_derivatives_are_those_through_the_unrolled_solver(name):
    solve, loop, p = pair(name)
    near(solve(*p), loop(*p))
    near(ad.grad(summed(solve), (0, 1))(*p), ad.grad(summed(loop), (0, 1))(*p))
    expected = ad.jacrev(loop, (0, 1))(*p)
    near(ad.jacrev(solve, (0, 1))(*p), expected)
    near(ad.jacfwd(solve, (0, 1))(*p), expected)


@every_problem
def test_second_order_in_all_four_nestings(name):
    solve, loop, p = pair(name)
    expected = ad.hessian(summed(loop))(*p)
    f = summed(solve)
    for outer in (ad.jacfwd, ad.jacrev):
        for inner in (ad.jacfwd, ad.jacrev):
            near(outer(inner(f))(*p), expected)


def test_third_order():
    cube_root = ad.root(lambda x, a: x**3 - a)
    third = ad.grad(ad.grad(ad.grad(lambda a: cube_root(1.0, a))))
    near(third(8.0), 10 / 27 * 8 ** (-8 / 3))


@every_problem
def test_check_is_content(name):
    solve, _, p = pair(name)
    assert ad.check(solve, *p, directions=1, order=1)  # the second order has its own test


@every_problem
def test_what_f_closes_over_is_differentiated_too(name):
    solve, _, (p, bias) = pair(name)
    f = {"root": cubic, "fixed_point": layer, "argmin": energy}[name]
    kind = getattr(ad, name)

    def closing(p, bias):
        return np.sum(np.sin(kind(lambda x: f(x, p, bias))(np.zeros(3))))

    near(ad.grad(closing, (0, 1))(p, bias), ad.grad(summed(solve), (0, 1))(p, bias))
    near(ad.hessian(closing)(p, bias), ad.hessian(summed(solve))(p, bias))


@every_problem
def test_vmap_refuses_by_name_or_loops(name):
    solve, _, (p, bias) = pair(name)
    stack = np.stack([bias, 2 * bias])
    one_example = rf"vmap: {name}\(\w+\), whose solver handles one example .* no batch rule.*loop"
    with pytest.raises(ad.NotDifferentiableError, match=one_example):
        ad.vmap(solve, (None, 0))(p, stack)
    looped = ad.vmap(ad.grad(summed(solve), 1), (None, 0), fallback="loop")(p, stack)
    near(looped, np.stack([ad.grad(summed(solve), 1)(p, b) for b in stack]))


@every_problem
def test_derivatives_of_one_solution_are_batched_by_themselves(name):
    """The solver ran before; its equation is linear in a direction, and directions make a batch."""
    solve, _, p = pair(name)
    f, jacobian = summed(solve), ad.jacrev(solve)(*p)
    directions = np.random.default_rng(0).normal(size=(4, *np.shape(p[0])))
    axes = range(1, directions.ndim), range(1, jacobian.ndim)
    push = ad.vmap(lambda t: ad.jvp(lambda a: solve(a, p[1]), (p[0],), (t,))[1])
    near(push(directions), np.tensordot(directions, jacobian, axes))
    pull = ad.vmap(ad.vjp(lambda a: solve(a, p[1]), p[0])[1])
    near(pull(np.eye(3))[0], jacobian)
    products = [ad.hvp(lambda a: f(a, p[1]), p[0], t) for t in directions]
    near(ad.vmap(lambda t: ad.hvp(lambda a: f(a, p[1]), p[0], t))(directions), np.stack(products))
    near(ad.vmap(ad.linearize(lambda a: solve(a, p[1]), p[0])[1])(directions), push(directions))


# -- solvers ---------------------------------------------------------------------------------------
def own_loop(g, x0):
    for _ in range(100):
        x0 = x0 - 0.2 * ad.grad(g)(x0)
    return x0


@pytest.mark.parametrize(
    "solver",
    [optimize.fsolve, optimize.root, newton, lambda g, x0: optimize.root(g, x0, method="krylov")],
)
@pytest.mark.parametrize("x0", [0.0, np.zeros(2), np.zeros((2, 2)), [0.0, 0.0]])
def test_any_solver_of_equations(solver, x0):
    def f(x, a):
        return [xi**3 + xi - a for xi in x] if isinstance(x, list) else x**3 + x - a

    def total(a):
        return (
            sum(np.sum(xi) for xi in solve(x0, a)) if isinstance(x0, list) else np.sum(solve(x0, a))
        )

    solve = ad.root(f, solver)
    near(ad.grad(total)(2.0), np.size(x0) / 4.0, 1e-5)  # x = 1, dx/da = 1 / (3 x^2 + 1)


@pytest.mark.parametrize(
    "solver",
    [
        optimize.minimize,
        lambda g, x0: optimize.minimize(g, x0, jac=ad.grad(g), method="L-BFGS-B"),
        own_loop,
        minimize,
    ],
)
@pytest.mark.parametrize("x0", [0.5, np.full(3, 0.5)])
def test_any_minimiser(solver, x0):
    solve = ad.argmin(lambda x, a: np.sum((x - a**2) ** 2 + x**2), solver)
    near(ad.grad(lambda a: np.sum(solve(x0, a)))(1.5), 1.5 * np.size(x0), 1e-5)


def test_a_bracket_in_place_of_a_start():
    root = ad.root(lambda x, a: x**2 - a, lambda g, ends: optimize.brentq(g, *ends, xtol=1e-15))
    near(ad.grad(root, 1)((0.0, 3.0), 2.0), 0.5 / np.sqrt(2))


def test_the_value_is_the_solvers_own():
    returned = np.array([1.0 + 1e-9, 2.0])
    solve = ad.root(lambda x, a: x - a, lambda g, x0: returned)
    p = np.array([1.0, 2.0])
    assert np.array_equal(solve(p, p), returned)
    assert np.array_equal(ad.vjp(lambda a: solve(p, a), p)[0], returned)


def test_nests_scalars_and_single_precision():
    def f(x, p):
        return {"u": x["u"] ** 2 - p[0], "v": x["v"] - p[1] * x["u"]}

    solve = ad.root(f)
    at = {"u": 1.0, "v": np.ones(2)}
    slopes = ad.jacobian(solve, 1)(at, (4.0, np.array([1.0, 3.0])))
    near(slopes["u"][0], 0.25)
    near(slopes["v"], (np.array([0.25, 0.75]), 2 * np.eye(2)))
    a = np.float32(8.0)
    cube_root = ad.root(lambda x, a: x**3 - a)
    assert cube_root(np.float32(1.0), a).dtype == np.float32
    assert ad.grad(cube_root, 1)(np.float32(1.0), a).dtype == np.float32


def test_many_unknowns_are_solved_for_without_a_matrix():
    n = 1200
    d = np.linspace(1.0, 2.0, n)
    expected = newton(lambda x: d * x + 0.1 * x**3 - 1.0, np.zeros(n))
    least = ad.argmin(lambda x, b: np.sum(d * x**2 / 2 + 0.025 * x**4) - b @ x)
    b = np.ones(n)
    near(least(np.zeros(n), b), expected)
    gradient = ad.grad(lambda b: np.sum(least(np.zeros(n), b)))(b)
    near(gradient, 1 / (d + 0.3 * expected**2))


def test_solvers_alone():
    near(newton(lambda x: np.exp(x) - 2, 0.0), np.log(2))
    near(
        anderson(lambda x: 1 + 0.9 * np.sin(x), 0.0), newton(lambda x: 1 + 0.9 * np.sin(x) - x, 1.0)
    )
    rosenbrock = minimize(
        lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, np.array([-1.0, 2.0])
    )
    near(rosenbrock, np.ones(2))


# -- minimise inside minimise ----------------------------------------------------------------------
def test_minimise_inside_minimise():
    def inner(x, c):
        return ad.argmin(lambda y: (y - np.sin(x)) ** 2 + c * y**4)(0.0)

    outer = ad.argmin(lambda x, c: (x - 1) ** 2 + inner(x, c) ** 2)
    h = 1e-4
    expected = (outer(0.5, 0.1 + h) - outer(0.5, 0.1 - h)) / (2 * h)
    near(ad.grad(outer, 1)(0.5, 0.1), expected, 1e-7)


# -- linear systems --------------------------------------------------------------------------------
MATRIX = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])


@pytest.mark.parametrize("solver", [None, cg, gmres])
def test_linear_solve_is_solve(solver):
    def by_function(A, b):
        return np.sum(np.sin(ad.linear_solve(lambda x: (A + A.T) @ x, b, solver)))

    def by_matrix(A, b):
        return np.sum(np.sin(np.linalg.solve(A + A.T, b)))

    near(ad.grad(by_function, (0, 1))(MATRIX, BIAS), ad.grad(by_matrix, (0, 1))(MATRIX, BIAS))
    expected = ad.hessian(by_matrix, (0, 1))(MATRIX, BIAS)
    near(ad.hessian(by_function, (0, 1))(MATRIX, BIAS), expected)
    near(ad.jacrev(ad.grad(by_function, (0, 1)), (0, 1))(MATRIX, BIAS), expected)


def test_linear_solve_in_nests_stacks_and_complex_numbers():
    x = ad.linear_solve(lambda x: {"u": 2 * x["u"], "v": x["v"] + x["u"][0]}, {"u": BIAS, "v": 1.0})
    near(x, {"u": BIAS / 2, "v": 1 - BIAS[0] / 2})
    stack = np.stack([MATRIX, 2 * MATRIX, MATRIX.T])
    solved = ad.vmap(lambda A, b: ad.linear_solve(lambda x: A @ x, b))(stack, stack[0])
    near(solved, np.linalg.solve(stack, stack[0][..., None])[..., 0])
    near(ad.linear_solve(lambda x: 1j * x, BIAS), -1j * BIAS)
    near(ad.linear_solve(MATRIX, BIAS), np.linalg.solve(MATRIX, BIAS))
    assert ad.linear_solve(MATRIX[:0, :0], BIAS[:0]).shape == (0,)


def test_an_operator_of_another_shape_or_kind_is_refused():
    with pytest.raises(ad.ShapeError, match=r"has shape \(1,\), expected shape \(3,\)"):
        ad.linear_solve(lambda x: x[:1], BIAS)
    with pytest.raises(ad.ConvergenceError, match="is A linear"):
        ad.linear_solve(lambda x: x + 1, BIAS)
    with pytest.raises(ad.ConvergenceError, match="iterate longer"):
        ad.linear_solve(lambda x: 2 * x, BIAS, lambda apply, b: b)
    with pytest.raises(ad.NotDifferentiableError, match="singular"):
        ad.linear_solve(lambda x: np.ones((3, 3)) @ x + 1e-17 * x, BIAS)


# -- what is no solution ---------------------------------------------------------------------------
@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_what_does_not_satisfy_the_equation_is_refused_in_any_unit(unit):
    lazy = ad.root(lambda x, a: unit * (x**2 - a), lambda g, x0: x0)
    with pytest.raises(ad.ConvergenceError, match=r"\|f\(x\)\| = .* the tolerance is"):
        lazy(1.5, 2.0)
    assert lazy(np.sqrt(2.0), 2.0) == np.sqrt(2.0)
    with pytest.raises(ad.ConvergenceError):  # exp has no root, however small it gets
        ad.root(lambda x: unit * np.exp(-x), lambda g, x0: x0)(50.0)


def test_no_solution_at_all():
    with pytest.raises(ad.ConvergenceError, match="does not satisfy"):
        ad.root(lambda x, a: x**2 + a)(1.0, 1.0)
    with pytest.raises(ad.ConvergenceError, match="does not satisfy"):
        ad.fixed_point(lambda x: x + 1.0)(0.0)
    with pytest.raises(ad.ConvergenceError, match="does not satisfy"):
        ad.argmin(lambda x, a: a * x)(0.0, 1.0)
    with pytest.raises(ad.ConvergenceError, match="does not satisfy"):
        ad.root(lambda x: x * np.nan)(0.0)


def test_a_looser_tolerance_is_the_users_to_allow():
    rough = ad.root(lambda x, a: x - a, lambda g, x0: x0, tol=0.1)
    assert rough(1.01, 1.0) == 1.01


@pytest.mark.parametrize("wrap", [ad.grad, ad.jacfwd, ad.jacrev])
@pytest.mark.parametrize("start", [1.0, 1.5])
def test_a_double_root_has_a_value_and_no_derivative(wrap, start):
    double = ad.root(lambda x, a: (x - 1) ** 2 - a)
    near(double(start, 0.0), 1.0, 1e-6)
    with pytest.raises(ad.NotDifferentiableError, match="singular"):
        wrap(double, 1)(start, 0.0)


def test_a_maximum_is_no_minimum():
    with pytest.raises(ad.ConvergenceError, match="curves downwards"):
        ad.argmin(lambda x: -(x**2), lambda g, x0: x0)(0.0)


def test_wrong_arguments_are_named_where_they_are_given():
    with pytest.raises(TypeError, match=r"root: f=3\.0 is not a function"):
        ad.root(3.0)
    with pytest.raises(TypeError, match="solver='newton' is not a function"):
        ad.argmin(np.sum, solver="newton")
    with pytest.raises(ValueError, match="tol=-1 must be positive"):
        ad.fixed_point(np.cos, tol=-1)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ad.ShapeError, match=r"shape \(2,\), expected shape \(\)"):
        ad.root(lambda x, a: a * np.ones(2) * x)(1.0, 1.0)
    with pytest.raises(ad.ShapeError, match="must return one number"):
        ad.argmin(lambda x: np.ones(2) * x)(1.0)
    with pytest.raises(ad.NotDifferentiableError, match="unknowns are complex"):
        ad.root(lambda x: x**2 + 1, lambda g, x0: 1j)(1j)
    with pytest.raises(ad.ConvergenceError, match="not numbers"):
        ad.root(lambda x: x, lambda g, x0: "no")(1.0)


# -- programs --------------------------------------------------------------------------------------
def test_a_traced_program_is_solved_again():
    cube_root = ad.root(lambda x, a: x**3 - a)
    graph = ad.trace(lambda a: 2 * cube_root(1.0, a), 8.0)
    near(graph(27.0), 6.0)
    near(ad.grad(graph)(27.0), 2 / 27)
    near(ad.jvp(graph, (27.0,), (1.0,))[1], 2 / 27)


def test_the_start_has_derivative_zero():
    cube_root = ad.root(lambda x, a: x**3 - a)
    assert ad.grad(cube_root, (0, 1))(1.0, 8.0)[0] == 0.0


def test_tensors_of_the_object_face():
    a = ad.tensor(8.0)
    ad.root(lambda x, a: x**3 - a)(1.0, a).backward()
    near(a.grad, 1 / 12)


def test_integers_among_the_parameters_stay_integers():
    solve = ad.root(lambda x, n, a: x**n - a[n])
    near(ad.grad(lambda a: solve(1.0, 2, a))(np.arange(5.0)), np.eye(5)[2] / np.sqrt(8))


def test_no_reference_cycles():
    cube_root = ad.root(lambda x, a: x**3 - a)
    gc.collect()
    gc.disable()
    try:
        ad.grad(ad.grad(cube_root, 1), 1)(1.0, 8.0)
        assert gc.collect() == 0
    finally:
        gc.enable()
