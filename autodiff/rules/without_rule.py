"""Functions of NumPy without a derivative, where nothing asks for one: under jit, vmap, trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.bounded import cached
from .conforming import align_all
from .primitive import Primitive, Pullback


class WithoutRule(Primitive):
    """The row of a ufunc that works entry by entry, and is differentiated with an error."""

    kind = "special"

    def __init__(
        self, name: str, ufunc: np.ufunc, refusal: Callable[[np.ufunc], Exception]
    ) -> None:
        super().__init__(name, ufunc)
        self.ufunc, self.refusal, self.multiple = ufunc, refusal, ufunc.nout > 1

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        raise self.refusal(self.ufunc)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        raise self.refusal(self.ufunc)

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        return self(*align_all(args, flags), **params)


@cached(256)
def without_rule(
    name: str, ufunc: np.ufunc, refusal: Callable[[np.ufunc], Exception]
) -> WithoutRule | None:
    """The row; `None` for a ufunc of Python functions, or one that does not go entry by entry."""
    of_objects = all(set(types) <= set("O->") for types in ufunc.types)
    return None if of_objects or ufunc.signature else WithoutRule(name, ufunc, refusal)
