"""Errors: each names the function and the shapes, shows the user's line, and says the cure."""

import math

import numpy as np
import pytest

import autodiff as ad

X, W = np.ones((2, 3)), np.ones((4, 2))


def both_modes(f, x):
    """Calls that differentiate `f` in reverse and in forward mode."""
    return [
        lambda: ad.grad(f)(x),
        lambda: ad.jvp(f, (x,), (np.ones_like(x),)),
    ]


# what the user did, the class of the error, what its message says
IN_THE_FUNCTION = [
    (
        "matmul",
        lambda x: np.sum(x @ W),
        X,
        ad.ShapeError,
        ["matmul: (2, 3) @ (4, 2)", "inner sizes 3 and 4", "transpose one?"],
    ),
    (
        "dot",
        lambda x: np.sum(np.dot(x, W)),
        X,
        ad.ShapeError,
        ["dot: (2, 3) @ (4, 2)", "inner sizes 3 and 4"],
    ),
    (
        "matmul by a vector",
        lambda x: np.sum(x @ np.ones(2)),
        X,
        ad.ShapeError,
        ["matmul: (2, 3) @ (2,)", "inner sizes 3 and 2"],
    ),
    (
        "broadcast",
        lambda x: np.sum(x + W),
        X,
        ad.ShapeError,
        ["add: shapes (2, 3) and (4, 2)", "sizes 3 and 2 on axis -1", "reshape"],
    ),
    (
        "broadcast of leading axes",
        lambda x: np.sum(x * np.ones((3, 3))),
        X,
        ad.ShapeError,
        ["multiply: shapes (2, 3) and (3, 3)", "sizes 2 and 3 on axis -2"],
    ),
    (
        "where",
        lambda x: np.sum(np.where(x > 0, x, np.ones(5))),
        X,
        ad.ShapeError,
        ["where: shapes (2, 3) and (2, 3) and (5,)"],
    ),
    (
        "einsum",
        lambda x: np.sum(np.einsum("ij,jk->ik", x, W)),
        X,
        ad.ShapeError,
        ["einsum: shapes (2, 3) and (4, 2)"],
    ),
    (
        "reshape",
        lambda x: np.sum(np.reshape(x, (4, 2))),
        X,
        ad.ShapeError,
        ["size 6 into shape (4, 2)"],
    ),
    (
        "concatenate",
        lambda x: np.sum(np.concatenate([x, W])),
        X,
        ad.ShapeError,
        ["concatenate: shapes", "differ outside axis 0"],
    ),
    (
        "stack",
        lambda x: np.sum(np.stack([x, W])),
        X,
        ad.ShapeError,
        ["stack: all arrays must have the same shape"],
    ),
    (
        "axis",
        lambda x: np.sum(np.sum(x, axis=2)),
        X,
        ad.ShapeError,
        ["axis 2 is out of bounds", "dimension 2"],
    ),
    (
        "assignment",
        lambda x: np.sum(set_first(np.zeros_like(x), x)),
        X,
        ad.ShapeError,
        ["set_at: shapes (2, 3) and (2, 3)", "(3,)"],
    ),
    (
        "math.sin",
        lambda x: math.sin(x),
        1.0,
        ad.NotDifferentiableError,
        ["math.sin(x)", "np.sin, not math.sin", "test_errors.py"],
    ),
    (
        "float",
        lambda x: float(x) * 2,
        1.0,
        ad.NotDifferentiableError,
        ["float(x)", "would drop its derivative", "stop_gradient"],
    ),
    (
        "complex",
        lambda x: complex(x),
        1.0,
        ad.NotDifferentiableError,
        ["complex(x)", "would drop its derivative"],
    ),
    (
        "an unknown function",
        lambda x: np.unpackbits(x),
        X,
        ad.NotDifferentiableError,
        ["np.unpackbits", "custom_rule", "stop_gradient"],
    ),
    (
        "a string operand",
        lambda x: x * np.array(["a"]),
        1.0,
        ad.NotDifferentiableError,
        ["dtype <U1", "x.astype(float)"],
    ),
    (
        "an operand of another type",
        lambda x: np.multiply(x, {}),
        1.0,
        ad.NotDifferentiableError,
        ["operand of type dict"],
    ),
]


def set_first(y, x):
    y[0] = x
    return y


