"""`unary_to_nary`: autograd's convention, ``transform(f, argnum)(*args, **kwargs)``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...engine.arguments import check_request, chosen, name_of


def unary_to_nary(unary_operator: Callable[..., Any]) -> Callable[..., Any]:
    """A transform of functions of several arguments from one of functions of one argument.

    ``unary_operator(f, x, ...)`` becomes ``operator(f, argnum=0, ...)(*args, **kwargs)``. `argnum`
    is a position, or a list or tuple of positions, for which `x` is a tuple.

    >>> from autodiff.compat.autograd.wrap_util import unary_to_nary
    >>> double = unary_to_nary(lambda f, x: f(2 * x))
    >>> double(lambda a, b: a - b, 1)(10.0, 1.0)
    8.0
    """

    @functools.wraps(unary_operator)
    def nary_operator(fun: Any, argnum: Any = 0, *options: Any, **named: Any) -> Any:
        check_request(unary_operator.__name__, fun, argnum)
        several = isinstance(argnum, (tuple, list))

        @functools.wraps(fun)
        def nary_f(*args: Any, **kwargs: Any) -> Any:
            places = chosen(argnum, args, fun)
            x = tuple(args[k] for k in places) if several else args[places[0]]

            def unary_f(x: Any) -> Any:
                call = list(args)
                for k, value in zip(places, x if several else (x,), strict=True):
                    call[k] = value
                return fun(*call, **kwargs)

            unary_f.__name__ = name_of(fun)
            return unary_operator(unary_f, x, *options, **named)

        nary_f.__name__ = f"{unary_operator.__name__}_of_{name_of(fun)}_wrt_argnum_{argnum}"
        return nary_f

    del nary_operator.__wrapped__  # type: ignore[attr-defined]  # its arguments are other ones
    return nary_operator
