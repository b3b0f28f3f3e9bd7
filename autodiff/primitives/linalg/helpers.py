"""What the rows of linear algebra share: named errors, transposes, and the triangle that is read.

Every row here works on the last two axes, as `np.linalg` does, for stacks of any shape. Rules are
products and calls of `solve`; no inverse is formed where a solution is enough. A function that
conjugates (eigh, cholesky, qr, svd, norm) has a rule that conjugates; every transpose is plain.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...base.errors import location
from ...base.shapes import shape_of
from ...rules.conforming import align_all, aval_of, conform_cotangent, full, stacked
from ...rules.kinds import Special, linear
from ...rules.primitive import Pullback, Structural
from ..products import mT

LinAlgError = np.linalg.LinAlgError


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `np.linalg` whose errors name the function and the line; several results are
    returned as a plain tuple."""
    name = f"np.linalg.{function.__name__}"

    @functools.wraps(function)
    def call(*args: Any, **params: Any) -> Any:
        try:
            result = function(*args, **params)
        except LinAlgError as error:
            raise LinAlgError(f"{name}: {error}{location()}") from error
        return tuple(result) if isinstance(result, tuple) else result

    return call


@contextmanager
def no_derivative_where(singular: str) -> Iterator[None]:
    """A rule that meets a singular matrix says what that means: ``qr: dependent columns``."""
    try:
        yield
    except LinAlgError as error:
        raise LinAlgError(f"the derivative of {singular}{location()}") from error


def is_complex(x: Any) -> bool:
    return bool(x.dtype.kind == "c")


def conj(x: Any) -> Any:
    """The conjugate; a real array as it is, so that real programs have no such step."""
    return np.conjugate(x) if is_complex(x) else x


def real(x: Any) -> Any:
    return np.real(x) if is_complex(x) else x


def dagger(x: Any) -> Any:
    """The conjugate transpose."""
    return conj(mT(x))


def diagonal_of(m: Any) -> Any:
    k = np.arange(min(shape_of(m)[-2:]))
    return m[..., k, k]


def below_diagonal(m: Any, k: int = 0) -> Any:
    """Where an entry of `m` lies on the k-th diagonal or below it."""
    return np.tri(*shape_of(m)[-2:], k, dtype=bool)


def aligned(row: Any, size: int, args: Any, flags: Any, **params: Any) -> Any:
    """The batch rule of a row of several matrices: their leading axes brought into line."""
    return row(*align_all(args, flags), **params)


def aligned_to_first(row: Any, size: int, args: Any, flags: Any, **params: Any) -> Any:
    """The same where the result has the shape of the first: that one gets the batch axis."""
    first = stacked(args[0], flags[0], size)
    return row(*align_all((first, *args[1:]), (True, *flags[1:])), **params)


class Several(Special):
    """A special row with several outputs. Its VJP gets the cotangent `ZERO` for an output that was
    not used."""

    multiple = True

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        def pullback(y_bar: Any) -> list[Any]:
            parts = tuple(
                bar if bar.__class__ is Structural and bar.factor == 0 else full(bar, aval_of(part))
                for bar, part in zip(y_bar, y, strict=True)
            )
            bars = self.backward(parts, primals, y, **params)
            return [conform_cotangent(bars[i], aval_of(primals[i])) for i in wanted]

        return pullback


# -- the triangle that is read ---------------------------------------------------------------------
# eigh and cholesky read one triangle, and the real part of the diagonal: they are functions of the
# Hermitian matrix that it stands for. `hermitian` and `triangle` are each other's transpose.
def _hermitian(a: Any, *, lower: bool) -> Any:
    near, far = (np.tril(a), np.tril(a, -1)) if lower else (np.triu(a), np.triu(a, 1))
    return with_real_diagonal(near + dagger(far))


def _triangle(a: Any, *, lower: bool) -> Any:
    near, far = (np.tril(a), np.triu(a, 1)) if lower else (np.triu(a), np.tril(a, -1))
    return with_real_diagonal(near + dagger(far))


def with_real_diagonal(a: Any) -> Any:
    return np.where(np.eye(a.shape[-1], dtype=bool), a.real, a) if is_complex(a) else a


hermitian = linear(
    "hermitian",
    _hermitian,
    lambda y_bar, a, *, lower: triangle(y_bar, lower=lower),
    batch="trailing",
    entries="moved",
)
triangle = linear(
    "triangle",
    _triangle,
    lambda y_bar, a, *, lower: hermitian(y_bar, lower=lower),
    batch="trailing",
    entries="added",
)