@pytest.mark.parametrize("mode", [0, 1], ids=["reverse", "forward"])
@pytest.mark.parametrize(
    ("f", "x", "kind", "parts"),
    [e[1:] for e in IN_THE_FUNCTION],
    ids=[e[0] for e in IN_THE_FUNCTION],
)
def test_inside_the_function(f, x, kind, parts, mode):
    with pytest.raises(kind) as caught:
        both_modes(f, x)[mode]()
    for part in parts:
        assert part in str(caught.value)


AT_THE_TRANSFORM = [
    (
        "a vector result",
        lambda: ad.grad(lambda x: 2 * x)(np.ones(3)),
        ad.ShapeError,
        ["one scalar", "array of shape (3,)", "autodiff.jacobian", "np.sum"],
    ),
    (
        "a nest as result",
        lambda: ad.grad(lambda x: (x, x))(1.0),
        ad.ShapeError,
        ["one scalar", "returned (*, *)", "autodiff.jacobian"],
    ),
    (
        "no result",
        lambda: ad.grad(lambda x: None)(1.0),
        ad.ShapeError,
        ["one scalar", "returned None"],
    ),
    (
        "a complex result",
        lambda: ad.grad(lambda x: x * 1j)(1.0),
        ad.ShapeError,
        ["real result", "np.real", "np.abs"],
    ),
    (
        "a string result",
        lambda: ad.grad(lambda x: "no")(1.0),
        ad.NotDifferentiableError,
        ["returned 'no'"],
    ),
    (
        "aux that is missing",
        lambda: ad.grad(lambda x: x, has_aux=True)(1.0),
        ad.ShapeError,
        ["must return (value, aux)"],
    ),
    (
        "argnums beyond",
        lambda: ad.grad(np.sin, argnums=1)(1.0),
        ad.NotDifferentiableError,
        ["argnums=1", "sin was called with argument 0 alone", "pass argument 1 by position"],
    ),
    (
        "argnums below",
        lambda: ad.grad(np.sin, argnums=-2)(1.0),
        ad.NotDifferentiableError,
        ["argnums=-2"],
    ),
    (
        "argnums twice",
        lambda: ad.grad(np.add, argnums=(0, -2))(1.0, 1.0),
        ad.NotDifferentiableError,
        ["names an argument twice"],
    ),
    (
        "argnums as a name",
        lambda: ad.grad(np.sin, argnums="x")(1.0),
        ad.NotDifferentiableError,
        ["must be an int or a tuple of ints", "argnums=0 is the first"],
    ),
    (
        "argnums as a bool",
        lambda: ad.grad(np.sin, argnums=True)(1.0),
        ad.NotDifferentiableError,
        ["must be an int or a tuple of ints"],
    ),
    (
        "a string",
        lambda: ad.grad(np.sin)("1.0"),
        ad.NotDifferentiableError,
        ["argument 0 of sin is a str ('1.0')", "leave it out of argnums"],
    ),
    (
        "a string in a nest",
        lambda: ad.grad(np.sin)({"a": ["b"]}),
        ad.NotDifferentiableError,
        ["argument 0['a'][0] of sin is a str"],
    ),
    (
        "an array of strings",
        lambda: ad.grad(np.sum)(np.array(["a"])),
        ad.NotDifferentiableError,
        ["dtype <U1", "x.astype(float)"],
    ),
    (
        "an array of objects",
        lambda: ad.grad(np.sum)(np.array([None, 1])),
        ad.NotDifferentiableError,
        ["dtype object", "x.astype(float)"],
    ),
    (
        "a bool",
        lambda: ad.grad(np.sin)(True),
        ad.NotDifferentiableError,
        ["argument 0 of sin is a bool", "make it a float"],
    ),
    (
        "an array of bools",
        lambda: ad.grad(np.sum)(np.array([True])),
        ad.NotDifferentiableError,
        ["dtype bool", "make it a float"],
    ),
    (
        "a nest of strings in jvp",
        lambda: ad.jvp(np.sin, ({"a": "b"},), ({"a": 1.0},)),
        ad.NotDifferentiableError,
        ["argument 0['a'] of sin is a str"],
    ),
    (
        "elementwise_grad of a sum",
        lambda: ad.elementwise_grad(np.sum)(X),
        ad.ShapeError,
        ["maps shape (2, 3) to ()", "autodiff.jacobian"],
    ),
]

