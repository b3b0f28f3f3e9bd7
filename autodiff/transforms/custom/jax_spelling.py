"""Custom rules in JAX's spelling: the same mechanism as `custom_rule`, with JAX's conventions.

    custom_jvp(f).defjvp(rule)         rule(primals, tangents) -> (output, output tangent)
    custom_vjp(f).defvjp(fwd, bwd)     fwd(*args) -> (output, residuals)
                                       bwd(residuals, cotangent) -> one cotangent per argument

The value is always that of `f`; what a rule returns as the output is checked for its structure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ...base.errors import ShapeError, counted
from ...base.trees import flatten, flatten_like, unflatten
from .rule import CustomRule


class JaxRule(CustomRule):
    """What `custom_jvp` and `custom_vjp` have in common: arguments given by keyword, or not given,
    are brought to their positions, and static ones lead."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            bound = inspect.signature(self.f).bind(*args, **kwargs)
        except ValueError:  # a builtin tells nothing of its arguments
            return super().__call__(*args, **kwargs)
        bound.apply_defaults()
        return super().__call__(*bound.args, **bound.kwargs)

    def static_places(self, count: int) -> list[int]:
        return [k % count for k in self.static_argnums]

    def leading(self, args: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """The static arguments, and the others."""
        places = self.static_places(len(args))
        return [args[k] for k in places], [a for k, a in enumerate(args) if k not in places]

    def in_place(self, bars: Any, count: int) -> tuple[Any, ...]:
        """One cotangent for every argument: ``None`` where it is static."""
        places = self.static_places(count)
        if not isinstance(bars, (tuple, list)) or len(bars) != count - len(places):
            raise ShapeError(
                f"custom_vjp {self.name}: bwd must return a tuple with one cotangent for each of "
                f"{counted(count - len(places), 'argument')} (None for zero), not {bars!r:.60}"
            )
        supply = iter(bars)
        return tuple(None if k in places else next(supply) for k in range(count))

    def same_output(self, found: Any, output: Any, what: str) -> None:
        """The output that a rule computes on the way has the structure of the function's own."""
        flatten_like(found, flatten(output)[1], f"{self.name}: the output that {what} returned")

    def pair(self, returned: Any, what: str, names: str) -> tuple[Any, Any]:
        if not isinstance(returned, (tuple, list)) or len(returned) != 2:
            raise ShapeError(
                f"{self.name}: {what} must return the pair ({names}), not {returned!r:.60}"
            )
        return returned[0], returned[1]


class CustomJvp(JaxRule):
    """A function with a forward rule, made by :func:`custom_jvp`."""

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """``rule(*static, primals, tangents)`` returns ``(output, output tangent)``."""

        def jvp(primals: Any, output: Any, tangents: Any, **keywords: Any) -> Any:
            static, inputs = self.leading(primals)
            _, directions = self.leading(tangents)
            returned = rule(*static, tuple(inputs), tuple(directions), **keywords)
            y, y_dot = self.pair(returned, "the rule of custom_jvp", "output, output tangent")
            self.same_output(y, output, "the rule of custom_jvp")
            return y_dot

        self._jvp, self.given = jvp, {"defjvp": (rule,)}
        return rule

    def defjvps(self, *rules: Callable[..., Any] | None) -> None:
        """One ``rule(tangent, output, *primals)`` per argument, or ``None`` where it is zero."""
        if self.static_argnums:
            raise TypeError("defjvps cannot be used with nondiff_argnums: use defjvp")

        def jvp(primals: Any, output: Any, tangents: Any, **keywords: Any) -> Any:
            if len(rules) != len(primals):
                raise ShapeError(
                    f"{self.name}: defjvps has {counted(len(rules), 'rule')} for "
                    f"{counted(len(primals), 'argument')}"
                )
            structure = flatten(output)[1]
            total: list[Any] | None = None
            for rule, tangent in zip(rules, tangents, strict=True):
                if rule is not None:
                    part = rule(tangent, output, *primals, **keywords)
                    terms = flatten_like(part, structure, f"{self.name}: what a rule returned")
                    pairs = zip(total or terms, terms, strict=True)
                    total = [a + b for a, b in pairs] if total else terms
            return None if total is None else unflatten(structure, total)

        self._jvp, self.given = jvp, {"defjvps": rules}

    def defvjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        raise TypeError("custom_jvp has no defvjp: use custom_vjp, or custom_rule with both rules")


class CustomVjp(JaxRule):
    """A function with a backward rule, made by :func:`custom_vjp`."""

    _fwd: Callable[..., Any] | None = None
    _bwd: Callable[..., Any] | None = None

    def defvjp(  # type: ignore[override]  # two functions, as JAX has it
        self, fwd: Callable[..., Any], bwd: Callable[..., Any]
    ) -> None:
        """``fwd(*args)`` returns ``(output, residuals)``, ``bwd(*static, residuals, cotangent)``
        a tuple of cotangents."""
        self._fwd, self._bwd, self.given = fwd, bwd, {"defvjp": (fwd, bwd)}
        self._vjp = bwd

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        raise TypeError("custom_vjp has no defjvp: use custom_jvp, or custom_rule with both rules")

    def pull(self, primals: Any, output: Any, keywords: Any, wanted: Any) -> Callable[[Any], Any]:
        if self._fwd is None or self._bwd is None:
            raise self.no_rule()
        returned = self._fwd(*primals, **keywords)
        y, residuals = self.pair(returned, "fwd of custom_vjp", "output, residuals")
        self.same_output(y, output, "fwd of custom_vjp")
        static, _ = self.leading(primals)
        bwd, count = self._bwd, len(primals)
        return lambda cotangent: self.in_place(bwd(*static, residuals, cotangent), count)


def custom_jvp(f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomJvp:
    """`f` with a forward rule, in JAX's spelling; see :func:`custom_rule` for the simpler one.

    ``f.defjvp(rule)`` takes ``rule(primals, tangents)``, which returns the output and its tangent;
    ``f.defjvps(...)`` one rule per argument. Arguments in `nondiff_argnums` come first. Reverse
    mode is the transpose. Errors as for :func:`custom_rule`.

    >>> import numpy as np, autodiff as ad
    >>> @ad.custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def log1pexp_jvp(primals, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     return log1pexp(x), (1 - 1 / (1 + np.exp(x))) * x_dot
    >>> float(ad.grad(log1pexp)(100.0))
    1.0
    """
    return CustomJvp(f, nondiff_argnums)


def custom_vjp(f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomVjp:
    """`f` with a backward rule, in JAX's spelling; see :func:`custom_rule` for the simpler one.

    ``f.defvjp(fwd, bwd)``: ``fwd(*args)`` returns ``(output, residuals)`` and is run besides `f`
    where a derivative is wanted; ``bwd(residuals, cotangent)`` returns a tuple with one cotangent
    per argument. Arguments in `nondiff_argnums` come first in `bwd`. Forward mode, which JAX
    refuses here, is the transpose. Errors as for :func:`custom_rule`.

    >>> import numpy as np, autodiff as ad
    >>> @ad.custom_vjp
    ... def f(x, y):
    ...     return np.sin(x) * y
    >>> f.defvjp(
    ...     lambda x, y: (f(x, y), (np.cos(x), np.sin(x), y)),
    ...     lambda residuals, g: (residuals[0] * g * residuals[2], residuals[1] * g),
    ... )
    >>> [float(g) for g in ad.grad(f, (0, 1))(0.0, 3.0)]
    [3.0, 0.0]
    """
    return CustomVjp(f, nondiff_argnums)
