"""The object interface: `x = tensor(0.1, name="x")`, compute, `y.backward()`, and read `x.grad`.

All such tensors share one tape level, beneath every transform, so that a transform may close over
them. Their nodes keep what a picture shows: names, operands and small values.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from ..arrays.dispatch import leaves_of
from ..arrays.tensor import Tensor
from ..base.above import above
from ..base.errors import AutodiffError, MissingExtraError, ShapeError
from ..base.forking import held_while_forking
from ..base.printable import printable
from ..base.warnings_off import quiet
from ..engine.arguments import check_like, differentiable, finished
from ..engine.fused.backward import TAPE
from ..engine.graph import ancestors
from ..engine.reverse_mode import TapeNode, sweep
from ..rules.conforming import aval_of
from ..rules.primitive import ONE, ZERO

LEVEL = 0  # transforms count from 1
# += on a gradient is two steps, and NumPy lets other threads in between.
ACCUMULATING = held_while_forking(Lock())
SMALL = 64  # a node keeps its value for the picture up to this many entries


class ObjectNode(TapeNode):
    """A tape node that also keeps what a picture shows of it, and at a leaf the gradient."""

    __slots__ = ("args", "grad", "leaf", "name", "value")
    keeps = True

    def keep(self, y: Any, args: Sequence[Any]) -> None:
        self.value = shown(y)
        self.args = tuple(map(shown, args))
        self.name: str | None = None
        self.leaf = False  # made by `tensor`, so that its gradient is wanted
        self.grad: Any = None
        if (watched := TAPE.get()).keeps and self.primitive is not None:
            watched.keep(self, y, args)

    def picture(self, tensor: Tensor) -> str | None:
        """The graph of `tensor` as SVG; nothing if no renderer is installed."""
        try:
            return above("draw_tape")(tensor)
        except MissingExtraError:
            return None

    def backward(self, value: Any, cotangent: Any, keep_graph: bool) -> None:
        """Add dy/dx to ``grad`` of every leaf x that this node, y with that value, depends on."""
        leaves: list[Any] = [node for node in ancestors([self]) if node.primitive is None]
        seed = ONE if cotangent is None else check_like(cotangent, value, "the cotangent", "y")
        if cotangent is None:
            check_scalar(value)
        with quiet():  # a derivative that is inf or nan is an answer
            bars = sweep([self], [seed], leaves, keep_graph)
        for leaf, bar in zip(leaves, bars, strict=True):
            if bar is not ZERO or leaf.grad is None:
                new = finished(bar, leaf.value)
                with ACCUMULATING:
                    leaf.grad = new if leaf.grad is None else leaf.grad + new


def check_scalar(value: Any) -> None:
    shape, dtype = aval_of(value)
    if shape != ():
        raise ShapeError(
            f"backward() needs a scalar; this tensor has shape {shape}: sum it first, or pass the "
            "cotangent, y.backward(np.ones(y.shape))"
        )
    if dtype is not None and dtype.kind == "c":
        raise ShapeError("backward() needs a real result; take np.real(y) or np.abs(y) first")


def shown(operand: Any) -> Any:
    """An operand as a picture needs it: the node of a tracked one, a small constant, or a shape."""
    if isinstance(operand, Tensor):
        return operand.node
    if isinstance(operand, tuple) or operand is None:
        return operand
    return operand if np.size(operand) <= SMALL else aval_of(operand)


def tensor(value: Any, name: str | None = None) -> Tensor:
    """A tracked leaf: a number or an array whose gradient `backward` accumulates in ``.grad``.

    Integers become floats. Strings, booleans and object arrays are refused.

    >>> import numpy as np, autodiff as ad
    >>> x = ad.tensor(3.0, name="x")
    >>> y = x * x
    >>> y.backward()
    >>> x.grad
    6.0
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(f"tensor(x, name=...): a name is a string, not {name!r:.40}")
    if isinstance(value, (list, tuple)):
        if any(True for _ in leaves_of(value)):
            raise AutodiffError("tensor([x, ...]): x is tracked already; join with np.stack([...])")
        value = np.asarray(value)
    if isinstance(value, Tensor):
        raise AutodiffError("tensor(x): x is tracked already; use autodiff.stop_gradient(x) first")
    value = differentiable(value, f"tensor({name or 'value'})", leave="")
    node = ObjectNode(LEVEL)
    node.keep(value, ())
    node.value, node.name, node.leaf = value, name and printable(name), True
    return Tensor(value, node)