PULLBACK = ad.vjp(lambda x: 2 * x, np.ones(3))[1]
DIRECTIONS = [
    (
        "a cotangent's shape",
        lambda: PULLBACK(np.ones(2)),
        ["the cotangent has shape (2,)", "has shape (3,)"],
    ),
    (
        "a cotangent's dtype",
        lambda: PULLBACK(np.ones(3) * 1j),
        ["the cotangent is complex", "is real (float64)"],
    ),
    (
        "a cotangent of bools",
        lambda: PULLBACK(np.ones(3, bool)),
        ["the cotangent has dtype bool", "has dtype float64"],
    ),
    (
        "a cotangent's structure",
        lambda: PULLBACK([1.0, 2.0, 3.0]),
        ["the cotangent has structure [*, *, *], expected *"],
    ),
    ("a cotangent's type", lambda: PULLBACK("a"), ["the cotangent is 'a'"]),
    (
        "a tangent's shape",
        lambda: ad.jvp(np.sin, (np.ones(3),), (np.ones(2),)),
        ["the tangent of argument 0 of sin has shape (2,)", "shape (3,)"],
    ),
    (
        "a tangent's dtype",
        lambda: ad.jvp(np.sin, (1.0,), (1j,)),
        ["the tangent of argument 0 of sin is complex", "is real"],
    ),
    (
        "a tangent in a nest",
        lambda: ad.jvp(lambda p: p["a"], ({"a": 1.0},), ({"a": X},)),
        ["the tangent of argument 0['a']", "has shape (2, 3)"],
    ),
    (
        "a tangent's structure",
        lambda: ad.jvp(np.sin, (1.0,), ([1.0],)),
        ["jvp: tangents has structure ([*],), expected (*,)"],
    ),
    ("how many tangents", lambda: ad.jvp(np.add, (1.0, 2.0), (1.0,)), ["2 primals but 1 tangent"]),
    (
        "primals without a tuple",
        lambda: ad.jvp(np.sin, 1.0, 1.0),
        ["must be tuples", "(x,), (dx,)"],
    ),
    (
        "a vector for hvp",
        lambda: ad.hvp(lambda x: np.sum(x**2), np.ones(3), np.ones(2)),
        ["has shape (2,)", "shape (3,)"],
    ),
]
AT_THE_TRANSFORM += [(name, call, ad.ShapeError, parts) for name, call, parts in DIRECTIONS]


@pytest.mark.parametrize(
    ("call", "kind", "parts"),
    [e[1:] for e in AT_THE_TRANSFORM],
    ids=[e[0] for e in AT_THE_TRANSFORM],
)
def test_at_the_transform(call, kind, parts):
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("mode", [0, 1], ids=["reverse", "forward"])
def test_writing_into_a_plain_array(mode):
    """NumPy wraps our error in "setting an array element with a sequence"; transforms unwrap it."""

    def f(x):
        y = np.zeros(2)
        y[0] = x
        return y[0]

    with pytest.raises(ad.NotDifferentiableError, match="assignment into a plain array") as caught:
        both_modes(f, 1.0)[mode]()
    assert "y[0] = ..." in str(caught.value)
    assert "np.zeros_like(x, shape=(2,)) with a tracked x, or" in str(caught.value)


def test_the_users_own_line_is_shown():
    def f(x):
        scaled = 2 * x
        return math.exp(scaled)

    with pytest.raises(
        ad.NotDifferentiableError, match=r"test_errors\.py:\d+: return math\.exp\(scaled\)"
    ):
        ad.grad(f)(1.0)


def test_every_error_is_also_the_builtin_that_people_catch():
    assert issubclass(ad.ShapeError, ValueError)
    assert issubclass(ad.NotDifferentiableError, TypeError)
    assert issubclass(ad.MissingExtraError, ImportError)
    for error in (ad.ShapeError, ad.NotDifferentiableError, ad.MissingExtraError):
        assert issubclass(error, ad.AutodiffError)


def test_errors_of_the_program_itself_pass_through():
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        ad.grad(lambda x: x[5])(np.ones(3))
    with pytest.raises(ZeroDivisionError):
        ad.grad(lambda x: x * (1 // 0))(1.0)
