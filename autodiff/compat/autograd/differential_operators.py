"""autograd's transforms, each ``transform(f, argnum)(*args, **kwargs)``; `argnum` is a position or
a list of positions."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base.errors import NotDifferentiableError
from ...base.shapes import size_of
from ...base.trees import LEAF, describe
from ...engine.arguments import check_function, name_of
from ...rules.conforming import aval_of
from ...rules.primitive import ONE
from ...transforms.checkpoint import checkpoint
from ...transforms.jacobians import finish, is_scalar, reverse_blocks
from ...transforms.tape import Tape
from . import core
from .spaces import vspace
from .wrap_util import unary_to_nary

__all__ = [
    "checkpoint",
    "deriv",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
]

make_vjp = unary_to_nary(core.make_vjp)
make_jvp = unary_to_nary(core.make_jvp)


def swept(fun: Callable[[Any], Any], x: Any, what: str, has_aux: bool = False) -> tuple[Tape, Any]:
    """One run, and the gradient of its one real result."""
    tape = Tape(fun, (x,), {}, (0,), has_aux)
    shape = aval_of(tape.outputs[0]).shape if tape.structure is LEAF else None
    if shape is None or size_of(shape) != 1:
        found = describe(tape.structure) if shape is None else f"an array of shape {shape}"
        raise NotDifferentiableError(
            f"{what} needs one real number; {name_of(fun)} returned {found}; use jacobian or "
            "elementwise_grad"
        )
    return tape, tape.pull([seed(tape.outputs[0], fun, what)], keep=False)[0]


def seed(y: Any, fun: Any, what: str) -> Any:
    """The cotangent of a real result, of ones."""
    if np.iscomplexobj(y):
        raise NotDifferentiableError(
            f"{what} needs a real result; {name_of(fun)} returned a complex one; use "
            "holomorphic_grad, or take its real part"
        )
    return ONE if aval_of(y).shape == () else np.ones_like(y)


@unary_to_nary
def grad(fun: Any, x: Any) -> Any:
    """The gradient of a function that returns one real number, or an array of one entry."""
    return swept(fun, x, "grad")[1]


@unary_to_nary
def value_and_grad(fun: Any, x: Any) -> tuple[Any, Any]:
    """``(value, gradient)``, as scipy.optimize takes them with ``jac=True``."""
    tape, gradient = swept(fun, x, "value_and_grad")
    return tape.value(), gradient


@unary_to_nary
def grad_and_aux(fun: Any, x: Any) -> tuple[Any, Any]:
    """``(gradient, aux)`` of a function that returns ``(value, aux)``."""
    tape, gradient = swept(fun, x, "grad_and_aux", has_aux=True)
    return gradient, tape.aux


@unary_to_nary
def elementwise_grad(fun: Any, x: Any) -> Any:
    """The sum of each column of the Jacobian: the derivative, entry by entry, of a function that
    works so."""
    tape = Tape(fun, (x,), {}, (0,), has_aux=False)
    return tape.pull([seed(tape.outputs[0], fun, "elementwise_grad")], keep=False)[0]


@unary_to_nary
def deriv(fun: Any, x: Any) -> Any:
    """The derivative in the direction of all ones, by forward mode."""
    return core.make_jvp(fun, x)(vspace(x).ones())[1]


@unary_to_nary
def holomorphic_grad(fun: Any, x: Any) -> Any:
    """The complex derivative, entry by entry. That `fun` is holomorphic is not checked."""
    if not vspace(x).iscomplex:
        warnings.warn("Input to holomorphic_grad is not complex", stacklevel=3)
    tape = Tape(lambda x: np.real(fun(x)), (x,), {}, (0,), has_aux=False)
    return tape.pull([np.ones_like(tape.outputs[0])], keep=False)[0]


def rows(fun: Callable[[Any], Any], x: Any) -> Any:
    """The Jacobian; of one number, without a batch of one row."""
    tape = Tape(fun, (x,), {}, (0,), has_aux=False)
    seeds = [seed(y, fun, "jacobian") for y in tape.outputs]
    if is_scalar(tape):
        return tape.pull(seeds, keep=False)[0]
    return finish(tape.resolve(reverse_blocks), tape, 0, has_aux=False)


@unary_to_nary
def jacobian(fun: Any, x: Any) -> Any:
    """The Jacobian by reverse mode, of shape ``(*y.shape, *x.shape)``."""
    return rows(fun, x)


@unary_to_nary
def hessian(fun: Any, x: Any) -> Any:
    """The Hessian, of shape ``(*y.shape, *x.shape, *x.shape)``, by reverse mode alone: most
    primitives have no rule for the other."""
    return rows(lambda x: rows(fun, x), x)


@unary_to_nary
def make_hvp(fun: Any, x: Any) -> Any:
    """``(hvp, gradient)``; ``hvp(v)`` may be called any number of times and keeps both sweeps."""
    return core.make_vjp(lambda x: swept(fun, x, "make_hvp")[1], x)


@unary_to_nary
def make_jvp_reversemode(fun: Any, x: Any) -> Callable[[Any], Any]:
    """A function of a direction, which returns the derivative alone. The pullback is linear in its
    cotangent, and pulling back through it gives the transpose."""
    pull, y = core.make_vjp(fun, x)
    return lambda g: core.make_vjp(pull, vspace(y).zeros())[0](g)


def half_square(x: Any) -> Any:
    return np.sum(x**2) / 2


def make_ggnvp(
    f: Callable[..., Any], g: Callable[..., Any] = half_square, f_argnum: int = 0
) -> Callable[..., Any]:
    """A maker of products with the generalised Gauss-Newton matrix ``J^T H J`` of ``g(f(x))``."""

    @unary_to_nary
    def ggnvp_maker(fun: Any, x: Any) -> Callable[[Any], Any]:
        pull, y = core.make_vjp(fun, x)
        push = core.make_vjp(pull, vspace(y).zeros())[0]
        product = core.make_vjp(lambda y: swept(g, y, "make_ggnvp")[1], y)[0]
        return lambda v: pull(product(push(v)))

    return ggnvp_maker(f, f_argnum)


def with_tensor(operator: Callable[..., Any]) -> Callable[..., Any]:
    """``transform(f, argnum)(*args, tensor, **kwargs)``: `operator` takes the tensor too."""

    def transform(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
        check_function(fun, operator.__name__)

        def product(*args: Any, **kwargs: Any) -> Any:
            *inputs, tensor = args
            return unary_to_nary(operator)(fun, argnum, tensor)(*inputs, **kwargs)

        return product

    transform.__name__, transform.__doc__ = operator.__name__, operator.__doc__
    return transform


@with_tensor
def hessian_tensor_product(fun: Any, x: Any, tensor: Any) -> Any:
    """The Hessian contracted with a tensor of the shape of `x`."""
    return core.make_vjp(lambda x: swept(fun, x, "hessian_tensor_product")[1], x)[0](tensor)


@with_tensor
def tensor_jacobian_product(fun: Any, x: Any, tensor: Any) -> Any:
    """The Jacobian, multiplied from the left by a tensor of the shape of the result."""
    return rows(lambda x: np.tensordot(tensor, fun(x), np.ndim(tensor)), x)


hessian_vector_product = hessian_tensor_product
vector_jacobian_product = tensor_jacobian_product


def grad_named(fun: Callable[..., Any], argname: str) -> Callable[..., Any]:
    """The gradient in the argument of that name."""
    return grad(fun, list(inspect.signature(fun).parameters).index(argname))


def multigrad_dict(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The gradients in all arguments, as a dict by their names; ``*args`` give a tuple and
    ``**kwargs`` a dict."""
    signature = inspect.signature(fun)

    @functools.wraps(fun)
    def gradients(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()

        def of_dict(arguments: dict[str, Any]) -> Any:
            call = inspect.BoundArguments(signature, arguments)  # type: ignore[arg-type]
            return fun(*call.args, **call.kwargs)

        found: dict[str, Any] = swept(of_dict, dict(bound.arguments), "multigrad_dict")[1]
        return found

    return gradients
